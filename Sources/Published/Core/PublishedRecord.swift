import Datasets
import Determinism

/// One item of a published dataset: texts, label, and the paths of what is to be decoded.
public struct PublishedRecord: Hashable, Sendable {
  /// Unique in the dataset.
  public let id: String
  /// One text; for referring segmentation every expression of the object, in the order of the file.
  public let texts: [String]
  /// Image file, relative to the data folder; nil if the record has none.
  public let image: String?
  public let label: PublishedLabel
  /// Bounding box of the object, in pixels of the image as stored.
  public let box: PixelBox?
  /// WAV file, relative to the data folder.
  public let audio: String?
  /// Image files of a clip in order, relative to the data folder.
  public let frames: [String]
  /// Facts that are no input, such as the type of a question; names in a fixed order.
  public let attributes: [Attribute]

  public init(
    id: String, texts: [String], image: String? = nil, label: PublishedLabel, box: PixelBox? = nil,
    audio: String? = nil, frames: [String] = [], attributes: [Attribute] = []
  ) {
    require(!texts.isEmpty, "\(id): a record without a text")
    self.id = id
    self.texts = texts
    self.image = image
    self.label = label
    self.box = box
    self.audio = audio
    self.frames = frames
    self.attributes = attributes
  }

  /// The files to be decoded, relative to the data folder.
  public var files: [String] { [image, audio].compactMap { $0 } + frames }

  /// The first text.
  public var text: String { texts[0] }

  /// The value of this attribute, if the record has it.
  public func attribute(_ name: String) -> String? {
    attributes.first { $0.name == name }?.value
  }
}

/// What a published record is to be judged against.
public enum PublishedLabel: Hashable, Sendable {
  /// Index of the class.
  case `class`(Int)
  /// Indices of the labels that hold, ascending.
  case labels([Int])
  /// The object's pixels in the image as stored.
  case mask(MaskRuns)
  /// Answers of people that are among the labels, with soft targets, by index; may be empty outside of training.
  case answers([AnswerScore])
  /// A test split whose labels are not published.
  case unlabelled
}

/// The soft target of one answer: `min(n / 3, 1)` where `n` of ten people gave it.
public struct AnswerScore: Hashable, Sendable {
  public let label: Int
  /// How many people gave this answer.
  public let votes: Int

  public init(label: Int, votes: Int) {
    self.label = label
    self.votes = votes
  }

  /// 0 to 1.
  public var score: Float { min(Float(votes) / 3, 1) }
}

/// A rectangle in pixels; the origin is the upper left corner of the image.
public struct PixelBox: Hashable, Sendable {
  public let x: Double
  public let y: Double
  public let width: Double
  public let height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}
