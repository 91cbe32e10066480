import Autograd
import Determinism
import Encoders
import NN

/// Which of the three prompts a block gets (MoPE, arXiv 2403.10568v1: the three prompts).
public struct PromptKinds: OptionSet, Codable, Hashable, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  /// P_s: the same for all samples, one per block.
  public static let fixed = PromptKinds(rawValue: 1)
  /// P_d: mixed per sample from the block's experts.
  public static let dynamic = PromptKinds(rawValue: 2)
  /// P_m: mapped from the complementary feature.
  public static let mapped = PromptKinds(rawValue: 4)
  public static let all: PromptKinds = [.fixed, .dynamic, .mapped]
}

/// Which prompts dropout acts on in training (MoPE, arXiv 2403.10568v1: initialisation and dropout).
public enum DroppedPrompts: String, Codable, Hashable, Sendable {
  case all
  case mapped
  case none
}

/// ψ_x, the state of a block that a multimodal router looks at (MoPE, arXiv 2403.10568v1: features).
public enum RoutingFeature: String, Codable, Hashable, Sendable {
  /// The [CLS] token entering the block.
  case cls
  /// The mean over all tokens entering the block, carried prompts included.
  case mean
}

/// Where a main encoder of several stages gets fresh prompts (MoPE, arXiv 2403.10568v1: prompts in Swin).
public enum StageEntry: String, Codable, Hashable, Sendable {
  /// In every block.
  case all
  /// In every block but the first of each stage (the authors' multimodal path): the first stage starts with learned
  /// prompts, the others with those that patch merging carries along. Only for encoders that carry prompts.
  case inherit
}

/// Every choice the papers leave open, with their defaults (MoPE, arXiv 2403.10568v1: defaults).
public struct MoPEConfiguration: SparselyCodable, Hashable, Sendable {
  public var prompts: PromptKinds = .all
  /// k
  public var experts = 16
  /// l: static prompt, and every expert
  public var length = 6
  public var router = RouterKind.multimodal
  public var gating = Gating.dense
  public var learnsKeys = false
  /// d_i
  public var ownWidth = 2
  /// d_c
  public var crossWidth = 8
  /// τ
  public var temperature: Float = 0.1
  public var noise = RoutingNoise.inverseSquare
  public var routingFeature = RoutingFeature.cls
  public var stageEntry = StageEntry.all
  /// The first two blocks have one router (the first paper's code on Swin).
  public var sharesFirstRouter = false
  public var mapperSharing = MapperSharing.perBlocks(4)
  public var mapperNorm = MapperNorm.batch
  /// GELU behind the up-projections (the authors' code only).
  public var mapperOutputGELU = true
  public var dropsPrompts = DroppedPrompts.all
  public var promptDropout: Float = 0.1

  public init() {}

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("prompts", \.prompts),
      CodedField("experts", \.experts),
      CodedField("length", \.length),
      CodedField("router", \.router),
      CodedField("gating", \.gating),
      CodedField("learnsKeys", \.learnsKeys),
      CodedField("ownWidth", \.ownWidth),
      CodedField("crossWidth", \.crossWidth),
      CodedField("temperature", \.temperature),
      CodedField("noise", \.noise),
      CodedField("routingFeature", \.routingFeature),
      CodedField("stageEntry", \.stageEntry),
      CodedField("sharesFirstRouter", \.sharesFirstRouter),
      CodedField("mapperSharing", \.mapperSharing),
      CodedField("mapperNorm", \.mapperNorm),
      CodedField("mapperOutputGELU", \.mapperOutputGELU),
      CodedField("dropsPrompts", \.dropsPrompts),
      CodedField("promptDropout", \.promptDropout),
    ]
  }
}

/// Mixture of prompt experts: the feature of one modality steers prompts in every block of the other's encoder.
///
/// Several complementary modalities steer together: their features stand side by side as one ψ_y.
///
/// With a subset of the prompts it is the ablations of the papers, and with `[.fixed, .mapped]` P-SequentialFuse.
public final class MoPE: FusionModel {
  public let store: ParameterStore
  public let configuration: MoPEConfiguration
  public let main: Branch
  public let complements: [Branch]
  private let blocks: [BlockPrompts]
  private let input: Parameter?  // [1, 2l + 1, C] of the first block, if stages inherit
  private let mapper: Mapper?
  private let head: Head

