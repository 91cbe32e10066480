import Autograd
import Determinism
import Encoders
import NN

/// The low-rank product of two features and a linear head: a baseline without prompts (low-rank bilinear pooling, Kim et
/// al. 2017, without its tanh; METHOD.md §9.7).
///
///     z = U x ∘ V y
///
/// Every logit is a bilinear form of both features, of rank `rank`.
public final class BilinearLateFusion: FusionModel {
  public let store: ParameterStore
  private let first, second: Branch
  private let fromFirst, fromSecond: Linear  // U, V with biases, so that each feature also acts alone
  private let head: Linear

  public init(
    _ first: EncoderPlan, _ second: EncoderPlan, rank: Int? = nil, outputs: Int, random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    let root = store.root
    self.first = Branch(first, dropout: 0, root)
    self.second = Branch(second, dropout: 0, root)
    let scope = root / "bilinear"
    let rank = rank ?? self.second.encoder.featureWidth
    fromFirst = Linear(self.first.encoder.featureWidth, rank, scope / "first")
    fromSecond = Linear(self.second.encoder.featureWidth, rank, scope / "second")
    head = Linear(rank, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let feature = fromFirst(first.feature(batch, mode)) * fromSecond(second.feature(batch, mode))  // [B, rank]
    return FusionOutput(logits: head(feature), feature: feature)
  }
}

/// Choices of bilinear late fusion.
public struct BilinearLateFusionConfiguration: FusionMethod {
  public static let kind = "bilinear-late-fusion"
  public var slots = [Slot(.vision, .swin), Slot(.text, .bert)]
  /// Channels of the product; nil: as many as the second feature has.
  public var rank: Int?

  public init() {}

  public init(in profile: TierProfile) {
    slots = profile.modalities.map { profile.slot($0, prompted: false) }
  }

  public static var codedFields: [CodedField<Self>] {
    [CodedField("slots", \.slots), CodedField("rank", \.rank)]
  }

  public var name: String { "Bilinear late fusion" }
  public func readsOnlyFeature(of modality: Modality) -> Bool { true }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    guard slots.count == 2 else {
      throw Failure(.configuration, "\(name): expected two modalities, found \(slots.count)")
    }
    return try BilinearLateFusion(
      try parts.plan(slots[0]), try parts.plan(slots[1]), rank: rank, outputs: try head.outputs(for: self),
      random: random)
  }
}

extension MethodPlan {
  public static let bilinearLateFusion = MethodPlan(BilinearLateFusionConfiguration.self)
}
