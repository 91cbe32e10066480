import Autograd
import Determinism
import Encoders
import NN

/// Which of the three prompts a block gets (METHOD.md §2, Eq. 2).
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

/// Which prompts dropout acts on in training (METHOD.md §7).
public enum DroppedPrompts: String, Codable, Hashable, Sendable {
  case all
  case mapped
  case none
}

/// ψ_x, the state of a block that a multimodal router looks at (METHOD.md §3.1).
public enum RoutingFeature: String, Codable, Hashable, Sendable {
  /// The [CLS] token entering the block.
  case cls
  /// The mean over all tokens entering the block, carried prompts included.
  case mean
}

/// MoPE, its ablations, SequentialFuse and P-SequentialFuse: every choice the papers leave open, with their defaults
/// (METHOD.md §14.1).
public struct MoPEConfiguration: FusionMethod {
  public static let kind = "mope"
  /// The main encoder, which is prompted and read; then those whose features steer.
  public var slots = [Slot(.vision, .swin), Slot(.text, .bert, prompts: 4)]
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
  public var mapperSharing = MapperSharing.perBlocks(4)
  public var mapperNorm = MapperNorm.batch
  /// GELU behind the up-projections (the authors' code only).
  public var mapperOutputGELU = true
  public var dropsPrompts = DroppedPrompts.all
  public var promptDropout: Float = 0.1
  /// What makes masks, where masks are to be made.
  public var decoder = MaskHead.uperNet
  /// What only the released code does.
  public var released = ReleasedCode()

