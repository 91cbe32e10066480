import Autograd
import Determinism
import Encoders
import NN

/// Features side by side and a head: LateConcat, P-LateConcat (METHOD.md §9.2).
public final class LateConcat: FusionModel {
  public let store: ParameterStore
  private let branches: [Branch]
  private let hidden: Linear?
  private let head: Linear

  /// - Parameter hiddenWidth: units of a ReLU layer in front of the linear head (the authors' code has 512); nil for
  ///   the linear head alone, as the papers' text has it.
  public init(
    _ plans: [EncoderPlan], hiddenWidth: Int? = nil, outputs: Int, promptDropout: Float,
    random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    let root = store.root
    branches = plans.map { Branch($0, dropout: promptDropout, root) }
    let width = branches.reduce(0) { $0 + $1.encoder.featureWidth }
    hidden = hiddenWidth.map { Linear(width, $0, root / "hidden") }
    head = Linear(hiddenWidth ?? width, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let joined = concatenated(branches.map { $0.feature(batch, mode) }, axis: 1)
    let feature = hidden.map { relu($0(joined)) } ?? joined
    return FusionOutput(logits: head(feature), feature: feature)
  }
}

/// Choices of late concatenation.
public struct LateConcatConfiguration: FusionMethod {
  public static let kind = "late-concat"
  public var slots = [Slot(.vision, .swin, prompts: 6), Slot(.text, .bert, prompts: 4)]
  /// Units of a ReLU layer in front of the head; nil for the linear head alone.
  public var hiddenWidth: Int?
  /// Of vanilla prompts.
  public var promptDropout: Float = 0.1

  public init() {}

  /// Every modality, frozen and prompted. On clips with the authors' ReLU layer: with three modalities their code has
  /// one, and a linear head could only add what each modality says.
  public init(in profile: TierProfile) {
    slots = profile.modalities.map { profile.slot($0) }
    if profile.hasClips { hiddenWidth = 64 }
    if profile.isCompact { promptDropout = 0 }
  }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("slots", \.slots), CodedField("hiddenWidth", \.hiddenWidth),
      CodedField("promptDropout", \.promptDropout),
    ]
  }

  public var name: String { isFineTuned ? "LateConcat" : "P-LateConcat" }

  public func standard(in profile: TierProfile) -> Self {
    var standard = Self(in: profile)
    if isFineTuned { standard.fineTune() }
    return standard
  }

  public func readsOnlyFeature(of modality: Modality) -> Bool { true }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    try LateConcat(
      try slots.map(parts.plan), hiddenWidth: hiddenWidth, outputs: try head.outputs(for: self),
      promptDropout: promptDropout, random: random)
  }
}

extension MethodPlan {
  public static let promptedLateConcat = MethodPlan(LateConcatConfiguration.self)
  public static let lateConcat = MethodPlan(LateConcatConfiguration.self) { $0.fineTune() }
}
