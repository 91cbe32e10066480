import Determinism

/// Where in a file something was found, for messages.
struct SourcePlace: CustomStringConvertible, Hashable, Sendable {
  let file: String
  /// Such as "line 7" or "annotations[3]"; empty for the whole file.
  let entry: String

  init(_ file: String, _ entry: String = "") {
    self.file = file
    self.entry = entry
  }

  var description: String { entry.isEmpty ? file : "\(file): \(entry)" }

  /// Bad input at this place.
  func bad(_ what: String) -> Failure { Failure(.badInput, "\(self): \(what)") }
}
