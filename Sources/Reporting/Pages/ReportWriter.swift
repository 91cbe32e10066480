import Determinism
import Foundation

/// Writes report files, or tells how they differ from what is on disk.
public struct ReportWriter: Sendable {
  /// A file whose content is not what the reports say.
  public struct Difference: Hashable, Sendable, CustomStringConvertible {
    public let path: String
    /// What is wrong, with the first line that differs and both texts.
    public let description: String
  }

  /// The folder of the reports on disk.
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// Writes what changed and leaves the rest alone.
  /// - Returns: the paths that were written.
  @discardableResult
  public func write(_ files: [ReportFile]) throws -> [String] {
    var written = [String]()
    for file in files {
      if FileManager.default.contents(atPath: full(file.path)) == Data(file.bytes) { continue }
      try file.bytes.withUnsafeBytes { try AtomicFile.write($0, to: full(file.path)) }
      written.append(file.path)
    }
    return written
  }

  /// The files that are missing or differ from the reports; writes nothing.
  ///
  /// A number that was edited by hand in a report is found here.
  public func differences(_ files: [ReportFile]) -> [Difference] {
    files.compactMap { file in
      guard let data = FileManager.default.contents(atPath: full(file.path)) else {
        return Difference(path: file.path, description: "\(file.path): missing; run: mope report")
      }
      let found = [UInt8](data)
      return found == file.bytes ? nil : difference(file, found)
    }
  }

  /// Pages in the folder, and pictures in it and its subfolders, that no report makes.
  public func leftovers(_ files: [ReportFile]) throws -> [String] {
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    let known = Set(files.map(\.path))
    do {
      return try FileManager.default.subpathsOfDirectory(atPath: folder)
        .filter { path in
          ["md", "svg", "png"].contains((path as NSString).pathExtension) && !known.contains(path)
        }.sorted()
    } catch {
      throw Failure(.io, "\(folder): cannot be listed: \(error.localizedDescription)")
    }
  }

  private func full(_ path: String) -> String {
    (folder as NSString).appendingPathComponent(path)
  }

  private func difference(_ file: ReportFile, _ found: [UInt8]) -> Difference {
    let isText = ["md", "html", "svg"].contains((file.path as NSString).pathExtension)
    guard isText else {
      return Difference(
        path: file.path,
        description:
          "\(file.path): expected \(file.bytes.count) bytes that the report draws, found "
          + "\(found.count) others; run: mope report")
    }
    let expectedLines = String(decoding: file.bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let foundLines = String(decoding: found, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let shared = min(expectedLines.count, foundLines.count)
    let line = (0..<shared).first { expectedLines[$0] != foundLines[$0] } ?? shared
    func text(_ lines: [Substring], beside other: [Substring]) -> String {
      guard lines.indices.contains(line) else { return "the end of the file" }
      let opposite = other.indices.contains(line) ? other[line] : ""
      // A line may be long (a table row, a picture): show what surrounds the first difference.
      let same = zip(lines[line], opposite).prefix { $0 == $1 }.count
      let start = max(0, same - 60)
      return "\"\(start > 0 ? "…" : "")\(lines[line].dropFirst(start).prefix(140))\""
    }
    return Difference(
      path: file.path,
      description: """
        \(file.path):\(line + 1): differs from what the results say
          expected \(text(expectedLines, beside: foundLines))
          found    \(text(foundLines, beside: expectedLines))
          if it was edited by hand, undo that; otherwise run: mope report
        """)
  }
}
