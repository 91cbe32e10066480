import Determinism
import Foundation

/// A retraining of some runs that may be stopped and gone on with, and that several processes may share.
///
/// The first to begin it writes down which records were in the store; a run whose record is another one has been
/// retrained. The note goes when all are.
struct Retraining: Sendable {
  private let path: String
  /// By run, the digest of the record before.
  private let before: [String: String]
  private let store: RunStore

  /// Begins a retraining of these runs in this environment, or joins the one that is in progress.
  init(_ digests: [String], in store: RunStore) throws {
    let identity = digests.sorted() + [Environment.current.className]
    path = "\(store.folder)/retraining/\(ContentHash.of(identity.joined(separator: " ")).prefix(16)).json"
    self.store = store
    let lease = try Lease.wait(for: "\(path).lease") { _ in try Interruption.check() }
    defer { lease.release() }
    if let known = Self.read(path) {
      before = known
      return
    }
    before = Dictionary(digests.map { ($0, store.recordDigest($0)) }) { $1 }.compactMapValues { $0 }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try AtomicFile.write(String(decoding: try encoder.encode(before), as: UTF8.self) + "\n", to: path)
  }

  /// Whether a run has been retrained.
  func isDone(_ digest: String) -> Bool { store.recordDigest(digest).map { $0 != before[digest] } ?? false }

  /// All runs have been retrained: the next time starts anew.
  func end() {
    // Not the note of one that somebody else has begun since.
    if Self.read(path) == before { unlink(path) }
  }

  private static func read(_ path: String) -> [String: String]? {
    FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode([String: String].self, from: $0) }
  }
}
