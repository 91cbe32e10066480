import Autograd
import Determinism
import Encoders
import NN

/// The image as a few words of a frozen language model, written by an image encoder that trains: Frozen (Tsimpoukelli
/// et al. 2021; METHOD.md §9.5).
///
///     [CLS] image image  word … [SEP]
///
/// Image tokens get the positions behind [CLS] and the language model's own norm; words keep their positions. What
/// trains of the encoders is in their plans: the image encoder fully, the text encoder not at all.
public final class Frozen: FusionModel {
  public let store: ParameterStore
  private let vision: Branch
  private let bert: BERT
  private let prefix: Linear  // ψ → n·C
  private let length: Int
  private let head: Linear

  /// - Parameter length: n, tokens that stand for the image.
  /// - Throws: `Failure(.configuration)` if the text encoder is no BERT.
  public init(
    vision: EncoderPlan, text: EncoderPlan, length: Int = 2, outputs: Int, random: RandomStream
  ) throws {
    require(text.promptLength == 0, "Frozen: the language model has no prompts but the image")
    self.length = length
    store = ParameterStore(random: random)
    let root = store.root
    self.vision = Branch(vision, dropout: 0, root)
    bert = try Branch(text, dropout: 0, root).bert("Frozen")
    prefix = Linear(
      self.vision.encoder.featureWidth, length * bert.configuration.width,
      root / "vision" / "prefix")
    head = Linear(bert.featureWidth, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let image = prefix(vision.feature(batch, mode))
      .reshaped(batch.size, length, bert.configuration.width)  // [B, n, C]
    let placed = bert.norm(image + bert.places(1..<length + 1))
    let feature = bert.feature(of: bert.input(batch, mode).inserting(placed, at: 1), mode)
    return FusionOutput(logits: head(feature), feature: feature)
  }
}

/// Choices of Frozen.
public struct FrozenConfiguration: FusionMethod {
  public static let kind = "frozen"
  public var slots = [Slot(.vision, .vit, .full), Slot(.text, .bert)]
  /// n, tokens that stand for the image.
  public var length = 2

  public init() {}
  public init(in profile: TierProfile) { self.init() }

  public static var codedFields: [CodedField<Self>] {
    [CodedField("slots", \.slots), CodedField("length", \.length)]
  }

  public var name: String { "Frozen" }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    try Frozen(
      vision: try parts.plan(.vision, of: self), text: try parts.plan(.text, of: self), length: length,
      outputs: try head.outputs(for: self), random: random)
  }
}

extension MethodPlan {
  public static let frozenLanguageModel = MethodPlan(FrozenConfiguration.self)
}
