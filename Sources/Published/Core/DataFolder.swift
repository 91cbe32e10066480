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

  /// The files of the skip list with their lines; empty where there is none. A path may be as messages write it, with the data
  /// folder in front.
  /// - Throws: `Failure(.badInput)` for a path that lies in no dataset's folders, and so can never match.
  func skipped() throws -> [Verbatim: Int] {
    guard exists(Self.skipList) else { return [:] }
    let folders = Set(PublishedKind.allCases.flatMap(\.reader.requirements).filter(\.isFolder).flatMap(\.alternatives))
    var listed: [Verbatim: Int] = [:]
    for (index, line) in try TextLines.lines(path(Self.skipList)).enumerated() {
      var file = TextLines.trimmed(line)
      if file.isEmpty || file.hasPrefix("#") { continue }
      for beginning in ["\(root)/", "./"] where file.hasPrefix(beginning) { file.removeFirst(beginning.count) }
      guard folders.contains(where: { file.hasPrefix("\($0)/") }) else {
        throw SourcePlace(path(Self.skipList), "line \(index + 1)").bad(
          "expected the path of an image or a sound from the data folder, such as mm-imdb/dataset/0012349.jpeg; found "
            + "\"\(file)\", which lies in no folder of a dataset")
      }
      listed[Verbatim(file)] = index + 1
    }
    return listed
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
func codePointsAscend(_ a: String, _ b: String) -> Bool { Verbatim(a) < Verbatim(b) }
