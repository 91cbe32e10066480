import Autograd
import NN

/// What an encoder shows before one of its blocks.
public struct BlockInput {
  /// Which block, from 0, over all stages.
  public let index: Int
  private let makeTokens: () -> Tensor
  private let makeMean: () -> Tensor
  /// Prompt tokens at the front of `tokens`.
  public let carriedPrompts: Int
  /// Whether the first token is [CLS].
  public let startsWithCLS: Bool

  public init(index: Int, tokens: Tensor, carriedPrompts: Int = 0, startsWithCLS: Bool) {
    self.init(
      index: index, tokens: { tokens }, mean: { Autograd.mean(tokens, axis: 1) },
      carriedPrompts: carriedPrompts, startsWithCLS: startsWithCLS)
  }

  /// For an encoder that has its tokens in another arrangement and can give their mean without rearranging them.
  init(
    index: Int, tokens: @escaping () -> Tensor, mean: @escaping () -> Tensor, carriedPrompts: Int,
    startsWithCLS: Bool
  ) {
    self.index = index
    makeTokens = tokens
    makeMean = mean
    self.carriedPrompts = carriedPrompts
    self.startsWithCLS = startsWithCLS
  }

  /// The raw input of the block, `[B, N, C]`; with the outputs of earlier prompts in front where the encoder keeps
  /// them (`carriedPrompts`).
  public var tokens: Tensor { makeTokens() }
  /// The mean of `tokens` over the tokens, `[B, C]`.
  public var mean: Tensor { makeMean() }
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
  /// Prompts start uniform in ± this bound (each encoder says why).
  var promptBound: Float { get }
  /// Whether prompts go on to the next block when the source gives nil there.
  var carriesPrompts: Bool { get }
  /// The global feature ψ of each sample: `[B, featureWidth]`.
  func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor
}

extension Encoder {
  public var carriesPrompts: Bool { false }
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
