import Autograd
import Determinism
import Foundation

/// A file of named tensors in the safetensors format, read on demand.
///
/// Layout: the length of the header (8 bytes, little-endian), the header (JSON: name → dtype, shape, byte range), the
/// data. Every rule of the format is checked when the file is opened: a header that lies is an error, never a guess.
public final class SafetensorsFile: Checkpoint {
  public let source: String
  public let names: [String]
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  private let entries: [String: Entry]
  private let data: Data
  private let dataStart: Int

  struct Entry {
    let type: ElementType
    let shape: [Int]
    let range: Range<Int>
  }

  /// Opens and checks a file.
  /// - Throws: `Failure(.missingInput)` or `Failure(.badInput)`.
  public init(path: String) throws {
    data = try InputFile.map(path)
    source = path
    let header = try SafetensorsHeader(data, source: path)
    entries = header.entries
    metadata = header.metadata
    dataStart = header.dataStart
    names = entries.keys.sorted()
  }

  /// The shape of a tensor, or nil if there is none of this name.
  public func shape(_ name: String) -> [Int]? { entries[name]?.shape }

  /// A tensor as floats; half precisions and integers are converted. Nil if there is none of this name.
  /// - Throws: `Failure(.badInput)` for an element type that is not read.
  public func tensor(_ name: String) throws -> Tensor? {
    guard let entry = entries[name] else { return nil }
    let count = entry.shape.product
    let values: [Float]? = data.withUnsafeBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[shifted(entry.range)])
      return entry.type.floats(bytes, count: count)
    }
    guard let values else {
      throw Failure(.badInput, "\(source): \(name): the element type \(entry.type.rawValue) is not read")
    }
    return Tensor(values, entry.shape)
  }

  /// Integers of a tensor with an integer type.
  /// - Throws: `Failure(.badInput)` for another type.
  public func integers(_ name: String) throws -> (values: [Int], shape: [Int])? {
    guard let entry = entries[name] else { return nil }
    return try data.withUnsafeBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[shifted(entry.range)])
      guard let values = entry.type.integers(bytes, count: entry.shape.product) else {
        throw Failure(.badInput, "\(source): \(name): expected integers, found \(entry.type.rawValue)")
      }
      return (values, entry.shape)
    }
  }

  private func shifted(_ range: Range<Int>) -> Range<Int> {
    dataStart + range.lowerBound..<dataStart + range.upperBound
  }
}

/// Element types of the format. Those of less than a byte, of eight bits and complex ones are known, so that a file that has one
/// beside what is needed can be opened, and not read.
enum ElementType: String {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u8 = "U8"
  case bool = "BOOL"
  case u16 = "U16"
  case u32 = "U32"
  case u64 = "U64"
  case c64 = "C64"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case f8e8m0 = "F8_E8M0"
  case f6e2m3 = "F6_E2M3"
  case f6e3m2 = "F6_E3M2"
  case f4 = "F4"

  /// Of an element.
  var bits: Int {
    switch self {
    case .f64, .i64, .u64, .c64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .i8, .u8, .bool, .f8e5m2, .f8e4m3, .f8e8m0: 8
    case .f6e2m3, .f6e3m2: 6
    case .f4: 4
    }
  }

  /// Nil for a type that is not read.
  func floats(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Float]? {
    switch self {
    case .f32: read(bytes, count, UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
    case .f64: read(bytes, count, UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
    case .f16: read(bytes, count, UInt16.self) { Float(halfPrecision: UInt16(littleEndian: $0)) }
    case .bf16:
      read(bytes, count, UInt16.self) {
        Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16)
      }
    default: integers(bytes, count: count)?.map(Float.init)
    }
  }

  func integers(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Int]? {
    switch self {
    case .i64: read(bytes, count, Int64.self) { Int(Int64(littleEndian: $0)) }
    case .i32: read(bytes, count, Int32.self) { Int(Int32(littleEndian: $0)) }
    case .i16: read(bytes, count, Int16.self) { Int(Int16(littleEndian: $0)) }
    case .i8: read(bytes, count, Int8.self) { Int($0) }
    case .u8, .bool: read(bytes, count, UInt8.self) { Int($0) }
    case .u16: read(bytes, count, UInt16.self) { Int(UInt16(littleEndian: $0)) }
    case .u32: read(bytes, count, UInt32.self) { Int(UInt32(littleEndian: $0)) }
    default: nil
    }
  }

  private func read<Word, Value>(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, _ type: Word.Type, _ convert: (Word) -> Value
  ) -> [Value] {
    (0..<count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self)) }
  }
}

extension Float {
  /// The value of an IEEE 754 half-precision number. Written out because `Float16` is not on every platform.
  fileprivate init(halfPrecision bits: UInt16) {
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: self = sign * fraction * 0x1p-24
    case 31: self = fraction == 0 ? sign * .infinity : .nan
    default: self = sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}

/// Writes tensors as a safetensors file.
public enum SafetensorsWriter {
  /// The bytes of a file with these tensors as F32, integers as I32 and small integers as U8.
  ///
  /// Sorted by name, those of one byte an element last, so that all others stay aligned.
  public static func bytes(
    _ tensors: [(name: String, tensor: Tensor)],
    integers: [(name: String, values: [Int32], shape: [Int])] = [],
    smallIntegers: [(name: String, values: [UInt8], shape: [Int])] = [], metadata: [String: String] = [:]
  ) -> [UInt8] {
    var entries: [(name: String, type: String, shape: [Int], bytes: [UInt8])] = []
    for (name, tensor) in tensors {
      // In one piece: the state of a fine-tuned full-size model has half a billion numbers.
      let content = tensor.withElements { elements -> [UInt8] in
        let words = elements.map(\.bitPattern.littleEndian)
        return words.withUnsafeBytes { Array($0) }
      }
      entries.append((name, "F32", tensor.shape, content))
    }
    for (name, values, shape) in integers {
      require(values.count == shape.product, "\(name): \(values.count) integers for \(shape)")
      entries.append((name, "I32", shape, values.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }))
    }
    for (name, values, shape) in smallIntegers {
      require(values.count == shape.product, "\(name): \(values.count) integers for \(shape)")
      entries.append((name, "U8", shape, values))
    }
    entries.sort { ($0.type == "U8" ? 1 : 0, $0.name) < ($1.type == "U8" ? 1 : 0, $1.name) }
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let end = offset + entry.bytes.count
      fields.append(
        "\(quoted(entry.name)):{\"dtype\":\"\(entry.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var result = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
    result.reserveCapacity(8 + header.count + offset)
    result += header
    for entry in entries { result += entry.bytes }
    return result
  }

  /// Writes the file whole or not at all.
  /// - Throws: `Failure(.io)`
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)],
    integers: [(name: String, values: [Int32], shape: [Int])] = [],
    smallIntegers: [(name: String, values: [UInt8], shape: [Int])] = [],
    metadata: [String: String] = [:], to path: String
  ) throws {
    let content = bytes(tensors, integers: integers, smallIntegers: smallIntegers, metadata: metadata)
    try content.withUnsafeBytes { try AtomicFile.write($0, to: path) }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
