import Datasets
import Determinism
import Foundation
import Fusion

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

  /// What defaults of methods depend on here.
  public var profile: TierProfile { tier.profile(data.descriptor) }

  /// For progress bars and `--runs`: "MoPE k=16 · SNLI-VE · seed 0", with everything in which method, data or recipe
  /// depart from the tier's defaults. Runs of one tier with one title are equal.
  public var title: String {
    let usual = Recipe.standard(method, on: data.name, tier: tier)
    let departures = recipe.departures(from: usual)
    return ([method.title(in: profile), data.fullTitle] + departures + ["seed \(seed)"]).joined(separator: " · ")
  }
}

/// Which dataset, how much of it, and which draw.
public struct DataChoice: SparselyCodable, Hashable, Sendable {
  public var name: DatasetID
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
    _ name: DatasetID, trainLimit: Int? = nil, judgedOn: String = "test", dataSeed: Int,
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

  public var descriptor: DatasetDescriptor { name.descriptor }
  public var title: String { descriptor.title }

  /// The title with what departs from the whole dataset in its first draw, judged on the test.
  var fullTitle: String {
    var base = DataChoice()
    base.name = name
    let departures = departures(from: base)
    return departures.isEmpty ? title : "\(title) (\(departures.joined(separator: ", ")))"
  }
}
