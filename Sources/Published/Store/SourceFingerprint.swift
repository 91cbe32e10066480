import Determinism
import Foundation

/// Says whether published files are still the same.
enum SourceFingerprint {
  /// One entry for each requirement that is there.
  /// - Throws: `Failure(.missingInput)` if one that is not optional is missing.
  static func sources(of reader: any PublishedReader, in data: DataFolder) throws
    -> [PreparedManifest.Source]
  {
    let listed = try data.exists(DataFolder.skipList) ? [file(DataFolder.skipList, data.path(DataFolder.skipList))] : []
    return try listed
      + reader.requirements.compactMap { requirement in
        if requirement.isOptional, requirement.found(in: data) == nil { return nil }
        let path = try requirement.resolved(in: data, reader.kind)
        return requirement.isFolder
          ? folder(path, isMedia: requirement.isMedia, data)
          : try file(path, "\(data.path(path))")
      }
  }

  /// Names and sizes of the images and sounds that these records name.
  static func media(of dataset: PublishedDataset) -> PreparedManifest.Source {
    var hash = ContentHash()
    var bytes = 0
    var seen: Set<Verbatim> = []
    for record in dataset.splits.flatMap(\.records) {
      for file in record.files where seen.insert(Verbatim(file)).inserted {
        var status = stat()
        guard stat(dataset.path(file), &status) == 0 else { continue }
        hash.update(file)
        hash.update(Int(status.st_size))
        bytes += Int(status.st_size)
      }
    }
    return PreparedManifest.Source(path: "media", bytes: bytes, sha256: hash.finish())
  }

  /// The digest of a file's content, and its size.
  static func digest(_ path: String) throws -> (sha256: String, bytes: Int) {
    var hash = ContentHash()
    var count = 0
    try InputFile.forEachPiece(of: path) {
      hash.update($0)
      count += $0.count
    }
    return (hash.finish(), count)
  }

  private static func file(_ name: String, _ path: String) throws -> PreparedManifest.Source {
    let found = try digest(path)
    return PreparedManifest.Source(path: name, bytes: found.bytes, sha256: found.sha256)
  }

  /// Names and sizes; where the content decides the records also when each file was last changed.
  private static func folder(_ name: String, isMedia: Bool, _ data: DataFolder)
    -> PreparedManifest.Source
  {
    var hash = ContentHash()
    var bytes = 0
    let files = (try? FileManager.default.subpathsOfDirectory(atPath: data.path(name))) ?? []
    for file in files.sorted(by: codePointsAscend)
    where !file.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
      var status = stat()
      guard stat("\(data.path(name))/\(file)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
      else { continue }
      hash.update(file)
      hash.update(Int(status.st_size))
      if !isMedia {
        hash.update(Int(status.st_mtim.tv_sec))
        hash.update(Int(status.st_mtim.tv_nsec))
      }
      bytes += Int(status.st_size)
    }
    return PreparedManifest.Source(path: name, bytes: bytes, sha256: hash.finish())
  }
}
