import Determinism
import Foundation

/// The checked header of a safetensors file.
struct SafetensorsHeader {
  let entries: [String: SafetensorsFile.Entry]
  let metadata: [String: String]
  /// Where the data begins in the file.
  let dataStart: Int

  /// The format's own limit.
  private static let largestHeader = 100_000_000

  init(_ data: Data, source: String) throws {
    func bad(_ what: String) -> Failure {
      Failure(.badInput, "\(source): \(what); is the file complete and a safetensors file?")
    }
    guard data.count >= 8 else { throw bad("expected a header length of 8 bytes, found \(data.count)") }
    let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= Self.largestHeader else {
      throw bad("header: expected at most \(Self.largestHeader) bytes, found \(length)")
    }
    guard data.count - 8 >= Int(length) else {
      throw bad("header: expected \(length) bytes, found \(data.count - 8)")
    }
    dataStart = 8 + Int(length)
    var scanner = HeaderScanner([UInt8](data[data.startIndex + 8..<data.startIndex + dataStart]))
    do { (entries, metadata) = try scanner.header() } catch { throw bad(error.what) }
    try Self.checkCoverage(entries, available: data.count - dataStart, bad)
  }

  /// The ranges must follow one another without a hole or an overlap and end with the file.
  private static func checkCoverage(
    _ entries: [String: SafetensorsFile.Entry], available: Int, _ bad: (String) -> Failure
  ) throws {
    let ordered = entries.sorted {
      let (a, b) = ($0.value.range, $1.value.range)
      if a.lowerBound != b.lowerBound { return a.lowerBound < b.lowerBound }
      return a.upperBound != b.upperBound ? a.upperBound < b.upperBound : $0.key < $1.key
    }
    var end = 0
    for (name, entry) in ordered {
      guard entry.range.lowerBound == end else {
        throw bad("\(name): expected its data at byte \(end), found \(entry.range.lowerBound)")
      }
      end = entry.range.upperBound
    }
    guard end == available else { throw bad("data: expected \(end) bytes, found \(available)") }
  }
}

/// Reads the header's JSON in one pass, and nothing but what the format allows: every name once, however it is escaped, and
/// sizes that are whole numbers.
private struct HeaderScanner {
  struct Mistake: Error { let what: String }

  private let bytes: [UInt8]
  private var i = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func header() throws(Mistake) -> (entries: [String: SafetensorsFile.Entry], metadata: [String: String]) {
    guard bytes.first == UInt8(ascii: "{") else { throw Mistake(what: "header: expected JSON starting with {") }
    var entries: [String: SafetensorsFile.Entry] = [:]
    var metadata: [String: String]?
    try members { (scanner, name) throws(Mistake) in
      if name == "__metadata__" {
        if metadata != nil { throw Mistake(what: "\(name): the name occurs twice") }
        metadata = try scanner.texts()
        return
      }
      let entry = try scanner.entry(name)
      if entries.updateValue(entry, forKey: name) != nil { throw Mistake(what: "\(name): the name occurs twice") }
    }
    skipSpace()
    guard i == bytes.count else { throw mistake("its end") }
    return (entries, metadata ?? [:])
  }

  private mutating func entry(_ name: String) throws(Mistake) -> SafetensorsFile.Entry {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try members { (scanner, field) throws(Mistake) in
      let isRepeated: Bool
      switch field {
      case "dtype":
        isRepeated = typeName != nil
        typeName = try scanner.text()
      case "shape":
        isRepeated = shape != nil
        shape = try scanner.integers("\(name): shape")
      case "data_offsets":
        isRepeated = offsets != nil
        offsets = try scanner.integers("\(name): data_offsets")
      default: throw Mistake(what: "\(name): expected dtype, shape and data_offsets alone, found \(field)")
      }
      if isRepeated { throw Mistake(what: "\(name): \(field) occurs twice") }
    }
    guard let typeName, let shape, let offsets else {
      throw Mistake(what: "\(name): expected dtype, shape and data_offsets")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw Mistake(what: "\(name): the element type \(typeName) is not known")
    }
    var size = type.bits
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw Mistake(what: "\(name): the size of \(shape) overflows") }
      size = product
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw Mistake(what: "\(name): expected an ascending byte range, found \(offsets)")
    }
    guard size % 8 == 0, offsets[1] - offsets[0] == size / 8 else {
      throw Mistake(
        what: "\(name): \(shape) of \(typeName) needs \((size + 7) / 8) bytes, its range has \(offsets[1] - offsets[0])"
      )
    }
    return SafetensorsFile.Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// The names and texts of `__metadata__`; null means none.
  private mutating func texts() throws(Mistake) -> [String: String] {
    skipSpace()
    if bytes[i...].starts(with: "null".utf8) {
      i += 4
      return [:]
    }
    var texts: [String: String] = [:]
    try members { (scanner, name) throws(Mistake) in
      scanner.skipSpace()
      guard scanner.next == UInt8(ascii: "\"") else { throw Mistake(what: "__metadata__: expected texts only") }
      if texts.updateValue(try scanner.text(), forKey: name) != nil {
        throw Mistake(what: "__metadata__: \(name): the name occurs twice")
      }
    }
    return texts
  }

  // MARK: JSON

  private mutating func members(_ body: (inout HeaderScanner, String) throws(Mistake) -> Void) throws(Mistake) {
    try expect("{")
    if take("}") { return }
    repeat {
      let name = try text()
      try expect(":")
      try body(&self, name)
    } while take(",")
    try expect("}")
  }

  /// Whole numbers from 0.
  private mutating func integers(_ place: String) throws(Mistake) -> [Int] {
    try expect("[")
    var values: [Int] = []
    if take("]") { return values }
    repeat {
      skipSpace()
      let start = i
      var value = 0
      while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
        let (tens, over) = value.multipliedReportingOverflow(by: 10)
        let (sum, beyond) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
        guard !over, !beyond else { throw Mistake(what: "\(place): a number overflows") }
        value = sum
        i += 1
      }
      let isWhole = i > start && (bytes[start] != UInt8(ascii: "0") || i == start + 1)
      skipSpace()
      guard isWhole, next == UInt8(ascii: ",") || next == UInt8(ascii: "]") else {
        throw Mistake(what: "\(place): expected whole numbers from 0")
      }
      values.append(value)
    } while take(",")
    try expect("]")
    return values
  }

  private mutating func text() throws(Mistake) -> String {
    try expect("\"")
    let start = i
    var isEscaped = false
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw mistake("a text without control characters") }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        i += 1
      }
      i += 1
    }
    guard next != nil else { throw mistake("the end of a text") }
    i += 1
    // Escapes are rare: Foundation undoes them.
    let raw = bytes[start..<i - 1]
    let text =
      isEscaped
      ? try? JSONDecoder().decode(String.self, from: Data(bytes[start - 1..<i]))
      : String(validating: raw, as: UTF8.self)
    guard let text else { throw mistake("a text of UTF-8 before this") }
    return text
  }

  private mutating func expect(_ mark: Unicode.Scalar) throws(Mistake) {
    guard take(mark) else { throw mistake("'\(mark)'") }
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: mark) else { return false }
    i += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { i += 1 }
  }

  private var next: UInt8? { i < bytes.count ? bytes[i] : nil }

  private func mistake(_ expected: String) -> Mistake {
    let found = i < bytes.count ? "'\(String(decoding: [bytes[i]], as: UTF8.self))'" : "its end"
    return Mistake(what: "header: byte \(i): expected \(expected), found \(found)")
  }
}
