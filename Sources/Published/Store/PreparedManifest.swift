import Datasets
import Determinism
import Foundation

/// What a prepared dataset consists of and what it was made from.
public struct PreparedManifest: Codable, Hashable, Sendable {
  /// A published file or folder.
  public struct Source: Codable, Hashable, Sendable {
    /// Relative to the data folder.
    public let path: String
    /// Of a file its bytes; of a folder the sum over its files.
    public let bytes: Int
    /// Of a file the digest of its content; of a folder that of names and sizes, and where the content decides the records
    /// also of when its files were last changed.
    public let sha256: String
  }

  /// A file of the prepared dataset.
  public struct Part: Codable, Hashable, Sendable {
    public let split: String
    public let file: String
    public let records: Int
    public let bytes: Int
    public let sha256: String
  }

  /// What the readers of this program make of the same sources; a change of it makes prepared datasets stale.
  public static let currentVersion = 3

  public private(set) var version: Int
  public let dataset: String
  public var sources: [Source]
  /// The images and sounds that records name, with their sizes.
  public let media: Source
  /// "classification", "multi-label", "segmentation" or "answering"
  public let task: String
  public let labels: [String]
  public let splits: [Part]
  public let skipped: Part
  public let notes: [String]

  /// What says on any machine whether two prepared datasets are the same: records, labels, and the files that records name.
  /// Sources are left out: what was read from them is in the records, and what else lies in their folders does not matter.
  public func identity() throws -> String {
    var copy = self
    copy.sources = []
    copy.version = 2  // what a later version reads otherwise is in the digests of the records
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ContentHash.of(Array(try encoder.encode(copy)))
  }

  /// All files of the prepared dataset.
  var parts: [Part] { splits + [skipped] }

  static let fileName = "manifest.json"

  /// Reads the manifest in this folder; nil if there is none.
  /// - Throws: `Failure(.badInput)` if it is broken.
  static func read(_ folder: String) throws -> PreparedManifest? {
    let path = "\(folder)/\(fileName)"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return try JSONDecoder().decode(Self.self, from: Data(try InputFile.read(path)))
    } catch let error as DecodingError {
      throw Failure(
        .badInput,
        "\(path): not a manifest of prepared data (\(error)); delete the folder and prepare the data again"
      )
    }
  }

  func write(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(
      String(decoding: try encoder.encode(self), as: UTF8.self) + "\n",
      to: "\(folder)/\(Self.fileName)")
  }

  /// The task with its labels.
  func datasetTask(_ folder: String) throws -> DatasetTask {
    switch task {
    case "classification": return .classification(labels: labels)
    case "multi-label": return .multiLabel(labels: labels)
    case "segmentation": return .segmentation
    case "answering": return .answering(labels: labels)
    default: throw Failure(.badInput, "\(folder)/\(Self.fileName): task: \"\(task)\" is not known")
    }
  }
}

extension DatasetTask {
  /// As in manifests.
  var kindName: String {
    switch self {
    case .classification: "classification"
    case .multiLabel: "multi-label"
    case .segmentation: "segmentation"
    case .answering: "answering"
    }
  }
}
