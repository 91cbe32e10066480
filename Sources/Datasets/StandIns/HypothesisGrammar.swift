import Determinism

/// The sentences of the SNLI-VE stand-in: `[here | there] subject predicate`.
enum HypothesisGrammar {
  /// Predicates that a picture can confirm.
  static let visible = [
    "is visible", "is shown here", "can be seen", "is in the picture", "appears here",
  ]
  /// Predicates that no picture can confirm or refute.
  static let unverifiable = [
    "is heavy", "is expensive", "belongs to a friend", "was made yesterday", "is very old",
    "will be sold",
  ]

  /// A sentence about `subject`, with a prefix three times in ten.
  static func sentence(
    subject: String, visible isVisible: Bool, _ random: inout RandomStream
  ) -> String {
    let prefix = random.chance(0.3) ? (random.chance(0.5) ? "here " : "there ") : ""
    let predicate = random.pick(isVisible ? visible : unverifiable)
    return prefix + subject + " " + predicate
  }

  /// The subject in one of four phrasings.
  static func subject(_ subject: Subject, _ random: inout RandomStream) -> String {
    let colour = subject.colour.name
    let shape = subject.shape.name
    switch random.integer(below: 4) {
    case 0: return "a \(colour) \(shape)"
    case 1: return "a \(shape) painted \(colour)"
    case 2: return "some \(colour) \(shape)"
    default: return "a \(shape) with \(colour) colour"
    }
  }

  /// A subject of any of the six kinds that were tried while the stand-in was designed; the text
  /// encoder is pretrained on all of them, the stand-in asks about pairs only.
  static func anySubject(_ random: inout RandomStream) -> String {
    let subject = Subject(shape: random.pick(Shape.allCases), colour: random.pick(Colour.allCases))
    let colour = subject.colour.name
    let shape = subject.shape.name
    switch random.integer(below: 6) {
    case 0: return Self.subject(subject, &random)
    case 1: return "something \(colour)"
    case 2: return "a \(shape)"
    case 3: return "\(random.pick(counts)) objects"
    case 4: return "a \(random.pick(sizes)) \(colour) \(shape)"
    default: return "a \(shape) at the \(random.pick(rows)) \(random.pick(columns))"
    }
  }

  static let counts = ["two", "three", "four"]
  static let sizes = ["big", "small"]
  static let rows = ["top", "bottom"]
  static let columns = ["left", "right"]

  /// All words, in a fixed order.
  static let words: [String] =
    ["a", "some", "painted", "with", "colour", "here", "there"]
    + Shape.allCases.map(\.name) + Colour.allCases.map(\.name)
    + (visible + unverifiable).flatMap(splitWords)
    + ["something", "objects", "at"] + counts + sizes + rows + columns
}

/// The words of a text: runs of characters other than spaces.
public func splitWords(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
