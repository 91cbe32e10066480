import Datasets
import Determinism
import Foundation

/// Published datasets, converted once into a compact form: one line of JSON per record, and a manifest with digests.
///
/// Images and sounds stay where they are. A prepared dataset is complete or not there: its manifest is written last, and
/// every file under a temporary name first. Preparing again keeps what was made from the same files.
public struct PublishedStore: Sendable {
  /// The folder of the published datasets.
  public let data: String
  /// Where the prepared ones are, each in a folder of its own.
  public let folder: String

  /// - Parameter folder: nil for `.prepared` in the data folder.
  public init(data: String, folder: String? = nil) {
    self.data = data
    self.folder = folder ?? "\(data)/.prepared"
  }

  /// What `prepare` did.
  public enum Preparation: Sendable, Hashable {
    /// The sources are those of the manifest and the prepared files are whole.
    case kept(PreparedManifest)
    case written(PreparedManifest)

    public var manifest: PreparedManifest {
      switch self {
      case .kept(let manifest), .written(let manifest): manifest
      }
    }
  }

  /// Where the prepared form of a dataset is.
  public func path(_ kind: PublishedKind) -> String { "\(folder)/\(kind.rawValue)" }

  /// Converts a dataset unless that is done.
  /// - Throws: `Failure(.missingInput)`, `Failure(.badInput)`, or `Failure(.io)` when the disk is full; an earlier
  ///   prepared form is then still there unless its sources have changed.
  @discardableResult
  public func prepare(_ kind: PublishedKind) throws -> Preparation {
    let sources = try SourceFingerprint.sources(of: kind.reader, in: try DataFolder(data))
    if let manifest = try keepable(kind, sources) { return .kept(manifest) }
    try checkWritable()
    let lease = try Lease.wait(for: "\(folder)/\(kind.rawValue).lease")
    defer { lease.release() }
    if let manifest = try keepable(kind, sources) { return .kept(manifest) }  // another process made it meanwhile
    let dataset = try kind.reader.read(data)
    let target = path(kind)
    removeRemains(in: target)
    var parts: [PreparedManifest.Part] = []
    for (split, records) in dataset.splits {
      parts.append(
        try write(
          split.rawValue, "records-\(split.rawValue).jsonl", records.map(RecordLine.text),
          to: target))
    }
    let skipped = dataset.skips.map { skip in
      RecordLine.list([skip.split.rawValue, skip.id, skip.reason.rawValue].map(RecordLine.quoted))
    }
    let manifest = PreparedManifest(
      version: PreparedManifest.currentVersion, dataset: kind.rawValue, sources: sources,
      media: SourceFingerprint.media(of: dataset),
      task: dataset.task.kindName,
      labels: dataset.task.labels, splits: parts,
      skipped: try write("skipped", "skipped.jsonl", skipped, to: target), notes: dataset.notes)
    try manifest.write(to: target)
    removeStrangers(in: target, manifest)
    return .written(manifest)
  }

  /// The manifest of a prepared dataset; nil if it is not prepared.
  public func manifest(_ kind: PublishedKind) throws -> PreparedManifest? {
    try PreparedManifest.read(path(kind))
  }

  /// A prepared dataset. Its files are compared with the manifest's digests.
  /// - Throws: `Failure(.missingInput)` if it is not prepared, `Failure(.badInput)` if files were changed.
  public func load(_ kind: PublishedKind) throws -> PublishedDataset {
    let target = path(kind)
    guard let manifest = try manifest(kind) else {
      throw Failure(
        .missingInput, "\(target): \(kind.title) is not prepared; run: mope data prepare \(data)")
    }
    guard manifest.version == PreparedManifest.currentVersion, manifest.dataset == kind.rawValue
    else {
      throw Failure(
        .badInput,
        "\(target)/\(PreparedManifest.fileName): expected \(kind.rawValue), version \(PreparedManifest.currentVersion), "
          + "found \(manifest.dataset), version \(manifest.version); run: mope data prepare \(data)"
      )
    }
    for part in manifest.parts { try verify(part, in: target) }
    let splits = try manifest.splits.map { part -> (split: Split, records: [PublishedRecord]) in
      (try split(part.split, target), try records(part, in: target))
    }
    let task = try manifest.datasetTask(target)
    for record in splits.flatMap(\.records) where !record.label.isOf(task.labels.count) {
      throw Failure(
        .badInput,
        "\(target)/\(PreparedManifest.fileName): labels: record \(record.id) has another than these \(task.labels.count); delete the "
          + "folder and run: mope data prepare \(data)")
    }
    return PublishedDataset(
      kind: kind, folder: data, task: task, splits: splits,
      skips: try skips(manifest.skipped, in: target), notes: manifest.notes)
  }

