import Datasets
import Determinism

/// A published dataset that has been read: records by split, and what was skipped.
public struct PublishedDataset: Sendable {
  public let kind: PublishedKind
  /// The folder that the records' paths are relative to.
  public let folder: String
  public let task: DatasetTask
  /// In the order of `Split.allCases`; only the splits that the dataset has.
  public let splits: [(split: Split, records: [PublishedRecord])]
  public let skips: [SkippedRecord]
  /// Findings that a reader of the data card should know.
  public let notes: [String]

  public init(
    kind: PublishedKind, folder: String, task: DatasetTask,
    splits: [(split: Split, records: [PublishedRecord])], skips: [SkippedRecord], notes: [String]
  ) {
    self.kind = kind
    self.folder = folder
    self.task = task
    self.splits = splits
    self.skips = skips
    self.notes = notes
  }

  /// As in reports: "SNLI-VE".
  public var name: String { kind.title }

  /// The records of a split; none for a split that the dataset does not have.
  public func records(_ split: Split) -> [PublishedRecord] {
    splits.first { $0.split == split }?.records ?? []
  }

  /// Where a record's file is.
  public func path(_ file: String) -> String { "\(folder)/\(file)" }
}

/// A record that is not in the dataset, and why.
public struct SkippedRecord: Hashable, Sendable {
  public let split: Split
  public let id: String
  public let reason: SkipReason

  public init(split: Split, id: String, reason: SkipReason) {
    self.split = split
    self.id = id
    self.reason = reason
  }
}

/// Why a record is skipped; the papers' own rules.
public enum SkipReason: String, Sendable, CaseIterable, Hashable, Codable {
  case noTextFile = "no text file"
  case noTitle = "no title"
  case noNumber = "no number in the file name"
  case noGoldLabel = "annotators did not agree (gold label \"-\")"
  case visualGenome = "image of Visual Genome"
  case excludedGenre = "genre News, Reality-TV or Talk-Show"
  case unseenGenre = "genre that no training film has"
  case emptyText = "empty text"
  case noFrequentAnswer = "none of its answers is frequent"
  case otherAnswerType = "other type of answer than asked for"
  case noImage = "no image"
  case listed = "listed in skip.txt"
  case beyondLimit = "beyond the limit of questions"
}
