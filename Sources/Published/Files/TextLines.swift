import Datasets
import Determinism
import Text

/// Small text files.
enum TextLines {
  /// The label list of a folder: one name per line, white space trimmed, the line is the index.
  /// - Throws: `Failure(.badInput)` for an empty line before the last, or a name that occurs twice.
  static func labels(_ path: String) throws -> [String] {
    var labels = try lines(path).map(trimmed)
    while labels.last?.isEmpty == true { labels.removeLast() }
    for (index, label) in labels.enumerated() {
      let place = SourcePlace(path, "line \(index + 1)")
      if label.isEmpty { throw place.bad("expected a label, found an empty line") }
      if let first = labels.firstIndex(where: { Verbatim($0) == Verbatim(label) }), first != index {
        throw place.bad(
          "the label \"\(label)\" is already on line \(first + 1); remove one of the two")
      }
    }
    guard !labels.isEmpty else {
      throw SourcePlace(path).bad("expected labels, one per line, found none")
    }
    return labels
  }

  /// The lines of a file without their ends (LF or CR LF) and without a byte order mark; bytes that are not UTF-8 are replaced
  /// by U+FFFD.
  static func lines(_ path: String) throws -> [String] {
    InputFile.lines(try InputFile.read(path)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Without white space at both ends.
  static func trimmed(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return String(scalars)
  }

  /// A JSON file as a whole.
  static func json(_ path: String) throws -> JSONEntry {
    let bytes = try InputFile.read(path)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw SourcePlace(path).bad("expected UTF-8, found other bytes; convert the file")
    }
    return JSONEntry(file: path, path: "", value: try JSONParser.parse(bytes, file: path))
  }
}

extension JSONEntry {
  /// A whole number, exact in a double.
  func integer() throws -> Int {
    guard case .number(let number) = value, let integer = Int(exactly: number), abs(number) < 0x1p53
    else {
      throw failure("a whole number")
    }
    return integer
  }

  func number() throws -> Double {
    guard case .number(let number) = value, number.isFinite else { throw failure("a number") }
    return number
  }

  /// Texts of an array.
  func strings() throws -> [String] { try elements().map { try $0.string() } }
}
