import Datasets
import Determinism
import Images

/// A dataset of the papers in the form in which its authors published it, as a value: one beside each reader, listed below.
public struct PublishedKind: Sendable {
  /// In commands, and the folder of its prepared form.
  public let rawValue: String
  /// The dataset it is a form of.
  public let dataset: DatasetID
  /// As in reports.
  public let title: String
  /// Its folder in the data folder.
  public let folder: String
  /// The reader with the papers' options.
  public let reader: any PublishedReader
  /// The sizes that papers print, for comparison with what was read.
  public let publishedSizes: [PublishedSize]
  /// What to know about the right to use it. No legal advice; the publisher's page decides.
  public let licenceNote: String
  /// The authors' image preparation for classification; nil where images are prepared with their masks or as clips.
  public let preparation: ImagePreparation?
  /// The split that stands for the test where the test's answers are not published, and how many of its records are
  /// judged (the authors' loader).
  public let testStandsFor: (split: Split, records: Int)?
  /// Examples of a run, where no data are there to count.
  public let usual: UsualExamples

  init(
    _ rawValue: String, of dataset: DatasetID? = nil, title: String, folder: String? = nil,
    reader: any PublishedReader, sizes: [PublishedSize], licence: String, preparation: ImagePreparation? = nil,
    testStandsFor: (split: Split, records: Int)? = nil, usual: UsualExamples
  ) {
    (self.rawValue, self.dataset) = (rawValue, dataset ?? DatasetID(rawValue: rawValue))
    (self.title, self.folder, self.reader) = (title, folder ?? rawValue, reader)
    (publishedSizes, licenceNote, self.preparation) = (sizes, licence, preparation)
    (self.testStandsFor, self.usual) = (testStandsFor, usual)
  }

  /// Every published form. A new one is a reader's file and a name here.
  public static let allCases: [PublishedKind] = [
    .food101, .food101Titles, .snliVE, .mmIMDB, .refCOCO, .refCOCOPlus, .vqaV2, .mustard,
  ]

  /// - Returns: nil for a name that no form has.
  public init?(rawValue: String) {
    guard let kind = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = kind
  }
}

extension PublishedKind: Hashable, Codable {
  public static func == (a: PublishedKind, b: PublishedKind) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let kind = Self(rawValue: name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(name): no such published dataset")
    }
    self = kind
  }
}

/// What a run meets where no data are there to measure.
public struct UsualExamples: Sendable {
  /// Of a text in a padded batch: hypotheses, questions and expressions are short, MM-IMDB's longest plots a paragraph, and
  /// of Food-101's pages most are longer than BERT takes.
  public let tokens: Int
  /// Different images of the training examples; nil: one each.
  public var trainImages: Int?
  /// Different images of the judged examples; nil: one each.
  public var judgedImages: Int?
  /// Texts of an object, which the tests judge one by one.
  public var textsPerObject = 1.0

  init(tokens: Int, trainImages: Int? = nil, judgedImages: Int? = nil, textsPerObject: Double = 1) {
    (self.tokens, self.trainImages, self.judgedImages) = (tokens, trainImages, judgedImages)
    self.textsPerObject = textsPerObject
  }
}

/// A size that a paper prints.
public struct PublishedSize: Sendable, Hashable {
  /// Nil for the whole dataset.
  public let split: Split?
  public let count: Int
  /// Who says so.
  public let source: String

  static func list(_ source: String, _ counts: (Split, Int)...) -> [PublishedSize] {
    counts.map { PublishedSize(split: $0.0, count: $0.1, source: source) }
  }
}
