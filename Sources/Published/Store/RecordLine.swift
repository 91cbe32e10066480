import Datasets
import Determinism
import Text

/// A record as one line of JSON, as the prepared store keeps it.
enum RecordLine {
  /// Without the line's end. What a record does not have is left out.
  static func text(_ record: PublishedRecord) -> String {
    var fields = [("id", quoted(record.id)), ("texts", list(record.texts.map(quoted)))]
    if let image = record.image { fields.append(("image", quoted(image))) }
    switch record.label {
    case .class(let index): fields.append(("class", "\(index)"))
    case .labels(let indices): fields.append(("labels", list(indices.map(String.init))))
    case .mask(let runs):
      fields.append(("mask", list(["\(runs.height)", "\(runs.width)", quoted(runs.text)])))
    case .answers(let scores):
      fields.append(("answers", list(scores.map { list(["\($0.label)", "\($0.votes)"]) })))
    case .unlabelled: break
    }
    if let box = record.box {
      fields.append(("box", list([box.x, box.y, box.width, box.height].map { "\($0)" })))
    }
    if let audio = record.audio { fields.append(("audio", quoted(audio))) }
    if !record.frames.isEmpty { fields.append(("frames", list(record.frames.map(quoted)))) }
    if !record.attributes.isEmpty {
      fields.append(
        ("attributes", list(record.attributes.map { list([quoted($0.name), quoted($0.value)]) })))
    }
    return object(fields)
  }

  /// The record of a line.
  /// - Throws: `Failure(.badInput)` that names the line.
  static func record(_ entry: JSONEntry) throws -> PublishedRecord {
    let texts = try entry.required("texts").strings()
    guard !texts.isEmpty else { throw entry.failure("at least one text", found: "none") }
    return PublishedRecord(
      id: try entry.required("id").string(), texts: texts,
      image: try entry.optional("image")?.string(),
      label: try label(entry), box: try entry.optional("box").map(box),
      audio: try entry.optional("audio")?.string(),
      frames: try entry.optional("frames")?.strings() ?? [],
      attributes: try entry.optional("attributes")?.elements().map { pair in
        let parts = try pair.strings()
        guard parts.count == 2 else { throw pair.failure("a name and a value") }
        return Attribute(parts[0], parts[1])
      } ?? [])
  }

  private static func label(_ entry: JSONEntry) throws -> PublishedLabel {
    if let index = try entry.optional("class") { return .class(try index.integer()) }
    if let indices = try entry.optional("labels") {
      return .labels(try indices.elements().map { try $0.integer() })
    }
    if let mask = try entry.optional("mask") {
      let parts = try mask.elements()
      guard parts.count == 3 else { throw mask.failure("height, width and runs") }
      return .mask(
        try MaskRuns(
          height: try parts[0].integer(), width: try parts[1].integer(),
          text: try parts[2].string(),
          source: "\(entry.file): mask"))
    }
    if let answers = try entry.optional("answers") {
      return .answers(
        try answers.elements().map { answer in
          let parts = try answer.elements().map { try $0.integer() }
          guard parts.count == 2 else { throw answer.failure("a label and its votes") }
          return AnswerScore(label: parts[0], votes: parts[1])
        })
    }
    return .unlabelled
  }

  private static func box(_ entry: JSONEntry) throws -> PixelBox {
    let numbers = try entry.elements().map { try $0.number() }
    guard numbers.count == 4 else { throw entry.failure("four numbers") }
    return PixelBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
  }

  // MARK: JSON

  static func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }

  static func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

  /// A JSON string; U+2028 and its like stay as they are, control characters are escaped.
  static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}