  public init() {}

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("slots", \.slots), CodedField("prompts", \.prompts), CodedField("experts", \.experts),
      CodedField("length", \.length), CodedField("router", \.router), CodedField("gating", \.gating),
      CodedField("learnsKeys", \.learnsKeys), CodedField("ownWidth", \.ownWidth),
      CodedField("crossWidth", \.crossWidth), CodedField("temperature", \.temperature), CodedField("noise", \.noise),
      CodedField("routingFeature", \.routingFeature), CodedField("mapperSharing", \.mapperSharing),
      CodedField("mapperNorm", \.mapperNorm), CodedField("mapperOutputGELU", \.mapperOutputGELU),
      CodedField("dropsPrompts", \.dropsPrompts), CodedField("promptDropout", \.promptDropout),
      CodedField("decoder", \.decoder), CodedField("released", \.released),
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
  private let blocks: [BlockPrompts?]  // nil: the block has none of its own (`ReleasedCode.stageEntry`)
  private let entry: EntryPrompts?
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
    let scope = root / "mope"
    blocks = BlockPrompts.all(c, encoder, complementaryWidth: source, scope)
    entry = EntryPrompts(c, encoder, scope)
    mapper =
      c.prompts.contains(.mapped)
      ? Mapper(c, from: source, to: widths, scope / "mapper") : nil
    self.head = try Head(head, encoder, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let usesComplement = mapper != nil || configuration.prompts.contains(.dynamic)
    let steering = usesComplement ? steeringFeature(batch, mode) : nil
    let mapped = steering.flatMap { feature in mapper.map { $0(feature, mode) } }
    var routing: [Routing] = []
    let (logits, feature) = head(main.encoder, batch, mode) { input in
      guard let block = self.blocks[input.index] else { return self.entry?.prompts(input, batch.size, mode) }
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
  let fixed: Parameter?  // P_s [l, C]
  let experts: Parameter?  // E [k, l, C]
  let router: Router?

  static func all(
    _ c: MoPEConfiguration, _ encoder: any Encoder, complementaryWidth: Int, _ scope: Scope
  ) -> [BlockPrompts?] {
    let (widths, bound) = (encoder.blockWidths, encoder.promptBound)
    var first: Router?
    return widths.enumerated().map { i, width in
      if c.released.inherits(i, of: widths) { return nil }
      let fixed =
        c.prompts.contains(.fixed)
        ? (scope / "static").parameter("\(i)", [c.length, width], .uniform(bound)) : nil
      guard c.prompts.contains(.dynamic) else { return BlockPrompts(fixed: fixed, experts: nil, router: nil) }
      let experts = (scope / "experts").parameter("\(i)", [c.experts, c.length, width], .uniform(bound))
      let router =
        (c.released.sharesFirstRouter && i == 1 ? first : nil)
        ?? Router(c, width: width, complementaryWidth: complementaryWidth, scope / "router" / i)
      if i == 0 { first = router }
      return BlockPrompts(fixed: fixed, experts: experts, router: router)
    }
  }
}

/// P_d = Σ_j r_j E_j (METHOD.md Eq. 3): experts `[k, l, C]` and weights `[B, k]` → `[B, l, C]`
private func mixed(_ experts: Tensor, _ weights: Tensor) -> Tensor {
  let (k, l, c) = experts.shape3
  return matmul(weights, experts.reshaped(k, l * c)).reshaped(weights.shape[0], l, c)
}

// MARK: The method as a value

extension MoPEConfiguration {
  public init(in profile: TierProfile) { self.init(in: profile, main: nil) }

  /// - Parameters:
  ///   - main: the modality that is prompted; nil takes the image, of clips the text (MUStARD).
  ///   - image: what sees images; nil takes the profile's.
  init(in profile: TierProfile, main: Modality?, image: EncoderChoice? = nil) {
    let main = main ?? profile.mainModality
    // Encoders that steer have vanilla prompts; sound and frames have none, as in the authors' code.
    slots = ([main] + profile.modalities.filter { $0 != main }).map {
      var slot = profile.slot($0, prompted: $0 != main && !profile.hasClips)
      if let image, $0.isSeen { slot.encoder = image }
      return slot
    }
    // One up-projection for each stage of Swin, and for every four layers of a plain Transformer.
    if slots[0].encoder.isSwin { mapperSharing = .perWidth }
    // Ten prompts on both sides explain the papers' parameter counts of segmentation.
    if profile.makesMasks && !profile.isCompact { length = 10 }
    if profile.isCompact {
      // The choices of the prototype that the stand-ins were designed with: the router pools the mean of a block's
      // tokens, one linear up-projection serves all blocks of equal width, prompts are not dropped, and the noise is
      // the authors' 1/256.
      routingFeature = .mean
      mapperSharing = .perWidth
      mapperOutputGELU = false
      dropsPrompts = .none
      noise = .constant(1 / 256)
    }
  }

  private var main: Modality { slots[0].modality }

  public var name: String {
    // The image is the usual main modality, of clips the text.
    let usual: Modality = slots.contains { $0.modality == .video } ? .text : .vision
    let suffix = main == usual || slots.count == 1 ? "" : " (\(main.rawValue) main)"
    if prompts.contains(.dynamic) {
      let parts = prompts == .all ? "" : " \(prompts.symbols)"
      return "MoPE k=\(experts)\(parts)\(suffix)"
    }
    if prompts == .mapped && isFineTuned { return "SequentialFuse\(suffix)" }
    if prompts == [.fixed, .mapped] { return "P-SequentialFuse\(suffix)" }
    return "\(prompts.symbols)\(suffix)"
  }

  public func standard(in profile: TierProfile) -> Self {
    var standard = Self(in: profile, main: main)
    standard.prompts = prompts
    if prompts.contains(.dynamic) { standard.experts = experts }
    if prompts == .mapped && isFineTuned { standard.fineTune() }
    // A title says the encoder; that its mapper follows the stages goes without saying.
    standard.mapperSharing = Self(in: profile, main: main, image: slots[0].encoder).mapperSharing
    return standard
  }

  /// Ablations and variants of MoPE take the rate of MoPE with the same image encoder, four experts or sixteen; variants of
  /// P-SequentialFuse and SequentialFuse theirs.
  public func searched(in profile: TierProfile) -> Method {
    let isSequential = prompts == [.fixed, .mapped] || prompts == .mapped && isFineTuned
    let image = slots.first { $0.modality.isSeen }?.encoder
    var searched = Self(in: profile, main: nil, image: image)
    if isSequential { searched.prompts = prompts } else { searched.experts = experts <= 4 ? 4 : 16 }
    if isFineTuned { searched.fineTune() }
    return Method(searched)
  }

  public var usesPrompts: Bool { true }
  public func readsOnlyFeature(of modality: Modality) -> Bool { modality != main }

  public var maskHead: MaskHead? { decoder }

  public var costClass: Self {
    let standard = Self()
    var copy = self
    (copy.experts, copy.router, copy.gating) = (standard.experts, standard.router, standard.gating)
    (copy.learnsKeys, copy.noise) = (standard.learnsKeys, standard.noise)
    (copy.mapperSharing, copy.mapperNorm) = (standard.mapperSharing, standard.mapperNorm)
    return copy
  }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    let plans = try slots.map(parts.plan)
    return try MoPE(self, main: plans[0], complements: Array(plans.dropFirst()), head: head, random: random)
  }
}

extension PromptKinds {
  /// "[Ps,Pd]", as in the papers' ablation.
  public var symbols: String {
    let names = [(PromptKinds.fixed, "Ps"), (.dynamic, "Pd"), (.mapped, "Pm")]
    return "[\(names.filter { contains($0.0) }.map(\.1).joined(separator: ","))]"
  }
}

extension MethodPlan {
  /// MoPE and its ablations.
  /// - Parameters:
  ///   - length: l; nil takes the profile's.
  ///   - main: the modality that is prompted; nil takes the profile's.
  ///   - image: what sees images; nil takes the profile's.
  public static func mope(
    _ prompts: PromptKinds = .all, experts: Int = 16, length: Int? = nil, main: Modality? = nil,
    seeing image: EncoderChoice? = nil, _ change: @escaping @Sendable (inout MoPEConfiguration) -> Void = { _ in }
  ) -> MethodPlan {
    MethodPlan { profile in
      var method = MoPEConfiguration(in: profile, main: main, image: image)
      (method.prompts, method.experts) = (prompts, experts)
      if let length { method.length = length }
      change(&method)
      return method
    }
  }

  /// SequentialFuse: the mapped prompt alone, everything fine-tuned.
  public static let sequentialFuse = mope(.mapped) { $0.fineTune() }
  /// P-SequentialFuse: MoPE without its dynamic prompt.
  public static let promptedSequentialFuse = mope([.fixed, .mapped])
}
