import Datasets
import Determinism
import Text

/// A JSON file whose top object holds long arrays; their elements are parsed one at a time.
///
/// Only the text is kept in memory. The parsed annotations of VQAv2 would take ten times as much.
struct JSONArrayFile {
  let path: String
  private let bytes: [UInt8]
  private var arrays: [(name: String, elements: [Range<Int>])] = []

  init(_ path: String) throws {
    self.path = path
    let read = try InputFile.read(path)
    bytes = read.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(read.dropFirst(3)) : read
    guard scan() else {
      _ = try JSONParser.parse(bytes, file: path)  // says what is wrong and where
      throw Failure(.badInput, "\(path): expected an object, found another JSON value")
    }
  }

  /// Calls `body` with every element of the top object's member `name`, in order.
  /// - Throws: `Failure(.badInput)` if there is no such array or an element is no JSON.
  func forEach(in name: String, _ body: (JSONEntry, SourcePlace) throws -> Void) throws {
    let found = arrays.filter { Verbatim($0.name) == Verbatim(name) }
    guard found.count == 1, let elements = found.first?.elements else {
      throw Failure(
        .badInput,
        "\(path): expected one array \"\(name)\", found \(found.count); is this the published file?"
      )
    }
    var line = 1
    var counted = 0
    for (index, range) in elements.enumerated() {
      line += bytes[counted..<range.lowerBound].count { $0 == 0x0A }
      counted = range.lowerBound
      let element = Array(bytes[range])
      guard String(validating: element, as: UTF8.self) != nil else {
        throw SourcePlace(path, "line \(line)").bad("expected UTF-8, found other bytes")
      }
      let place = SourcePlace(path, "\(name)[\(index)]")
      let value = try JSONParser.parse(element, file: path, firstLine: line)
      try body(JSONEntry(file: path, path: place.entry, value: value), place)
    }
  }

  /// Finds where the elements are; false if brackets do not match.
  private mutating func scan() -> Bool {
    var depth = 0
    var name = ""
    var start: Int?
    var elements: [Range<Int>] = []
    var i = 0
    func blank(_ range: Range<Int>) -> Bool {
      bytes[range].allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }
    while i < bytes.count {
      switch bytes[i] {
      case UInt8(ascii: "\""):
        let begin = i + 1
        i = begin
        while i < bytes.count, bytes[i] != UInt8(ascii: "\"") {
          i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard i < bytes.count else { return false }
        if depth == 1 { name = String(decoding: bytes[begin..<i], as: UTF8.self) }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == 1, bytes[i] == UInt8(ascii: "[") { return false }
        if depth == 2, bytes[i] == UInt8(ascii: "[") {
          start = i + 1
          elements = []
        }
      case UInt8(ascii: ","):
        if depth == 2, let begin = start {
          elements.append(begin..<i)
          start = i + 1
        }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 2, let begin = start {
          if !elements.isEmpty || !blank(begin..<i) { elements.append(begin..<i) }
          arrays.append((name, elements))
          start = nil
        }
        depth -= 1
        if depth < 0 { return false }
      default: break
      }
      i += 1
    }
    return depth == 0 && !bytes.isEmpty && bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{")
  }
}
