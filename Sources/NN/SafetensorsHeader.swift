import Autograd
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
    let header = data.subdata(in: data.startIndex + 8..<data.startIndex + dataStart)
    guard header.first == UInt8(ascii: "{") else { throw bad("header: expected JSON starting with {") }
    if let name = duplicateKey(in: header) { throw bad("\(name): the name occurs twice") }
    let parsed: Any
    do { parsed = try JSONSerialization.jsonObject(with: header) } catch {
      throw bad("header: not valid JSON: \(error.localizedDescription)")
    }
    guard let object = parsed as? [String: Any] else { throw bad("header: expected a JSON object") }

    var entries: [String: SafetensorsFile.Entry] = [:]
    var metadata: [String: String] = [:]
    for name in object.keys.sorted() {
      if name == "__metadata__" {
        guard let texts = object[name] as? [String: String] else {
          throw bad("__metadata__: expected texts only")
        }
        metadata = texts
        continue
      }
      entries[name] = try Self.entry(object[name], name, bad)
    }
    try Self.checkCoverage(entries, available: data.count - dataStart, bad)
    self.entries = entries
    self.metadata = metadata
  }

  private static func entry(
    _ value: Any?, _ name: String, _ bad: (String) -> Failure
  ) throws -> SafetensorsFile.Entry {
    guard let fields = value as? [String: Any], let typeName = fields["dtype"] as? String,
      let shape = integers(fields["shape"]), let offsets = integers(fields["data_offsets"])
    else { throw bad("\(name): expected dtype, shape and data_offsets") }
    guard Set(fields.keys) == ["dtype", "shape", "data_offsets"] else {
      throw bad("\(name): expected dtype, shape and data_offsets alone, found \(fields.keys.sorted())")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw bad("\(name): the element type \(typeName) is not supported")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else { throw bad("\(name): negative size in \(shape)") }
    var size = type.size
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw bad("\(name): the size of \(shape) overflows") }
      size = product
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw bad("\(name): expected an ascending byte range, found \(offsets)")
    }
    guard offsets[1] - offsets[0] == size else {
      throw bad("\(name): \(shape) of \(typeName) needs \(size) bytes, its range has \(offsets[1] - offsets[0])")
    }
    return SafetensorsFile.Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// The ranges must follow one another without a hole or an overlap and end with the file.
  private static func checkCoverage(
    _ entries: [String: SafetensorsFile.Entry], available: Int, _ bad: (String) -> Failure
  ) throws {
    let ordered = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
        < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
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

  private static func integers(_ value: Any?) -> [Int]? {
    guard let numbers = value as? [NSNumber] else { return nil }
    let converted = numbers.map(\.intValue)
    return zip(converted, numbers).allSatisfy { Double($0) == $1.doubleValue } ? converted : nil
  }
}

/// The first name that occurs twice among the keys of the outermost object; JSON parsers keep one silently.
private func duplicateKey(in json: Data) -> String? {
  var seen: Set<Data> = []
  var depth = 0
  var start: Int?
  var key: Data?
  var escaped = false
  for (index, byte) in json.enumerated() {
    if let begin = start {  // inside a text
      if escaped {
        escaped = false
      } else if byte == UInt8(ascii: "\\") {
        escaped = true
      } else if byte == UInt8(ascii: "\"") {
        key = json.subdata(in: begin..<index)
        start = nil
      }
      continue
    }
    switch byte {
    case UInt8(ascii: "\""): start = index + 1
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    case UInt8(ascii: ":"):
      if depth == 1, let key, !seen.insert(key).inserted { return String(decoding: key, as: UTF8.self) }
    default: break
    }
  }
  return nil
}
