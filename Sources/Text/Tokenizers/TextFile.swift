import Determinism

/// A UTF-8 file that has been read.
struct TextFile: Sendable {
  let name: String
  let bytes: [UInt8]

  /// - Throws: `Failure(.missingInput)` if it is not there, `.io` if it cannot be read, `.badInput`
  ///   if it is not UTF-8.
  init(_ path: String) throws {
    self.bytes = try InputFile.read(path)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Failure(.badInput, "\(path): expected UTF-8, found other bytes; convert the file")
    }
    self.name = path
  }

  /// The lines without their ends (LF or CR LF), without an empty one after the last end.
  var lines: [ArraySlice<UInt8>] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
  }

  func json() throws -> JSONEntry {
    JSONEntry(file: name, path: "", value: try JSONParser.parse(bytes, file: name))
  }
}
