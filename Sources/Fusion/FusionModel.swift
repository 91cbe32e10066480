import Autograd
import Determinism
import Encoders
import NN

/// What a forward pass of a method gives.
public struct FusionOutput {
  /// `[B, C]`, C classes or labels; of a segmentation `[B, height, width]`, one for each pixel.
  public let logits: Tensor
  /// The feature the head reads, `[B, width]`; of a segmentation the mean of the last map it reads.
  public let feature: Tensor
  /// One entry per routed block, in order; empty for methods without experts.
  public let routing: [Routing]

  public init(logits: Tensor, feature: Tensor, routing: [Routing] = []) {
    self.logits = logits
    self.feature = feature
    self.routing = routing
  }
}

/// A method of fusing modalities, complete with encoders and head.
public protocol FusionModel {
  var store: ParameterStore { get }
  /// Which learning rate a parameter has.
  func rate(of parameter: Parameter) -> RateGroup
  func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput
}

/// A learning rate of a recipe.
public enum RateGroup: CaseIterable, Sendable {
  /// Prompts, experts, mapper, router, head, and the image's encoder if it trains.
  case main
  /// The text's encoder and its prompts.
  case text
}

extension FusionModel {
  /// What is in the scope of the text's encoder has the text's rate.
  public func rate(of parameter: Parameter) -> RateGroup {
    parameter.name.hasPrefix("\(Modality.text.rawValue).") ? .text : .main
  }
}

/// How a model uses one encoder: what of it trains, and how many vanilla prompts each of its blocks gets.
public struct EncoderPlan {
  /// "vision", "text", …: the scope of the encoder and its prompts.
  public let name: String
  public let tuning: Tuning
  /// l; 0 means no vanilla prompts.
  public let promptLength: Int
  /// Builds the encoder in a scope, loading its weights if it has any.
  public let make: (Scope) -> any Encoder

  public init(
    name: String, tuning: Tuning, promptLength: Int = 0, make: @escaping (Scope) -> any Encoder
  ) {
    self.name = name
    self.tuning = tuning
    self.promptLength = promptLength
    self.make = make
  }
}

/// An encoder as a plan says, with its vanilla prompts.
public struct Branch {
  public let encoder: any Encoder
  let prompts: VanillaPrompts?
  private let name: String

  /// - Parameter dropout: rate of the dropout on prompts.
  public init(_ plan: EncoderPlan, dropout: Float, _ root: Scope) {
    let scope = root / plan.name
    name = plan.name
    encoder = plan.make(plan.tuning.apply(to: scope / "encoder"))
    prompts =
      plan.promptLength > 0
      ? VanillaPrompts(encoder, length: plan.promptLength, dropout: dropout, scope / "prompts")
      : nil
  }

  /// ψ, `[B, featureWidth]`
  public func feature(_ batch: Batch, _ mode: Mode) -> Tensor {
    if let known = batch.features[name] {
      require(prompts == nil, "\(name): a feature that prompts change cannot be known before")
      return known
    }
    return encoder.feature(batch, mode, prompts: prompts?.source(batch.size, mode))
  }

  /// The encoder, if its layers can be run one by one.
  /// - Throws: `Failure(.configuration)` if not, in the name of this method.
  func layered(_ method: String) throws -> any LayeredEncoder {
    guard let layered = encoder as? any LayeredEncoder else {
      throw Failure(
        .configuration,
        "\(method): expected a plain Transformer such as ViT or BERT, found \(type(of: encoder))")
    }
    return layered
  }

  /// The encoder, if it is a BERT, whose input takes other vectors than words.
  /// - Throws: `Failure(.configuration)` if not, in the name of this method.
  func bert(_ method: String) throws -> BERT {
    guard let bert = encoder as? BERT else {
      throw Failure(
        .configuration, "\(method): expected BERT as text encoder, found \(type(of: encoder))")
    }
    return bert
  }
}

/// Deep prompts that all samples share, one set per block ("VPT-deep", METHOD.md §1.2, Eq. 1).
public struct VanillaPrompts {
  let values: [Parameter]  // P_s [l, C] per block
  private let dropout: Float
  private let path: String

  public init(_ encoder: any Encoder, length: Int, dropout: Float, _ scope: Scope) {
    values = encoder.blockWidths.enumerated().map { i, width in
      scope.parameter("\(i)", [length, width], .uniform(encoder.promptBound))
    }
    self.dropout = dropout
    path = scope.path
  }

  func source(_ batch: Int, _ mode: Mode) -> PromptSource {
    { input in
      dropped(
        values[input.index].value.repeated(batch), dropout, mode, "\(path).\(input.index)")  // [B, l, C]
    }
  }
}

/// Dropout in training, from the stream of this name; the tensor itself in evaluation.
func dropped(_ x: Tensor, _ rate: Float, _ mode: Mode, _ name: String) -> Tensor {
  guard case .training(let random) = mode, rate > 0 else { return x }
  return dropout(x, rate: rate, random.stream(name))
}
