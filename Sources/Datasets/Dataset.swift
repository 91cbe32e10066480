import Images

/// A part of a dataset.
public enum Split: String, Codable, Sendable, CaseIterable {
  case train, validation, test
  /// Referring segmentation: "people" of RefCOCO.
  case testA
  /// Referring segmentation: everything else.
  case testB
  /// Referring segmentation: two objects of one kind in each image, spoken of one after the other.
  case pairs
}

/// What is to be predicted, with the names of the labels in index order.
public enum DatasetTask: Sendable, Equatable {
  /// One class per example.
  case classification(labels: [String])
  /// Any number of labels per example.
  case multiLabel(labels: [String])
  /// One of the labels per example, where several are right to a degree: answers that people gave.
  case answering(labels: [String])
  /// A binary mask of the image's size.
  case segmentation

  /// Whether an example may have several labels.
  public var isMultiLabel: Bool {
    switch self {
    case .multiLabel: true
    case .classification, .answering, .segmentation: false
    }
  }

  /// Names of the labels; none for segmentation.
  public var labels: [String] {
    switch self {
    case .classification(let labels), .multiLabel(let labels), .answering(let labels): labels
    case .segmentation: []
    }
  }
}

/// What one example is to be judged against.
public enum ExampleLabel: Sendable, Equatable {
  /// Index of the class.
  case `class`(Int)
  /// Indices of the labels that hold, ascending.
  case labels([Int])
  /// Answers that are right to a degree; none where no right one is among the labels.
  case scores([LabelScore])
  /// `[height, width]` of 0 and 1.
  case mask([UInt8])
}

/// How right an answer is.
public struct LabelScore: Sendable, Hashable {
  public let label: Int
  /// 0 to 1.
  public let score: Float

  public init(label: Int, score: Float) {
    self.label = label
    self.score = score
  }
}

/// A named fact about how an example was made; for figures and probes, never an input.
public struct Attribute: Sendable, Hashable {
  public let name: String
  public let value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One item of a dataset before tokenisation. A modality that the dataset does not have is nil.
public struct Example: Sendable, Equatable {
  public let image: RasterImage?
  public let text: String?
  /// Mono waveform, −1 to 1.
  public let audio: [Float]?
  public let frames: [RasterImage]?
  public let label: ExampleLabel
  /// In a fixed order, the same names for every example of a dataset.
  public let attributes: [Attribute]

  public init(
    image: RasterImage? = nil, text: String? = nil, audio: [Float]? = nil, frames: [RasterImage]? = nil,
    label: ExampleLabel, attributes: [Attribute] = []
  ) {
    self.image = image
    self.text = text
    self.audio = audio
    self.frames = frames
    self.label = label
    self.attributes = attributes
  }

  /// The value of this attribute, if the example has it.
  public func attribute(_ name: String) -> String? {
    attributes.first { $0.name == name }?.value
  }
}

/// Examples in named splits.
///
/// `example(_:of:)` gives the same example every time and may be called from several threads.
public protocol Dataset: Sendable {
  /// As in reports: "SNLI-VE (stand-in)".
  var name: String { get }
  var task: DatasetTask { get }
  /// Number of examples; 0 for a split it does not have.
  func count(_ split: Split) -> Int
  /// - Throws: `Failure` when a file cannot be read; generated datasets never throw.
  func example(_ index: Int, of split: Split) throws -> Example
}

/// How many examples a generated dataset has. Examples do not depend on it: a smaller set is a
/// prefix.
public struct SplitSizes: Sendable, Hashable {
  public var train: Int
  public var validation: Int
  public var test: Int

  public init(train: Int, validation: Int = 2000, test: Int = 2000) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}
