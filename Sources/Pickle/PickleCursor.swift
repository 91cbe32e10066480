import Determinism

/// Takes numbers and texts from the bytes of a pickle, one after another.
struct PickleCursor {
  private let source: String
  private let bytes: [UInt8]
  private(set) var i = 0

  init(_ bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  /// Bytes that have not been taken.
  var left: Int { bytes.count - i }

  mutating func byte(_ offset: Int) throws -> UInt8 {
    guard i < bytes.count else {
      throw failure(offset, "expected another instruction, found the end; is the file complete?")
    }
    i += 1
    return bytes[i - 1]
  }

  mutating func take(_ count: Int, _ offset: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - i else {
      throw failure(
        offset, "expected \(count) more bytes, found \(bytes.count - i); is the file complete?")
    }
    i += count
    return bytes[(i - count)..<i]
  }

  mutating func little(_ count: Int, _ offset: Int) throws -> Int {
    let raw = try take(count, offset)
    let value = raw.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let integer = Int(exactly: value) else {
      throw failure(offset, "the length \(value) is too large")
    }
    return integer
  }

  mutating func longInteger(_ count: Int, _ offset: Int) throws -> Int {
    guard count <= 8 else {
      throw failure(offset, "expected an integer of at most 8 bytes, found \(count)")
    }
    guard count > 0 else { return 0 }
    let raw = try take(count, offset)
    let value = raw.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let unused = UInt64(64 - 8 * count)
    return Int(Int64(bitPattern: value << unused) >> Int64(unused))
  }

  mutating func lineBytes(_ offset: Int) throws -> ArraySlice<UInt8> {
    guard let end = bytes[i...].firstIndex(of: 0x0A) else {
      throw failure(
        offset, "expected the end of a line, found the end of the file; is the file complete?")
    }
    defer { i = end + 1 }
    return bytes[i..<end]
  }

  mutating func line(_ offset: Int) throws -> String {
    let raw = try lineBytes(offset)
    return decoded(raw.last == 0x0D ? raw.dropLast() : raw)
  }

  func integer(_ text: String, _ offset: Int) throws -> Int {
    guard let integer = Int(text) else {
      throw failure(
        offset, "expected a whole number of at most 8 bytes, found \"\(text.prefix(30))\"")
    }
    return integer
  }

  func decoded(_ raw: ArraySlice<UInt8>) -> String {
    String(validating: raw, as: UTF8.self)
      ?? String(String.UnicodeScalarView(raw.map { Unicode.Scalar($0) }))
  }

  func utf8(_ raw: ArraySlice<UInt8>, _ offset: Int) throws -> String {
    guard let text = String(validating: raw, as: UTF8.self) else {
      throw failure(offset, "expected UTF-8, found other bytes")
    }
    return text
  }

  /// A Python string literal of protocol 0: quotes and the escapes \\, \', \", \n, \t, \r, \xHH.
  func quoted(_ text: String, _ offset: Int) throws -> String {
    let raw = Array(text.utf8)
    guard raw.count >= 2, let quote = raw.first, quote == raw.last, quote == 0x27 || quote == 0x22
    else {
      throw failure(offset, "expected a text in quotes, found \"\(text.prefix(30))\"")
    }
    var result: [UInt8] = []
    var k = 1
    while k < raw.count - 1 {
      guard raw[k] == UInt8(ascii: "\\") else {
        result.append(raw[k])
        k += 1
        continue
      }
      let next = raw[k + 1]
      k += 2
      switch next {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "\\"), 0x27, 0x22: result.append(next)
      case UInt8(ascii: "x"):
        guard k + 2 < raw.count,
          let code = UInt8(String(decoding: raw[k..<k + 2], as: UTF8.self), radix: 16)
        else {
          throw failure(offset, "expected two hexadecimal digits after \\x")
        }
        result.append(code)
        k += 2
      default: throw failure(offset, "the escape \\\(Unicode.Scalar(next)) is not known")
      }
    }
    return decoded(result[...])
  }

  /// Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX.
  func rawUnicode(_ raw: ArraySlice<UInt8>, _ offset: Int) throws -> String {
    var scalars = String.UnicodeScalarView()
    var units: [UInt16] = []
    func flush() {
      scalars.append(contentsOf: String(decoding: units, as: UTF16.self).unicodeScalars)
      units = []
    }
    var k = raw.startIndex
    while k < raw.endIndex {
      let digits =
        raw[k] == UInt8(ascii: "\\") && k + 1 < raw.endIndex
        ? (raw[k + 1] == UInt8(ascii: "u") ? 4 : raw[k + 1] == UInt8(ascii: "U") ? 8 : 0) : 0
      guard digits > 0 else {
        units.append(UInt16(raw[k]))
        k += 1
        continue
      }
      guard k + 2 + digits <= raw.endIndex,
        let code = UInt32(
          String(decoding: raw[(k + 2)..<(k + 2 + digits)], as: UTF8.self), radix: 16)
      else { throw failure(offset, "expected \(digits) hexadecimal digits after \\u") }
      if code < 0x1_0000 {
        units.append(UInt16(code))
      } else {
        flush()
        guard let scalar = Unicode.Scalar(code) else {
          throw failure(offset, "expected a scalar, found \(code)")
        }
        scalars.append(scalar)
      }
      k += 2 + digits
    }
    flush()
    return String(scalars)
  }

  func failure(_ offset: Int, _ what: String) -> Failure {
    Failure(.badInput, "\(source): byte \(offset): \(what)")
  }

  func refusal(_ instruction: String, _ offset: Int, _ why: String) -> Failure {
    Failure(.badInput, "\(source): byte \(offset): \(instruction) is refused; \(why)")
  }
}
