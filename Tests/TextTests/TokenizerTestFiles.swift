import Foundation

/// Where the tokenizer fixtures are.
enum TokenizerFixtures {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/tokenizers").path

  static let random = root + "/random.json"
  static let scalarClasses = root + "/scalar-classes.txt"

  static func folder(_ name: String) -> String { "\(root)/\(name)" }
}

/// A folder for one test, removed with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    self.path = NSTemporaryDirectory() + "mope-tokenizer-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  func copy(_ name: String, from folder: String) throws {
    try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(path)/\(name)")
  }
}
