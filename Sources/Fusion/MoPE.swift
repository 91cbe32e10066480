import Autograd
import Determinism
import Encoders
import NN

/// Which of the three prompts a block gets (`paper/method.md` §4).
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

/// Which prompts dropout acts on in training (`paper/method.md` §11).
public enum DroppedPrompts: String, Codable, Hashable, Sendable {
  case all
  case mapped
  case none
}

/// ψ_x, the state of a block that a multimodal router looks at (`paper/method.md` §5).
public enum RoutingFeature: String, Codable, Hashable, Sendable {
  /// The [CLS] token entering the block.
  case cls
  /// The mean over all tokens entering the block, carried prompts included.
  case mean
}

/// Every choice the papers leave open, with their defaults (`paper/method.md` §1, §16).
public struct MoPEConfiguration: Codable, Hashable, Sendable {
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

  public init() {}
}

/// Mixture of prompt experts: the feature of one modality steers prompts in every block of the other's encoder.
///
/// With a subset of the prompts it is the ablations of the papers, and with `[.fixed, .mapped]` P-SequentialFuse.
public final class MoPE: FusionModel {
  public let store: ParameterStore
  public let configuration: MoPEConfiguration
  public let main: Branch
  public let complementary: Branch
  private let fixed: [Parameter]  // P_s [l, C] per block
  private let experts: [Parameter]  // E [k, l, C] per block
  private let routers: [Router]
  private let mapper: Mapper?
  private let head: Linear

  /// - Parameters:
  ///   - main: the encoder whose blocks are prompted and whose feature is classified; its own vanilla prompts are
  ///     `configuration.prompts`' static prompt, so its `promptLength` must be 0.
  ///   - complementary: the encoder that steers.
  ///   - outputs: classes or labels.
  public init(
    _ configuration: MoPEConfiguration, main: EncoderPlan, complementary: EncoderPlan, outputs: Int,
    random: RandomStream
  ) throws {
    require(main.promptLength == 0, "MoPE: the main encoder's static prompts are in its configuration")
    let c = configuration
    self.configuration = c
    store = ParameterStore(random: random)
    let root = store.root
    let dropout = c.dropsPrompts == .all ? c.promptDropout : 0
    self.main = Branch(main, dropout: dropout, root)
    self.complementary = Branch(complementary, dropout: dropout, root)
    let encoder = self.main.encoder
    let widths = encoder.blockWidths
    let source = self.complementary.encoder.featureWidth
    let bound = encoder.promptBound
    let scope = root / "mope"
    fixed =
      c.prompts.contains(.fixed)
      ? widths.enumerated().map { i, width in
        (scope / "static").parameter("\(i)", [c.length, width], .uniform(bound))
      } : []
    experts =
      c.prompts.contains(.dynamic)
      ? widths.enumerated().map { i, width in
        (scope / "experts").parameter("\(i)", [c.experts, c.length, width], .uniform(bound))
      } : []
    routers =
      c.prompts.contains(.dynamic)
      ? widths.enumerated().map { i, width in
        Router(c, width: width, complementaryWidth: source, scope / "router" / i)
      } : []
    mapper =
      c.prompts.contains(.mapped)
      ? Mapper(c, from: source, to: widths, scope / "mapper") : nil
    head = Linear(encoder.featureWidth, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let usesComplement = mapper != nil || !routers.isEmpty
    let steering = usesComplement ? complementary.feature(batch, mode) : nil  // ψ_y [B, d_y]
    let mapped = steering.flatMap { feature in mapper.map { $0(feature, mode) } }
    var routing: [Routing] = []
    let feature = main.encoder.feature(batch, mode) { input in
      var parts: [Tensor] = []
      if !self.fixed.isEmpty {
        parts.append(self.drop(self.fixed[input.index].value.repeated(batch.size), mode, input, "static"))
      }
      if let steering, !self.routers.isEmpty {
        let route = self.routers[input.index](own: self.pooled(input), cross: steering, mode)
        routing.append(route)
        parts.append(self.drop(self.mixed(route.weights, input.index), mode, input, "dynamic"))
      }
      if let mapped { parts.append(mapped[input.index]) }
      return parts.isEmpty ? nil : concatenated(parts, axis: 1)  // [B, 2l + 1, C]
    }
    return FusionOutput(logits: head(feature), feature: feature, routing: routing)
  }

  /// P_d = Σ_j r_j E_j: `[B, k]` → `[B, l, C]`
  private func mixed(_ weights: Tensor, _ block: Int) -> Tensor {
    let (k, l, c) = experts[block].value.shape3
    return matmul(weights, experts[block].value.reshaped(k, l * c))
      .reshaped(weights.shape[0], l, c)
  }

  /// ψ_x `[B, C]`
  private func pooled(_ input: BlockInput) -> Tensor {
    if configuration.routingFeature == .cls && input.startsWithCLS {
      let (b, _, c) = input.tokens.shape3
      return input.tokens.slice(0..<1, axis: 1).reshaped(b, c)
    }
    return mean(input.tokens, axis: 1)
  }

  private func drop(_ x: Tensor, _ mode: Mode, _ input: BlockInput, _ kind: String) -> Tensor {
    let rate = configuration.dropsPrompts == .all ? configuration.promptDropout : 0
    return dropped(x, rate, mode, "mope.\(kind).\(input.index)")
  }
}
