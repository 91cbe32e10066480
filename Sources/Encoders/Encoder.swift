import Autograd
import NN

/// What an encoder shows before one of its blocks.
public struct BlockInput {
  /// Which block, from 0, over all stages.
  public let index: Int
  /// The raw input of the block, `[B, N, C]`; with the outputs of earlier prompts in front where the encoder keeps
  /// them (`carriedPrompts`).
  public let tokens: Tensor
  /// Prompt tokens at the front of `tokens`.
  public let carriedPrompts: Int
  /// Whether the first token is [CLS].
  public let startsWithCLS: Bool

  public init(index: Int, tokens: Tensor, carriedPrompts: Int = 0, startsWithCLS: Bool) {
    self.index = index
    self.tokens = tokens
    self.carriedPrompts = carriedPrompts
    self.startsWithCLS = startsWithCLS
  }
}

/// Gives the prompts `[B, P, C]` to put into a block, or nil for none (or, where the encoder carries prompts, for
/// those it carries). This closure is all an encoder knows about prompting; methods differ in it.
public typealias PromptSource = (BlockInput) -> Tensor?

/// A Transformer that turns one modality of a batch into a feature vector, with a place for prompts before every
/// block.
public protocol Encoder {
  /// Channels of each block, in order.
  var blockWidths: [Int] { get }
  /// Channels of the feature.
  var featureWidth: Int { get }
  /// Prompts start uniform in ± this bound (`method.md` is explicit per encoder; see the conforming types).
  var promptBound: Float { get }
  /// The global feature ψ of each sample: `[B, featureWidth]`.
  func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor
}

/// How much of an encoder trains.
public enum Tuning: String, Codable, Hashable, Sendable {
  /// Nothing.
  case frozen
  /// Bias terms only (Ben Zaken et al. 2022, BitFit).
  case biases
  /// Everything.
  case full

  /// `scope` as this tuning leaves it. Biases are freed by name, see `Scope.trainingBiasesOnly`.
  public func apply(to scope: Scope) -> Scope {
    switch self {
    case .frozen: scope.frozen
    case .biases: scope.trainingBiasesOnly
    case .full: scope
    }
  }
}
