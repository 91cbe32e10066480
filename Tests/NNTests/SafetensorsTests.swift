import Autograd
import Determinism
import Foundation
import NN
import TestSupport
import Testing

private func file(header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian, Array.init)
    + Array(header.utf8) + data
}

private func entry(_ name: String, _ type: String, _ shape: String, _ range: String) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(range)]}"
}

@Suite struct SafetensorsTests {
  @Test func `what was written is read back bit for bit`() throws {
    let path = try temporaryPath("round.safetensors")
    let values: [Float] = [1.5, -0, .leastNonzeroMagnitude, 3e38]
    try SafetensorsWriter.write(
      [("b", Tensor(values, [2, 2])), ("a \"quoted\"", Tensor([7], []))],
      integers: [("n", [-1, 2_000_000_000], [2])], metadata: ["kind": "test"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.names == ["a \"quoted\"", "b", "n"])
    #expect(file.metadata == ["kind": "test"])
    let read = try #require(try file.tensor("b"))
    #expect(read.shape == [2, 2])
    #expect(read.values.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try file.integers("n")?.values == [-1, 2_000_000_000])
    #expect(try file.tensor("missing") == nil)
  }

  @Test func `small integers take one byte each and leave the others aligned`() throws {
    let path = try temporaryPath("small.safetensors")
    try SafetensorsWriter.write(
      [("b", Tensor([1.5], [1]))], integers: [("z", [-7], [1])],
      smallIntegers: [("a", [0, 255, 3], [3, 1])], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(try file.integers("a")?.values == [0, 255, 3])
    #expect(file.shape("a") == [3, 1])
    #expect(try file.integers("z")?.values == [-7])
    #expect(try file.tensor("b")?.values == [1.5])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(Array(bytes.suffix(3)) == [0, 255, 3])
  }

  @Test func `half precisions and doubles are converted`() throws {
    let header =
      "{\(entry("h", "F16", "3", "0,6")),\(entry("b", "BF16", "2", "6,10")),\(entry("d", "F64", "1", "10,18"))}"
    let data: [UInt8] =
      [0x00, 0x3C, 0x01, 0x00, 0x00, 0xFC] + [0xC0, 0x3F, 0x80, 0xFF]
      + withUnsafeBytes(of: (0.1).bitPattern.littleEndian, Array.init)
    let path = try temporaryPath("types.safetensors")
    try Data(file(header: header, data: data)).write(to: URL(fileURLWithPath: path))
    let opened = try SafetensorsFile(path: path)
    #expect(try opened.tensor("h")?.values == [1, 0x1p-24, -.infinity])
    #expect(try opened.tensor("b")?.values == [1.5, -.infinity])
    #expect(try opened.tensor("d")?.values == [0.1])
  }

  static let lies: [(name: String, bytes: [UInt8])] = [
    ("no header length", [1, 2, 3]),
    ("header longer than the file", file(header: "{}", length: 500)),
    ("absurd header length", file(header: "{}", length: .max)),
    ("not JSON", file(header: "{\"a\":")),
    ("not an object", file(header: "[1]")),
    ("a name twice", file(header: "{\(entry("a", "U8", "1", "0,1")),\(entry("a", "U8", "1", "0,1"))}", data: [0])),
    ("unknown type", file(header: "{\(entry("a", "F7", "1", "0,1"))}", data: [0])),
    ("shape and range disagree", file(header: "{\(entry("a", "F32", "2", "0,4"))}", data: [0, 0, 0, 0])),
    ("negative size", file(header: "{\(entry("a", "F32", "-1", "0,4"))}", data: [0, 0, 0, 0])),
    ("size overflows", file(header: "{\(entry("a", "F32", "4294967296,4294967296", "0,0"))}")),
    ("range descends", file(header: "{\(entry("a", "U8", "0", "1,0"))}")),
    ("range is a fraction", file(header: "{\(entry("a", "U8", "1", "0.5,1.5"))}", data: [0])),
    ("hole", file(header: "{\(entry("a", "U8", "1", "1,2"))}", data: [0, 0])),
    ("overlap", file(header: "{\(entry("a", "U8", "2", "0,2")),\(entry("b", "U8", "2", "1,3"))}", data: [0, 0, 0])),
    ("data cut short", file(header: "{\(entry("a", "U8", "4", "0,4"))}", data: [0, 0])),
    ("data left over", file(header: "{\(entry("a", "U8", "1", "0,1"))}", data: [0, 0])),
    ("extra field", file(header: "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", data: [0])),
    ("metadata that is not text", file(header: "{\"__metadata__\":{\"a\":1}}")),
    (
      "a name twice, once with an escape",
      file(header: "{\(entry("a", "U8", "1", "0,1")),\(entry("\\u0061", "U8", "0", "1,1"))}", data: [0])
    ),
    (
      "a field twice",
      file(header: "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"shape\":[1],\"data_offsets\":[0,1]}}", data: [0])
    ),
    ("a size that is true", file(header: "{\(entry("a", "U8", "true", "0,1"))}", data: [0])),
    ("a size with a fraction", file(header: "{\(entry("a", "U8", "1.0", "0,1"))}", data: [0])),
    ("a size that begins with 0", file(header: "{\(entry("a", "U8", "01", "0,1"))}", data: [0])),
    ("a size beyond all", file(header: "{\(entry("a", "U8", "99999999999999999999", "0,1"))}", data: [0])),
    ("something behind the header", file(header: "{\(entry("a", "U8", "1", "0,1"))} {}", data: [0])),
    ("half a byte", file(header: "{\(entry("a", "F4", "1", "0,1"))}", data: [0])),
    ("a name that is not UTF-8", file(header: "{\"?\":{}}").map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }),
  ]

  @Test func `metadata may be null, and spaces stand anywhere`() throws {
    let path = try temporaryPath("null.safetensors")
    let header = "{ \"__metadata__\" : null , \(entry("a", "U8", " 1 , 2 ", " 0 , 2 ")) }  "
    try Data(file(header: header, data: [1, 2])).write(to: URL(fileURLWithPath: path))
    let opened = try SafetensorsFile(path: path)
    #expect(opened.metadata.isEmpty)
    #expect(try opened.integers("a")?.values == [1, 2])
    #expect(opened.shape("a") == [1, 2])
  }

  @Test func `a type that is not read is an error where it is asked for, not beside`() throws {
    let path = try temporaryPath("eight-bits.safetensors")
    let header =
      "{\(entry("f8", "F8_E4M3", "2", "0,2")),\(entry("u32", "U32", "1", "2,6")),\(entry("f4", "F4", "2,2", "6,8"))}"
    try Data(file(header: header, data: [0, 0, 5, 0, 0, 128, 0, 0])).write(to: URL(fileURLWithPath: path))
    let opened = try SafetensorsFile(path: path)
    #expect(try opened.integers("u32")?.values == [0x8000_0005])
    let failure = #expect(throws: Failure.self) { try opened.tensor("f8") }
    #expect(failure?.description.contains("f8: the element type F8_E4M3 is not read") == true)
    #expect(throws: Failure.self) { try opened.integers("f4") }
  }

  /// With a reader that looks at its rest for every entry this takes minutes.
  @Test(.timeLimit(.minutes(1))) func `a header of 400 000 entries is read in one pass`() throws {
    let path = try temporaryPath("many.safetensors")
    let entries = (0..<400_000).map { entry("t\($0)", "U8", "1", "\($0),\($0 + 1)") }
    let bytes = file(header: "{\(entries.joined(separator: ","))}", data: Array(repeating: 7, count: 400_000))
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let opened = try SafetensorsFile(path: path)
    #expect(opened.names.count == 400_000)
    #expect(try opened.integers("t399999")?.values == [7])
  }

  @Test(arguments: lies) func `a file that lies is bad input`(_ lie: (name: String, bytes: [UInt8])) throws {
    let path = try temporaryPath("\(lie.name.replacing(" ", with: "-")).safetensors")
    try Data(lie.bytes).write(to: URL(fileURLWithPath: path))
    let failure = #expect(throws: Failure.self, "\(lie.name)") { try SafetensorsFile(path: path) }
    #expect(failure?.kind == .badInput)
    #expect(failure?.description.contains(path) == true)
  }

  @Test func `a file that is not there is missing input`() {
    let failure = #expect(throws: Failure.self) { try SafetensorsFile(path: "nowhere.safetensors") }
    #expect(failure?.kind == .missingInput)
  }
}
