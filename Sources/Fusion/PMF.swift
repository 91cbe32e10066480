import Autograd
import Determinism
import Encoders
import NN

/// Choices of PMF (METHOD.md §9.6).
public struct PMFConfiguration: FusionMethod {
  public static let kind = "pmf"
  public var slots = [Slot(.vision, .vit), Slot(.text, .bert)]
  /// F: the last layers, in which the two streams speak to each other.
  public var fusionLayers = 2
  /// Prompts of each of the three kinds per layer and stream.
  public var length = 4

  public init() {}
  public init(in profile: TierProfile) { self.init() }

  /// PMF-Large, which differs in its encoders alone.
  static var large: PMFConfiguration {
    var large = PMFConfiguration()
    large.slots = [Slot(.vision, .largeViT), Slot(.text, .largeBERT)]
    return large
  }

  public static var codedFields: [CodedField<Self>] {
    [CodedField("slots", \.slots), CodedField("fusionLayers", \.fusionLayers), CodedField("length", \.length)]
  }

  private var isLarge: Bool { slots.map(\.encoder) == Self.large.slots.map(\.encoder) }
  public var name: String { isLarge ? "PMF-Large" : "PMF" }
  public var usesPrompts: Bool { true }
  public func standard(in profile: TierProfile) -> Self { isLarge ? .large : Self(in: profile) }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    try PMF(
      self, try parts.plan(.vision, of: self), try parts.plan(.text, of: self),
      outputs: try head.outputs(for: self), random: random)
  }
}

extension MethodPlan {
  public static let pmf = MethodPlan(PMFConfiguration.self)
  public static let largePMF = MethodPlan { _ in PMFConfiguration.large }
}

/// Two frozen streams that send each other a few translated tokens in their last layers: PMF (Li et al. 2023).
///
/// A fusion layer of a stream is run twice. First with two sets of prompts, of which one asks: its outputs are
/// translated for the other stream. Then with a third set and what the other stream has sent. Behind the layer all
/// extra tokens are dropped. Both [CLS] have a head; the logits are averaged.
public final class PMF: FusionModel {
  public let store: ParameterStore
  private let sides: [Side]
  private let fusionLayers: Int

  /// - Throws: `Failure(.configuration)` if an encoder is no plain Transformer or has fewer layers than fuse.
  public init(
    _ configuration: PMFConfiguration, _ first: EncoderPlan, _ second: EncoderPlan, outputs: Int,
    random: RandomStream
  ) throws {
    require(
      first.promptLength == 0 && second.promptLength == 0, "PMF: prompts are in its configuration")
    fusionLayers = configuration.fusionLayers
    store = ParameterStore(random: random)
    let root = store.root
    let plans = [first, second]
    let encoders = try plans.map { try Branch($0, dropout: 0, root).layered("PMF") }
    for (plan, encoder) in zip(plans, encoders) where encoder.blockWidths.count < fusionLayers {
      throw Failure(
        .configuration,
        "PMF: expected \(fusionLayers) layers or more in the \(plan.name) encoder, found "
          + "\(encoder.blockWidths.count)")
    }
    sides = (0...1).map { i in
      Side(
        configuration, encoders[i], speakingTo: encoders[1 - i], outputs: outputs,
        root / plans[i].name)
    }
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    var states = sides.map { $0.plainLayers(batch, mode) }
    for layer in 0..<fusionLayers {
      let messages = zip(sides, states).map { $0.message(layer, $1, mode) }  // [B, l, C of the other]
      states = (0...1).map { sides[$0].listen(layer, states[$0], to: messages[1 - $0], mode) }
    }
    let features = zip(sides, states).map { $0.encoder.pooled($1) }
    let logits = zip(sides, features).map { $0.head($1) }
    return FusionOutput(
      logits: 0.5 * (logits[0] + logits[1]), feature: concatenated(features, axis: 1))
  }
}

/// One stream of PMF.
private struct Side {
  let encoder: any LayeredEncoder
  let head: Linear
  private let fusion: [FusionLayer]

  init(
    _ configuration: PMFConfiguration, _ encoder: any LayeredEncoder,
    speakingTo other: any LayeredEncoder, outputs: Int, _ scope: Scope
  ) {
    self.encoder = encoder
    let count = configuration.fusionLayers
    let widths = zip(encoder.blockWidths.suffix(count), other.blockWidths.suffix(count))
    fusion = widths.enumerated().map { i, widths in
      FusionLayer(
        length: configuration.length, width: widths.0, otherWidth: widths.1, scope / "fusion" / i)
    }
    head = Linear(encoder.featureWidth, outputs, scope / "head")
  }

  /// The number of a fusion layer among the encoder's.
  private func index(_ layer: Int) -> Int { encoder.blockWidths.count - fusion.count + layer }

  /// The state in front of the fusion layers.
  func plainLayers(_ batch: Batch, _ mode: Mode) -> TokenState {
    encoder.run(0..<index(0), encoder.input(batch, mode), mode)
  }

  /// What the other stream is sent, `[B, l, C of the other]`.
  func message(_ layer: Int, _ state: TokenState, _ mode: Mode) -> Tensor {
    let prompts = fusion[layer]
    let (b, n, _) = state.tokens.shape3
    let l = prompts.query.shape[0]
    let asking = state.inserting(
      concatenated([prompts.queryContext.value, prompts.query.value], axis: 0).repeated(b), at: n)
    // Its own stream: the layer runs again, with other dropout.
    let tokens = encoder.layer(
      index(layer), asking, prompts: nil, onlyFirst: false, mode.stream("query"))
    return prompts.translate(tokens.slice(n + l..<n + 2 * l, axis: 1))
  }

  /// The state behind a fusion layer, the first token alone behind the last. What the layer is told it takes as keys
  /// and values only: its outputs at the extra tokens would be dropped.
  func listen(
    _ layer: Int, _ state: TokenState, to message: Tensor, _ mode: Mode
  ) -> TokenState {
    let context = fusion[layer].fusionContext.value.repeated(message.shape[0])
    let tokens = encoder.layer(
      index(layer), state, prompts: concatenated([context, message], axis: 1),
      onlyFirst: layer == fusion.count - 1, mode)
    return TokenState(tokens: tokens, bias: state.bias)
  }
}

/// What trains in one fusion layer of one stream.
private struct FusionLayer {
  let queryContext, query, fusionContext: Parameter  // [l, C]
  private let down, up: Linear

  /// Prompts start normal with deviation 0.02.
  init(length: Int, width: Int, otherWidth: Int, _ scope: Scope) {
    func prompts(_ name: String) -> Parameter {
      scope.parameter(name, [length, width], .normal(0.02))
    }
    queryContext = prompts("query_context")
    query = prompts("query")
    fusionContext = prompts("fusion_context")
    down = Linear(width, width / 2, scope / "translator" / "down")
    up = Linear(width / 2, otherWidth, scope / "translator" / "up")
  }

  /// `[B, l, C]` → `[B, l, C of the other]`
  func translate(_ tokens: Tensor) -> Tensor { up(relu(down(tokens))) }
}

extension Mode {
  /// The same mode with randomness of its own.
  fileprivate func stream(_ name: String) -> Mode {
    if case .training(let random) = self { .training(random.stream(name)) } else { self }
  }
}
