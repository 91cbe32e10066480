import Determinism

/// A JSON value. Members keep the order of the file, and repeated names, so that a reader can
/// object.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package let name: String
    package let value: JSONValue
  }
}

/// Reads strict JSON (RFC 8259) and says the line and column of the first mistake.
///
/// Foundation's reader drops all but one of the members that share a name, and with them the
/// evidence that a vocabulary is broken.
package struct JSONParser {
  private static let deepestNesting = 64
  private let file: String
  private let bytes: [UInt8]
  private let firstLine: Int
  private var i = 0

  private init(file: String, bytes: [UInt8], firstLine: Int) {
    self.file = file
    self.bytes = bytes
    self.firstLine = firstLine
  }

  /// The value that `bytes`, valid UTF-8, are.
  /// - Parameter firstLine: the line of the file on which `bytes` begin.
  /// - Throws: `Failure(.badInput)` that names `file`, line and column.
  package static func parse(_ bytes: [UInt8], file: String, firstLine: Int = 1) throws -> JSONValue {
    var parser = JSONParser(file: file, bytes: bytes, firstLine: firstLine)
    if firstLine == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.i = 3 }  // a byte order mark
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.i < bytes.count { throw parser.failure("the end of the file") }
    return value
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    skipSpace()
    if depth > Self.deepestNesting { throw failure("at most \(Self.deepestNesting) levels") }
    guard let byte else { throw failure("a value") }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw failure("a value")
    }
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    i += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard byte == UInt8(ascii: "\"") else { throw failure("a member's name in quotes") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw failure("':'") }
      members.append(.init(name: name, value: try value(depth: depth + 1)))
      skipSpace()
    } while take(",")
    guard take("}") else { throw failure("',' or '}'") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    i += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw failure("',' or ']'") }
    return .array(elements)
  }

  private mutating func string() throws -> String {
    i += 1
    var text: [UInt8] = []
    while let byte {
      switch byte {
      case UInt8(ascii: "\""):
        i += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        i += 1
        try appendEscaped(to: &text)
      case 0..<0x20: throw failure("an escape such as \\n for a control character")
      default:
        text.append(byte)
        i += 1
      }
    }
    throw failure("'\"' at the end of a string")
  }

  private mutating func appendEscaped(to text: inout [UInt8]) throws {
    guard let byte else { throw failure("an escaped character") }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "u"):
      i += 1
      var scalar = try codeUnit()
      if 0xD800..<0xDC00 ~= scalar {
        guard take("\\"), take("u") else { throw failure("the second \\u of a surrogate pair") }
        let low = try codeUnit()
        guard 0xDC00..<0xE000 ~= low else { throw failure("a low surrogate before this") }
        scalar = 0x1_0000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
      }
      guard Unicode.Scalar(scalar) != nil else { throw failure("a scalar before this") }
      append(scalar, to: &text)
      return
    default: throw failure("one of \"\\/bfnrtu after a backslash")
    }
    i += 1
  }

  private mutating func codeUnit() throws -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      i += 1
    }
    return unit
  }

  private mutating func number() throws -> JSONValue {
    let start = i
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    guard let number = Double(String(decoding: bytes[start..<i], as: UTF8.self)) else {
      throw failure("a number before this")
    }
    return .number(number)
  }

  private mutating func digits() throws {
    let start = i
    while let byte, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { i += 1 }
    if i == start { throw failure("a digit") }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
    guard bytes[i...].starts(with: word.utf8) else { throw failure("a value") }
    i += word.utf8.count
    return value
  }

  private var byte: UInt8? { i < bytes.count ? bytes[i] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard byte == UInt8(ascii: character) else { return false }
    i += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { i += 1 }
  }

  private func failure(_ expected: String) -> Failure {
    let before = bytes[..<i]
    let line = before.count(where: { $0 == 0x0A }) + firstLine
    let column =
      String(decoding: before.suffix(while: { $0 != 0x0A }), as: UTF8.self)
      .unicodeScalars.count + 1
    let found =
      i < bytes.count
      ? "'\(String(decoding: bytes[i...].prefix(12), as: UTF8.self).prefix(1))'"
      : "the end of the file"
    return Failure(
      .badInput, "\(file): line \(line), column \(column): expected \(expected), found \(found)")
  }
}

extension Collection where Self: BidirectionalCollection {
  /// The longest end of the collection whose elements all satisfy `condition`.
  fileprivate func suffix(while condition: (Element) -> Bool) -> SubSequence {
    self[(lastIndex { !condition($0) }.map { index(after: $0) } ?? startIndex)...]
  }
}
