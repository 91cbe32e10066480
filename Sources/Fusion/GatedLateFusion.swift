import Autograd
import Determinism
import Encoders
import NN

/// Two features mixed by a gate and a linear head: a baseline without prompts (after the gated multimodal unit, Arevalo et
/// al. 2017, without its tanh; METHOD.md §9.7).
///
///     g = σ(W [x; y] + b),  z = g ∘ W₁ x + (1 − g) ∘ W₂ y
///
/// One modality can decide, coordinate by coordinate, how much the other says: fusion that is not additive.
public final class GatedLateFusion: FusionModel {
  public let store: ParameterStore
  private let first, second: Branch
  private let gate, fromFirst, fromSecond: Linear
  private let head: Linear

  /// - Parameter width: channels of z; nil: as wide as the second feature.
  public init(
    _ first: EncoderPlan, _ second: EncoderPlan, width: Int? = nil, outputs: Int, random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    let root = store.root
    self.first = Branch(first, dropout: 0, root)
    self.second = Branch(second, dropout: 0, root)
    let widths = (self.first.encoder.featureWidth, self.second.encoder.featureWidth)
    let width = width ?? widths.1
    let scope = root / "gated"
    gate = Linear(widths.0 + widths.1, width, scope / "gate")
    fromFirst = Linear(widths.0, width, scope / "first")
    fromSecond = Linear(widths.1, width, scope / "second")
    head = Linear(width, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let (x, y) = (first.feature(batch, mode), second.feature(batch, mode))  // [B, d_x], [B, d_y]
    let g = sigmoid(gate(concatenated([x, y], axis: 1)))  // [B, width]
    let (a, b) = (fromFirst(x), fromSecond(y))
    let feature = b + g * (a - b)  // g ∘ a + (1 − g) ∘ b, [B, width]
    return FusionOutput(logits: head(feature), feature: feature)
  }
}

/// Choices of gated late fusion.
public struct GatedLateFusionConfiguration: FusionMethod {
  public static let kind = "gated-late-fusion"
  public var slots = [Slot(.vision, .swin), Slot(.text, .bert)]
  /// Channels of the mixture; nil: as wide as the second feature.
  public var width: Int?

  public init() {}

  public init(in profile: TierProfile) {
    slots = profile.modalities.map { profile.slot($0, prompted: false) }
  }

  public static var codedFields: [CodedField<Self>] {
    [CodedField("slots", \.slots), CodedField("width", \.width)]
  }

  public var name: String { "Gated late fusion" }
  public func readsOnlyFeature(of modality: Modality) -> Bool { true }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    guard slots.count == 2 else {
      throw Failure(.configuration, "\(name): expected two modalities, found \(slots.count)")
    }
    return try GatedLateFusion(
      try parts.plan(slots[0]), try parts.plan(slots[1]), width: width, outputs: try head.outputs(for: self),
      random: random)
  }
}

extension MethodPlan {
  public static let gatedLateFusion = MethodPlan(GatedLateFusionConfiguration.self)
}
