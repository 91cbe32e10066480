import Determinism

/// What of a published dataset is in a data folder.
public struct DatasetPresence: Sendable {
  public enum State: String, Sendable, Codable {
    /// Everything that is needed is there.
    case complete
    /// Its own files are there in part.
    case incomplete
    /// None of its own files is there.
    case absent
  }

  public let kind: PublishedKind
  /// Every requirement with the path at which it was found.
  public let items: [(requirement: Requirement, found: String?)]
  /// Records by split of the prepared form; nil if it is not prepared.
  public let prepared: [(split: String, records: Int)]?

  public var state: State {
    let needed = items.filter { !$0.requirement.isOptional }
    if needed.allSatisfy({ $0.found != nil }) { return .complete }
    // Images alone say nothing: COCO's are shared, and so are those of both texts of Food-101.
    return needed.contains { $0.found != nil && !$0.requirement.isMedia } ? .incomplete : .absent
  }

  /// What is missing and needed.
  public var missing: [Requirement] {
    items.filter { $0.found == nil && !$0.requirement.isOptional }.map(\.requirement)
  }
}

extension PublishedStore {
  /// What is there of every dataset. Nothing is read but names and manifests.
  /// - Throws: `Failure(.missingInput)` if there is no data folder.
  public func check() throws -> [DatasetPresence] {
    let data = try DataFolder(data)
    return try PublishedKind.allCases.map { kind in
      DatasetPresence(
        kind: kind, items: kind.reader.requirements.map { ($0, $0.found(in: data)) },
        prepared: try manifest(kind)?.splits.map { ($0.split, $0.records) })
    }
  }
}