  /// For classification with one encoder that steers: a linear head.
  /// - Parameter outputs: classes or labels.
  public convenience init(
    _ configuration: MoPEConfiguration, main: EncoderPlan, complementary: EncoderPlan, outputs: Int,
    weights: Checkpoint? = nil, random: RandomStream
  ) throws {
    try self.init(
      configuration, main: main, complements: [complementary], head: .linear(outputs: outputs),
      weights: weights, random: random)
  }

  /// For classification with several encoders that steer.
  public convenience init(
    _ configuration: MoPEConfiguration, main: EncoderPlan, complements: [EncoderPlan], outputs: Int,
    weights: Checkpoint? = nil, random: RandomStream
  ) throws {
    try self.init(
      configuration, main: main, complements: complements, head: .linear(outputs: outputs),
      weights: weights, random: random)
  }

  /// With one encoder that steers.
  public convenience init(
    _ configuration: MoPEConfiguration, main: EncoderPlan, complementary: EncoderPlan,
    head: HeadPlan, weights: Checkpoint? = nil, random: RandomStream
  ) throws {
    try self.init(
      configuration, main: main, complements: [complementary], head: head, weights: weights,
      random: random)
  }

  /// - Parameters:
  ///   - main: the encoder whose blocks are prompted and which the head reads; its own vanilla prompts are
  ///     `configuration.prompts`' static prompt, so its `promptLength` must be 0.
  ///   - complements: the encoders that steer, in the order of their features in ψ_y.
  ///   - head: what reads the main encoder.
  ///   - weights: gives every parameter and buffer, by its name in the store; nil starts afresh.
  ///   - isFrozen: nothing trains: a pass keeps nothing for gradients, and needs half the memory.
  /// - Throws: `Failure(.configuration)` if the head needs what the main encoder does not have.
  public init(
    _ configuration: MoPEConfiguration, main: EncoderPlan, complements: [EncoderPlan],
    head: HeadPlan, weights: Checkpoint? = nil, isFrozen: Bool = false, random: RandomStream
  ) throws {
    require(
      main.promptLength == 0, "MoPE: the main encoder's static prompts are in its configuration")
    require(!complements.isEmpty, "MoPE: expected at least one encoder that steers")
    let c = configuration
    self.configuration = c
    let store = ParameterStore(random: random)
    self.store = store
    let start = isFrozen ? store.root.frozen : store.root
    let root = weights.map { start.loading($0) } ?? start
    let dropout = c.dropsPrompts == .all ? c.promptDropout : 0
    self.main = Branch(main, dropout: dropout, root)
    self.complements = complements.map { Branch($0, dropout: dropout, root) }
    let encoder = self.main.encoder
    let widths = encoder.blockWidths
    let source = self.complements.reduce(0) { $0 + $1.encoder.featureWidth }
    require(
      c.stageEntry == .all || encoder.carriesPrompts,
      "MoPE: stages can inherit prompts only in an encoder that carries them from block to block")
    let scope = root / "mope"
    blocks = BlockPrompts.all(c, encoder, complementaryWidth: source, scope)
    mapper =
      c.prompts.contains(.mapped)
      ? Mapper(c, from: source, to: widths, scope / "mapper") : nil
    input =
      c.stageEntry == .inherit
      ? scope.parameter("input", [1, c.tokens, widths[0]], .uniform(encoder.promptBound)) : nil
    self.head = try Head(head, encoder, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let usesComplement = mapper != nil || configuration.prompts.contains(.dynamic)
    let steering = usesComplement ? steeringFeature(batch, mode) : nil
    let mapped = steering.flatMap { feature in mapper.map { $0(feature, mode) } }
    var routing: [Routing] = []
    let (logits, feature) = head(main.encoder, batch, mode) { input in
      let block = self.blocks[input.index]
      if block.inherits { return self.entering(input, batch.size, mode) }
      var parts: [Tensor] = []
      if let fixed = block.fixed {
        parts.append(self.drop(fixed.value.repeated(batch.size), mode, input, "static"))
      }
      if let steering, let router = block.router, let experts = block.experts {
        let route = router(own: self.pooled(input), cross: steering, mode)
        routing.append(route)
        let dynamic = mixed(experts.value, route.weights)  // [B, l, C]
        parts.append(self.drop(dynamic, mode, input, "dynamic"))
      }
      if let mapped { parts.append(mapped[input.index]) }
      return parts.isEmpty ? nil : concatenated(parts, axis: 1)  // [B, 2l + 1, C]
    }
    return FusionOutput(logits: logits, feature: feature, routing: routing)
  }

  /// ψ_y `[B, d_y]`
  private func steeringFeature(_ batch: Batch, _ mode: Mode) -> Tensor {
    let features = complements.map { $0.feature(batch, mode) }
    return features.count == 1 ? features[0] : concatenated(features, axis: 1)
  }

  /// The prompts of the first block of a stage: learned ones in the first stage, else those it inherits.
  private func entering(_ input: BlockInput, _ batch: Int, _ mode: Mode) -> Tensor? {
    guard input.index == 0, let start = self.input else { return nil }
    let (_, p, c) = start.value.shape3
    let rate = configuration.dropsPrompts == .none ? 0 : configuration.promptDropout
    return dropped(start.value.reshaped(p, c).repeated(batch), rate, mode, "mope.input")
  }

  /// ψ_x `[B, C]`
  private func pooled(_ input: BlockInput) -> Tensor {
    if configuration.routingFeature == .cls && input.startsWithCLS {
      let (b, _, c) = input.tokens.shape3
      return input.tokens.slice(0..<1, axis: 1).reshaped(b, c)
    }
    return input.mean
  }

  private func drop(_ x: Tensor, _ mode: Mode, _ input: BlockInput, _ kind: String) -> Tensor {
    let rate = configuration.dropsPrompts == .all ? configuration.promptDropout : 0
    return dropped(x, rate, mode, "mope.\(kind).\(input.index)")
  }
}

/// What one block of the main encoder has of its own.
private struct BlockPrompts {
  /// Whether the block gets no fresh prompts.
  let inherits: Bool
  let fixed: Parameter?  // P_s [l, C]
  let experts: Parameter?  // E [k, l, C]
  let router: Router?

