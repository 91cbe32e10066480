import Determinism
import Foundation

/// Everything a training depends on, as a value. Equal values give equal results.
public struct TrainingRun: Codable, Hashable, Sendable {
  public var method: Method
  public var data: DataChoice
  public var recipe: Recipe
  public var tier: Tier
  /// Changes initial weights, batch order, dropout and routing noise; not the data or the encoders.
  public var seed: Int

  public init(method: Method, data: DataChoice, recipe: Recipe, tier: Tier, seed: Int) {
    self.method = method
    self.data = data
    self.recipe = recipe
    self.tier = tier
    self.seed = seed
  }

  /// The fields as sorted JSON: what is hashed, stored and compared.
  public func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// For progress bars: "MoPE k=16 · SNLI-VE · seed 0".
  public var title: String { "\(method.title) · \(data.title) · seed \(seed)" }
}

/// Which dataset, how much of it, and which draw.
public struct DataChoice: SparselyCodable, Hashable, Sendable {
  public enum Name: String, Codable, Hashable, Sendable, CaseIterable {
    case snliVE = "snli-ve"
    case food101 = "food-101"
    case mmIMDB = "mm-imdb"
    case mustard = "mustard"
    case vqaV2 = "vqa-v2"
    case refCOCO = "refcoco"
    case refCOCOPlus = "refcoco+"

    /// Whether a mask is to be predicted.
    public var isSegmentation: Bool { self == .refCOCO || self == .refCOCOPlus }
  }

  public var name: Name
  /// Training examples; nil means all.
  public var trainLimit: Int?
  /// The split that is judged: "test", or "validation" while recipes are chosen.
  public var judgedOn: String
  /// Another seed draws another dataset of the same kind.
  public var dataSeed: Int
  /// How often one modality changes how the other reads, 0 … 1; 1 is the stand-in as designed.
  public var interaction: Double
  /// A dry run: the first so many examples of every split; nil means all.
  public var limit: Int?

  public init(
    _ name: Name, trainLimit: Int? = nil, judgedOn: String = "test", dataSeed: Int,
    interaction: Double = 1
  ) {
    self.name = name
    self.trainLimit = trainLimit
    self.judgedOn = judgedOn
    self.dataSeed = dataSeed
    self.interaction = interaction
  }

  /// The default that stored runs are told from.
  public init() { self.init(.snliVE, dataSeed: 1) }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("name", \.name), CodedField("trainLimit", \.trainLimit),
      CodedField("judgedOn", \.judgedOn), CodedField("dataSeed", \.dataSeed),
      CodedField("interaction", \.interaction), CodedField("limit", \.limit),
    ]
  }

  public var title: String {
    switch name {
    case .snliVE: "SNLI-VE"
    case .food101: "Food-101"
    case .mmIMDB: "MM-IMDB"
    case .mustard: "MUStARD"
    case .vqaV2: "VQA v2"
    case .refCOCO: "RefCOCO"
    case .refCOCOPlus: "RefCOCO+"
    }
  }
}
