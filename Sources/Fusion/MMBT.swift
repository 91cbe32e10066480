import Autograd
import Determinism
import Encoders
import NN

/// Choices of MMBT (METHOD.md §9.4).
public struct MMBTConfiguration: FusionMethod {
  /// Which vectors stand for the image.
  public enum ImageTokens: String, Codable, Hashable, Sendable {
    /// The image's feature, one token: what explains the parameter counts of the papers' tables.
    case feature
    /// Every final state of a plain Transformer but [CLS], one token per patch.
    case patches
  }

  public static let kind = "mmbt"
  /// Both features go through their poolers, as the parameter counts of the papers' row say.
  public var slots = [Slot(.vision, .vit, prompts: 6), Slot(.text, .bert, prompts: 4)].map(\.pooled)
  public var imageTokens = ImageTokens.feature
  /// [SEP] in the vocabulary of `bert-base-uncased`.
  public static let bertSeparator: Int32 = 102
  fileprivate var separatorId = Self.bertSeparator
  /// Of vanilla prompts.
  public var promptDropout: Float = 0.1

  public init() {}

  /// The papers' image encoder is ViT-B.
  public init(in profile: TierProfile) {
    separatorId = profile.separator
    if profile.isCompact { promptDropout = 0 }
  }

  /// Without dropout of prompts.
  public init(separator: Int32) { (separatorId, promptDropout) = (separator, 0) }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("slots", \.slots), CodedField("imageTokens", \.imageTokens), CodedField("separatorId", \.separatorId),
      CodedField("promptDropout", \.promptDropout),
    ]
  }

  public var separator: Int32? { separatorId }
  public var name: String { isFineTuned ? "MMBT" : "P-MMBT" }

  public func standard(in profile: TierProfile) -> Self {
    var standard = Self(in: profile)
    if isFineTuned { standard.fineTune() }
    return standard
  }

  public func readsOnlyFeature(of modality: Modality) -> Bool { modality == .vision && imageTokens == .feature }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    try MMBT(
      self, vision: try parts.plan(.vision, of: self), text: try parts.plan(.text, of: self),
      outputs: try head.outputs(for: self), random: random)
  }
}

extension Slot {
  fileprivate var pooled: Slot {
    var slot = self
    slot.pools = true
    return slot
  }
}

extension MethodPlan {
  public static let promptedMMBT = MethodPlan(MMBTConfiguration.self)
  public static let mmbt = MethodPlan(MMBTConfiguration.self) { $0.fineTune() }
}

/// The image as words of the sentence: MMBT (Kiela et al. 2019), and P-MMBT with frozen, prompted encoders.
///
///     [CLS] image … [SEP]  word … [SEP]
///
/// The image part is segment 0, the text part segment 1, and each counts its positions from 0. Image vectors pass
/// through a linear map to the width of words.
public final class MMBT: FusionModel {
  public let store: ParameterStore
  private let configuration: MMBTConfiguration
  private let separator: Int32
  private let vision, text: Branch
  private let bert: BERT
  private let projection: Linear
  private let head: Linear

  /// - Throws: `Failure(.configuration)` if the text encoder is no BERT, or patches are asked of an encoder without.
  public init(
    _ configuration: MMBTConfiguration, vision: EncoderPlan, text: EncoderPlan, outputs: Int,
    random: RandomStream
  ) throws {
    self.configuration = configuration
    separator = configuration.separatorId
    store = ParameterStore(random: random)
    let root = store.root
    self.vision = Branch(vision, dropout: configuration.promptDropout, root)
    self.text = Branch(text, dropout: configuration.promptDropout, root)
    bert = try self.text.bert("MMBT")
    if configuration.imageTokens == .patches { _ = try self.vision.layered("MMBT") }
    projection = Linear(
      self.vision.encoder.featureWidth, bert.configuration.width, root / "mmbt" / "projection")
    head = Linear(bert.featureWidth, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let feature = bert.feature(
      of: input(batch, mode), prompts: text.prompts?.source(batch.size, mode), mode)
    return FusionOutput(logits: head(feature), feature: feature)
  }

  private func input(_ batch: Batch, _ mode: Mode) -> TokenState {
    guard let text = batch.text else { fatalError("MMBT: the batch has no text") }
    let (b, n) = text.shape
    let c = bert.configuration.width
    let image = projection(imageVectors(batch, mode))  // [B, M, C]
    let m = image.shape[1]
    let first = bert.wordVectors((0..<b).map { text.ids[$0 * n] }).reshaped(b, 1, c)  // [CLS]
    let separator = bert.wordVectors([Int32](repeating: separator, count: b))
    let imagePart =
      concatenated([first, image, separator.reshaped(b, 1, c)], axis: 1)
      + bert.places(0..<m + 2, segment: 0)  // [B, M + 2, C]
    let textPart =
      bert.wordVectors(text.ids).reshaped(b, n, c).slice(1..<n, axis: 1)
      + bert.places(0..<n - 1, segment: 1)  // [B, N − 1, C]
    var mask: [Float] = []
    for i in 0..<b {
      mask += [Float](repeating: 1, count: m + 2)
      mask += text.mask[(i * n + 1)..<((i + 1) * n)]
    }
    return bert.input(concatenated([imagePart, textPart], axis: 1), mask: mask, mode)
  }

  /// `[B, M, d]`
  private func imageVectors(_ batch: Batch, _ mode: Mode) -> Tensor {
    guard configuration.imageTokens == .patches, let encoder = vision.encoder as? any LayeredEncoder
    else {
      return vision.feature(batch, mode).reshaped(batch.size, 1, vision.encoder.featureWidth)
    }
    let state = encoder.run(
      0..<encoder.blockWidths.count, encoder.input(batch, mode),
      prompts: vision.prompts?.source(batch.size, mode), mode)
    let tokens = encoder.finished(state.tokens)  // [B, 1 + patches, d]
    return tokens.slice(1..<tokens.shape[1], axis: 1)
  }
}
