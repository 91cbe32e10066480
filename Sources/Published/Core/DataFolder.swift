import Determinism
import Foundation

/// The folder under which the published datasets lie, each in a folder of its own.
struct DataFolder: Sendable {
  let root: String

  /// - Throws: `Failure(.missingInput)` if it is not there.
  init(_ root: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw Failure(.missingInput, "\(root): no such folder; expected the folder of the datasets")
    }
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
  }

  /// Images, sounds and frames, relative to the data folder, one a line, whose records are left out: for files that are
  /// damaged and cannot be had again.
  static let skipList = "skip.txt"

  /// The files of the skip list; empty where there is none.
  func skipped() throws -> Set<String> {
    guard exists(Self.skipList) else { return [] }
    let text = String(decoding: try SourceBytes.read(path(Self.skipList)), as: UTF8.self)
    return Set(
      text.split(whereSeparator: \.isNewline).map { TextLines.trimmed(String($0)) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") })
  }

  func path(_ file: String) -> String { "\(root)/\(file)" }

  func exists(_ file: String) -> Bool { FileManager.default.fileExists(atPath: path(file)) }

  func isFolder(_ file: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path(file), isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Names in a folder by code point, without hidden ones; none if it is not there.
  func names(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted(by: codePointsAscend)
  }
}

/// Order by UTF-8 bytes, which no locale changes.
func codePointsAscend(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