  // MARK: Reading

  private func records(_ part: PreparedManifest.Part, in folder: String) throws -> [PublishedRecord] {
    var records: [PublishedRecord] = []
    try JSONLinesFile("\(folder)/\(part.file)").forEach { entry, _ in
      records.append(try RecordLine.record(entry))
    }
    guard records.count == part.records else {
      throw Failure(
        .badInput,
        "\(folder)/\(part.file): expected \(part.records) records, found \(records.count)")
    }
    return records
  }

  private func skips(_ part: PreparedManifest.Part, in folder: String) throws -> [SkippedRecord] {
    var skips: [SkippedRecord] = []
    try JSONLinesFile("\(folder)/\(part.file)").forEach { entry, place in
      let fields = try entry.strings()
      guard fields.count == 3, let reason = SkipReason(rawValue: fields[2]) else {
        throw place.bad("expected a split, an id and a known reason")
      }
      skips.append(
        SkippedRecord(split: try split(fields[0], folder), id: fields[1], reason: reason))
    }
    return skips
  }

  private func split(_ name: String, _ folder: String) throws -> Split {
    guard let split = Split(rawValue: name) else {
      throw Failure(
        .badInput, "\(folder): the split \"\(name)\" is not known; prepare the data again")
    }
    return split
  }

  private func verify(_ part: PreparedManifest.Part, in folder: String) throws {
    let path = "\(folder)/\(part.file)"
    let found = try SourceFingerprint.digest(path)
    guard found.sha256 == part.sha256 else {
      throw Failure(
        .badInput,
        "\(path): expected SHA-256 \(part.sha256) of \(part.bytes) bytes, found \(found.sha256) of \(found.bytes); it was "
          + "changed; delete it and run: mope data prepare \(data)")
    }
  }

  /// The manifest, if it is of these sources and its files are whole.
  private func keepable(
    _ kind: PublishedKind, _ sources: [PreparedManifest.Source]
  ) throws -> PreparedManifest? {
    let target = path(kind)
    let manifest: PreparedManifest?
    do { manifest = try self.manifest(kind) } catch let failure as Failure
      where failure.kind == .badInput
    {
      return nil  // of another version, or broken: written anew
    }
    guard let manifest, manifest.version == PreparedManifest.currentVersion,
      manifest.dataset == kind.rawValue,
      manifest.sources == sources
    else { return nil }
    for part in manifest.parts where (try? verify(part, in: target)) == nil { return nil }
    return manifest
  }

  // MARK: Writing

  /// - Throws: `Failure(.io)` that says how to write elsewhere: published data often lies where nobody may write.
  private func checkWritable() throws {
    let manager = FileManager.default
    do { try manager.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw Failure(.io, "\(folder): cannot make the folder; name one that can be written to with --prepared")
    }
    guard manager.isWritableFile(atPath: folder) else {
      throw Failure(.io, "\(folder): cannot be written to; name a folder that can with --prepared")
    }
  }

  private func write(
    _ split: String, _ file: String, _ lines: [String], to folder: String
  ) throws -> PreparedManifest.Part {
    var bytes: [UInt8] = []
    for line in lines {
      bytes.append(contentsOf: line.utf8)
      bytes.append(0x0A)
    }
    try bytes.withUnsafeBytes { try AtomicFile.write($0, to: "\(folder)/\(file)") }
    return PreparedManifest.Part(
      split: split, file: file, records: lines.count, bytes: bytes.count,
      sha256: ContentHash.of(bytes))
  }

  /// Takes away the temporary files of a preparation that was killed, and a manifest that no longer holds.
  private func removeRemains(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      if name.hasSuffix(".tmp") || name == PreparedManifest.fileName {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }

  /// Takes away records of splits that the dataset no longer has.
  private func removeStrangers(in folder: String, _ manifest: PreparedManifest) {
    let known = Set(manifest.parts.map(\.file) + [PreparedManifest.fileName])
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where !known.contains(name) {
      if name.hasPrefix("records-") {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }
}

extension PublishedLabel {
  /// Whether every index is one of so many labels.
  fileprivate func isOf(_ count: Int) -> Bool {
    switch self {
    case .class(let index): (0..<count).contains(index)
    case .labels(let indices): indices.allSatisfy((0..<count).contains)
    case .answers(let scores): scores.allSatisfy { (0..<count).contains($0.label) }
    case .mask, .unlabelled: true
    }
  }
}
