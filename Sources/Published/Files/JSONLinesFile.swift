import Datasets
import Determinism
import Text

/// A file with one JSON value per line, read in pieces so that its size does not matter.
struct JSONLinesFile {
  let path: String

  init(_ path: String) { self.path = path }

  /// Calls `body` with the value of every line and its place, in order. Empty lines are passed over.
  /// - Throws: `Failure(.badInput)` with the line's number if it is no JSON or not UTF-8.
  func forEach(_ body: (JSONEntry, SourcePlace) throws -> Void) throws {
    var line: [UInt8] = []
    var number = 0
    func finishLine() throws {
      number += 1
      defer { line.removeAll(keepingCapacity: true) }
      if line.last == 0x0D { line.removeLast() }
      guard line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
      let place = SourcePlace(path, "line \(number)")
      guard String(validating: line, as: UTF8.self) != nil else {
        throw place.bad("expected UTF-8, found other bytes; convert the file")
      }
      let value = try JSONParser.parse(line, file: path, firstLine: number)
      try body(JSONEntry(file: place.description, path: "", value: value), place)
    }
    try InputFile.forEachPiece(of: path) { piece in
      var rest = piece[...]
      while let end = rest.firstIndex(of: 0x0A) {
        line.append(contentsOf: rest[..<end])
        try finishLine()
        rest = rest[(end + 1)...]
      }
      line.append(contentsOf: rest)
    }
    if !line.isEmpty { try finishLine() }
  }
}
