import Autograd
import Determinism
import Encoders
import NN

/// One modality and a linear head: ImgOnly, TextOnly, P-ImgOnly, P-TextOnly (METHOD.md §9.1).
public final class SingleModality: FusionModel {
  public let store: ParameterStore
  private let branch: Branch
  private let head: Linear

  public init(
    _ plan: EncoderPlan, outputs: Int, promptDropout: Float, random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    branch = Branch(plan, dropout: promptDropout, store.root)
    head = Linear(branch.encoder.featureWidth, outputs, store.root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let feature = branch.feature(batch, mode)
    return FusionOutput(logits: head(feature), feature: feature)
  }
}

/// Choices of a method that reads one modality.
public struct SingleModalityConfiguration: FusionMethod {
  public static let kind = "single"
  public var slots = [Slot(.vision, .swin, prompts: 6)]
  /// Of vanilla prompts.
  public var promptDropout: Float = 0.1

  public init() {}

  /// The first of the profile's modalities, frozen and prompted.
  public init(in profile: TierProfile) { self.init(profile.modalities[0], in: profile) }

  init(_ modality: Modality, in profile: TierProfile) {
    slots = [profile.slot(modality)]
    if profile.isCompact { promptDropout = 0 }
  }

  public static var codedFields: [CodedField<Self>] {
    [CodedField("slots", \.slots), CodedField("promptDropout", \.promptDropout)]
  }

  public var name: String {
    let modality =
      switch slots[0].modality {
      case .vision: "Img"
      case .text: "Text"
      case .audio: "Audio"
      case .video: "Video"
      }
    return (isFineTuned ? "" : "P-") + modality + "Only"
  }

  public func standard(in profile: TierProfile) -> Self {
    var standard = Self(slots[0].modality, in: profile)
    if isFineTuned { standard.fineTune() }
    return standard
  }

  public func readsOnlyFeature(of modality: Modality) -> Bool { true }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    try SingleModality(
      try parts.plan(slots[0]), outputs: try head.outputs(for: self), promptDropout: promptDropout, random: random)
  }
}

extension MethodPlan {
  /// ImgOnly, TextOnly: one fine-tuned encoder.
  public static func fineTuned(_ modality: Modality) -> MethodPlan {
    prompted(modality).with(SingleModalityConfiguration.self) { $0.fineTune() }
  }
  /// P-ImgOnly, P-TextOnly: one frozen encoder with prompts.
  public static func prompted(_ modality: Modality) -> MethodPlan {
    MethodPlan { SingleModalityConfiguration(modality, in: $0) }
  }
}
