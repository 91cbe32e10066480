import Foundation

/// A pattern of `*` (any text) and `?` (any character); everything else, brackets too, stands for itself.
struct Wildcards {
  private let pattern: String

  init(_ pattern: String) {
    self.pattern = pattern.replacing("\\", with: "\\\\").replacing("[", with: "\\[")
  }

  func matches(_ text: String) -> Bool { fnmatch(pattern, text, 0) == 0 }
}
