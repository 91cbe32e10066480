import Determinism
import Foundation

/// Everything that decides what a run gives: its value, and what the code, the encoders and the data are today.
public struct RunKey: Codable, Hashable, Sendable {
  public let run: TrainingRun
  /// The behaviour fingerprint of the method (see `Behaviour`).
  public let behaviour: String
  /// SHA-256 of each encoder's weights, by name.
  public let encoders: [String: String]
  /// Digest of the first examples of the dataset.
  public let data: String

  public init(run: TrainingRun, behaviour: String, encoders: [String: String], data: String) {
    self.run = run
    self.behaviour = behaviour
    self.encoders = encoders
    self.data = data
  }

  /// The content key: 64 hexadecimal digits.
  public func digest() throws -> String { ContentHash.of(try canonicalText()) }

  func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Every field by its path, as text: "run.recipe.epochs" → "6".
  public func fields() throws -> [String: String] {
    let object = try JSONSerialization.jsonObject(with: Data(try canonicalText().utf8))
    var fields: [String: String] = [:]
    func visit(_ value: Any, _ path: String) {
      switch value {
      case let object as [String: Any]:
        for (key, value) in object { visit(value, path.isEmpty ? key : "\(path).\(key)") }
      case let list as [[String: Any]]:
        for (place, value) in list.enumerated() { visit(value, "\(path).\(place)") }
      case let list as [Any]: fields[path] = list.map { "\($0)" }.joined(separator: ", ")
      default: fields[path] = "\(value)"
      }
    }
    visit(object, "")
    return fields
  }

  /// The fields in which this key differs from an older one, in order: "field: old → new".
  public func changes(from old: RunKey) throws -> [String] {
    let (before, after) = (try old.fields(), try fields())
    return Set(before.keys).union(after.keys).sorted().compactMap { path in
      let (was, now) = (before[path] ?? "absent", after[path] ?? "absent")
      return was == now ? nil : "\(path): \(was.prefix(16)) → \(now.prefix(16))"
    }
  }
}
