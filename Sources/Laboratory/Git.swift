import Determinism
import Foundation

/// The repository of a checkout, asked through `git`.
public struct Git {
  private let root: String

  public init(_ root: String) { self.root = root }

  /// The commit of the checkout, short.
  /// - Throws: `Failure(.configuration)` with git's own message where there is no repository or git refuses it.
  public func commit() throws -> String {
    try String(decoding: self("rev-parse", "--short", "HEAD"), as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
  }

  /// What a command prints.
  /// - Throws: `Failure(.configuration)` with git's own message where it fails.
  public func callAsFunction(_ arguments: String...) throws -> Data {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", root] + arguments
    // A hook or a rebase hands down the repository it works on, which need not be this one.
    process.environment = ProcessInfo.processInfo.environment.filter { !Self.places.contains($0.key) }
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        .configuration,
        "\(root): git \(arguments.joined(separator: " ")): \(message.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    return data
  }

  private static let places: Set<String> = [
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX",
  ]
}