  static func all(
    _ c: MoPEConfiguration, _ encoder: any Encoder, complementaryWidth: Int, _ scope: Scope
  ) -> [BlockPrompts] {
    let (widths, bound) = (encoder.blockWidths, encoder.promptBound)
    var first: Router?
    return widths.enumerated().map { i, width in
      // A stage begins where the width changes.
      if c.stageEntry == .inherit && (i == 0 || width != widths[i - 1]) {
        return BlockPrompts(inherits: true, fixed: nil, experts: nil, router: nil)
      }
      let fixed =
        c.prompts.contains(.fixed)
        ? (scope / "static").parameter("\(i)", [c.length, width], .uniform(bound)) : nil
      guard c.prompts.contains(.dynamic) else {
        return BlockPrompts(inherits: false, fixed: fixed, experts: nil, router: nil)
      }
      let experts = (scope / "experts").parameter(
        "\(i)", [c.experts, c.length, width], .uniform(bound))
      let shared = c.sharesFirstRouter && i == 1 ? first : nil
      let router =
        shared
        ?? Router(c, width: width, complementaryWidth: complementaryWidth, scope / "router" / i)
      if i == 0 { first = router }
      return BlockPrompts(inherits: false, fixed: fixed, experts: experts, router: router)
    }
  }
}

/// P_d = Σ_j r_j E_j: experts `[k, l, C]` and weights `[B, k]` → `[B, l, C]`
private func mixed(_ experts: Tensor, _ weights: Tensor) -> Tensor {
  let (k, l, c) = experts.shape3
  return matmul(weights, experts.reshaped(k, l * c)).reshaped(weights.shape[0], l, c)
}

extension MoPEConfiguration {
  /// Prompt tokens of a block: up to 2l + 1.
  var tokens: Int {
    (prompts.contains(.fixed) ? length : 0) + (prompts.contains(.dynamic) ? length : 0)
      + (prompts.contains(.mapped) ? 1 : 0)
  }
}
