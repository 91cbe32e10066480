import Determinism
import NN
import Synchronization

/// Names a dataset in records and on the command line.
public struct DatasetID: RawRepresentable, Hashable, Sendable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// What is known of it; a programmer's mistake for a dataset that is in no list.
  public var descriptor: DatasetDescriptor {
    guard let known = DatasetCatalogue.descriptor(self) else { fatalError("\(rawValue): no such dataset") }
    return known
  }
}

extension DatasetID: Codable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    rawValue = try container.decode(String.self)
    guard DatasetCatalogue.descriptor(self) != nil else {
      let known = DatasetCatalogue.all.map(\.id.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\(rawValue): no such dataset; known are \(known)")
    }
  }
}

/// What a dataset is, as a value. Nothing outside a source of examples tells datasets apart by name.
///
/// A new one is a file with its descriptor, its stand-in where it has one, and a line in `DatasetCatalogue`.
public struct DatasetDescriptor: Sendable {
  /// What is to be predicted.
  public enum Goal: Sendable {
    /// One class, any number of labels, one of several right answers, a mask of the image's size.
    case classes, labels, answers, masks
  }

  public let id: DatasetID
  /// As in tables: "Food-101".
  public let title: String
  /// As the papers' tables name its columns; nil for a dataset that they do not have.
  public let paperName: String?
  public let goal: Goal
  /// What an example has; the modality that is read first comes first.
  public let modalities: [Modality]
  /// In the order of the papers' columns.
  public let metrics: [Metric.Name]
  public let splits: JudgedSplits
  /// Training examples in a batch of the papers' recipe.
  public let papersBatchSize: Int
  /// How the small networks are trained on its stand-in.
  public let training: CompactTraining
  /// The dataset on which learning rates are searched for it too; nil: on itself.
  public let takesRatesOf: DatasetID?
  /// Whether the features of judged examples are stored, for figures that show them.
  public let keepsFeatures: Bool
  /// What is drawn in its place; nil for a dataset without.
  public let standIn: StandInSource?

  public init(
    _ id: DatasetID, title: String, paperName: String? = nil, goal: Goal, modalities: [Modality] = [.vision, .text],
    metrics: [Metric.Name], splits: JudgedSplits = .usual, papersBatchSize: Int = 16, training: CompactTraining,
    takesRatesOf: DatasetID? = nil, keepsFeatures: Bool = false, standIn: StandInSource? = nil
  ) {
    (self.id, self.title, self.paperName, self.goal) = (id, title, paperName, goal)
    (self.modalities, self.metrics, self.splits) = (modalities, metrics, splits)
    (self.papersBatchSize, self.training, self.takesRatesOf) = (papersBatchSize, training, takesRatesOf)
    (self.keepsFeatures, self.standIn) = (keepsFeatures, standIn)
  }

  public var makesMasks: Bool { goal == .masks }
}

/// Which splits of a dataset are judged.
public struct JudgedSplits: Sendable {
  /// What "test" stands for, in the order of a run's decisions.
  public let judged: [Split]
  /// Those with columns of their own in tables; empty where one split is judged.
  public let reported: [Split]
  /// Those that tell one generator from another.
  public let probed: [Split]

  public static let usual = JudgedSplits(judged: [.test], reported: [], probed: [.train, .validation, .test])
  /// Referring segmentation has no split called test. The first training examples show whether they were memorised.
  public static let referring = JudgedSplits(
    judged: [.validation, .testA, .testB, .pairs, .train], reported: [.validation, .testA, .testB],
    probed: [.train, .validation, .testA, .testB, .pairs])
}

/// How small networks are trained on a stand-in: the papers' recipe, shortened, with ten times the prompts' learning rate
/// (a run has 1500 steps where theirs have more than 10 000).
public struct CompactTraining: Sendable {
  public let batchSize: Int
  public let epochs: Int
  /// Epochs, from 0, at whose start the rates are cut.
  public let milestones: [Int]
  /// The rate that fine-tuning starts its search from.
  public let fineTuningRate: Float

  public init(batchSize: Int = 32, epochs: Int, milestones: [Int], fineTuningRate: Float = 5e-4) {
    (self.batchSize, self.epochs, self.milestones) = (batchSize, epochs, milestones)
    self.fineTuningRate = fineTuningRate
  }
}

/// Draws the examples of a stand-in.
public struct StandInSource: Sendable {
  /// Of the tier at which stand-ins decide claims.
  public let sizes: SplitSizes
  /// A dataset of this seed, these sizes and this strength of the interaction, 0 … 1.
  public let make: @Sendable (_ seed: UInt64, _ sizes: SplitSizes, _ interaction: Double) -> any Dataset

  public init(
    sizes: SplitSizes,
    _ make: @escaping @Sendable (_ seed: UInt64, _ sizes: SplitSizes, _ interaction: Double) -> any Dataset
  ) {
    (self.sizes, self.make) = (sizes, make)
  }
}

/// Every dataset: the papers', and those that were registered while the program runs.
public enum DatasetCatalogue {
  private static let papers: [DatasetDescriptor] = [
    .snliVE, .food101, .mmIMDB, .mustard, .vqaV2, .refCOCO, .refCOCOPlus,
  ]
  private static let registered = Mutex<[DatasetDescriptor]>([])

  public static var all: [DatasetDescriptor] { papers + registered.withLock { $0 } }

  public static func descriptor(_ id: DatasetID) -> DatasetDescriptor? {
    papers.first { $0.id == id } ?? registered.withLock { $0.first { $0.id == id } }
  }

  /// Adds a dataset, before anything asks for it. A second one of the same id takes the place of the first.
  public static func register(_ descriptor: DatasetDescriptor) {
    require(
      !papers.contains { $0.id == descriptor.id || $0.title == descriptor.title },
      "\(descriptor.id.rawValue), \(descriptor.title): a dataset of the papers has this id or title")
    registered.withLock { known in
      known.removeAll { $0.id == descriptor.id }
      known.append(descriptor)
    }
  }
}
