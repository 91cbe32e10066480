import Datasets
import Determinism

/// A file or folder that a dataset consists of, and where its authors publish it.
public struct Requirement: Sendable, Hashable {
  /// What it is: "questions of the training split".
  public let role: String
  /// Paths in the data folder; the first that exists is taken.
  public let alternatives: [String]
  public let isFolder: Bool
  /// Whether the dataset can be read without it.
  public let isOptional: Bool
  /// Whether it is a folder of images or sounds alone, which no record's text or label depends on.
  public let isMedia: Bool
  /// "published at …", or what it is for where it is the reader's own.
  public let origin: String

  init(
    _ role: String, _ alternatives: [String], folder: Bool = false, media: Bool = false,
    optional: Bool = false,
    from site: String
  ) {
    self.init(
      role, alternatives, folder: folder, media: media, optional: optional, origin: "published at \(site)")
  }

  init(
    _ role: String, _ alternatives: [String], folder: Bool = false, media: Bool = false,
    optional: Bool = false, origin: String
  ) {
    self.role = role
    self.alternatives = alternatives
    self.isFolder = folder
    self.isMedia = media
    self.isOptional = optional
    self.origin = origin
  }

  /// The alternative that is there, relative to the data folder; nil if none is.
  func found(in data: DataFolder) -> String? {
    alternatives.first { isFolder ? data.isFolder($0) : data.exists($0) && !data.isFolder($0) }
  }

  /// - Throws: `Failure(.missingInput)` that says where to get it.
  func resolved(in data: DataFolder, _ kind: PublishedKind) throws -> String {
    guard let found = found(in: data) else {
      let others = alternatives.dropFirst().map { " or \($0)" }.joined()
      throw Failure(
        .missingInput,
        "\(data.path(alternatives[0])): no such \(isFolder ? "folder" : "file")\(others); \(kind.title) needs the "
          + "\(role); \(origin)")
    }
    return found
  }
}

/// Reads one published dataset.
public protocol PublishedReader: Sendable {
  var kind: PublishedKind { get }
  /// What it reads, by role.
  var requirements: [Requirement] { get }
  /// Reads everything under the data folder.
  /// - Throws: `Failure(.missingInput)` for what is not there, `Failure(.badInput)` that names file and entry for what
  ///   contradicts the published layout.
  func read(_ dataFolder: String) throws -> PublishedDataset
}

extension PublishedReader {
  /// The path of the requirement with this role.
  func resolve(_ role: String, in data: DataFolder) throws -> String {
    guard let requirement = requirements.first(where: { $0.role == role }) else {
      throw Failure(.internal, "\(kind.title): no requirement \"\(role)\"")
    }
    return try requirement.resolved(in: data, kind)
  }
}
