import Datasets
import Determinism
import Foundation

/// Collects the records of a dataset and checks them as a whole.
struct DatasetBuilder {
  let kind: PublishedKind
  let data: DataFolder
  private var records: [Split: [PublishedRecord]] = [:]
  private var places: [Verbatim: SourcePlace] = [:]
  private(set) var skips: [SkippedRecord] = []
  private var notes: [String] = []

  /// Files whose records are left out, with their lines in the list.
  private let listed: [Verbatim: Int]
  private var matched: Set<Verbatim> = []

  init(_ kind: PublishedKind, _ data: DataFolder) throws {
    self.kind = kind
    self.data = data
    listed = try data.skipped()
  }

  /// - Throws: `Failure(.badInput)` if the id is taken.
  mutating func add(_ record: PublishedRecord, to split: Split, at place: SourcePlace) throws {
    if let other = places.updateValue(place, forKey: Verbatim(record.id)) {
      throw place.bad(
        "the id \"\(record.id)\" is already used at \(other); expected every id once; remove one of the two"
      )
    }
    if !listed.isEmpty {
      let files = record.files.map { Verbatim($0) }.filter { listed[$0] != nil }
      matched.formUnion(files)
      if !files.isEmpty { return skip(record.id, of: split, .listed) }
    }
    records[split, default: []].append(record)
  }

  mutating func skip(_ id: String, of split: Split, _ reason: SkipReason) {
    skips.append(SkippedRecord(split: split, id: id, reason: reason))
  }

  mutating func note(_ text: String) { notes.append(text) }

  func count(_ split: Split) -> Int { records[split]?.count ?? 0 }

  /// The dataset, once all records are added.
  /// - Parameter alias: a split that is judged on the records of another.
  /// - Throws: `Failure(.badInput)` for a split without records, `Failure(.missingInput)` for image and sound files that
  ///   are not there.
  func finished(
    _ task: DatasetTask, splits: [Split], alias: (Split, of: Split)? = nil
  ) throws -> PublishedDataset {
    for split in splits where count(split) == 0 {
      let skipped = skips.filter { $0.split == split }
      let why = skipped.first.map {
        " (\(skipped.count) skipped, the first: \($0.id): \($0.reason.rawValue))"
      }
      throw Failure(
        .badInput,
        "\(kind.title): split \(split.rawValue): expected at least one record, found none\(why ?? ""); "
          + "is \(data.path(kind.folder)) complete?")
    }
    let ordered = Split.allCases.filter(splits.contains).map { ($0, records[$0] ?? []) }
    try checkFiles(ordered)
    let folders = kind.reader.requirements.filter(\.isFolder).compactMap { $0.found(in: data) }
    let unmatched = listed.filter { file, _ in
      !matched.contains(file) && folders.contains { file.text.hasPrefix("\($0)/") }
    }.sorted { $0.value < $1.value }
    let unused = unmatched.map { "\($0.key.text) (line \($0.value))" }
    let unusedNote =
      unused.isEmpty
      ? []
      : ["\(DataFolder.skipList) names files of no record, which change nothing: \(unused.joined(separator: ", "))."]
    let aliased = Split.allCases.compactMap {
      split -> (split: Split, records: [PublishedRecord])? in
      let source = split == alias?.0 ? alias?.of : split
      return ordered.first { $0.0 == source }.map { (split, $0.1) }
    }
    return PublishedDataset(
      kind: kind, folder: data.root, task: task, splits: aliased, skips: skips, notes: notes + unusedNote)
  }

  private func checkFiles(_ splits: [(Split, [PublishedRecord])]) throws {
    var listings: [String: Set<Verbatim>] = [:]
    var missing: [(file: String, id: String)] = []
    var count = 0
    var checked: Set<Verbatim> = []
    for (_, records) in splits {
      for record in records {
        for file in record.files {
          guard checked.insert(Verbatim(file)).inserted else { continue }
          count += 1
          let path = file as NSString
          let folder = path.deletingLastPathComponent
          if listings[folder] == nil { listings[folder] = Set(data.names(in: folder).map { Verbatim($0) }) }
          if listings[folder]?.contains(Verbatim(path.lastPathComponent)) != true {
            missing.append((file, record.id))
          }
        }
      }
    }
    guard let first = missing.first else { return }
    throw Failure(
      .missingInput,
      "\(data.path(first.file)): no such file; record \(first.id) of \(kind.title) needs it "
        + "(\(missing.count) of \(count) files are missing); download or unpack the images again, or list it in \(data.path(DataFolder.skipList))"
    )
  }
}
