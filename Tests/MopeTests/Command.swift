import Foundation
import TestSupport
import Testing

/// The program as a user runs it, on a project of its own: a copy of what the commands read.
struct Command {
  /// What a run of the program gave.
  struct Result {
    let code: Int32
    let output: String
    let errors: String
  }

  let project: String

  /// A fresh project in a folder of its own. Fixed files are linked, what commands write is copied.
  init(_ name: String) throws {
    project = try temporaryPath("project-\(name)")
    let manager = FileManager.default
    try? manager.removeItem(atPath: project)
    try manager.createDirectory(atPath: "\(project)/Golden", withIntermediateDirectories: true)
    let root = Self.root
    for folder in ["Experiments"] {
      try manager.createSymbolicLink(
        atPath: "\(project)/\(folder)", withDestinationPath: "\(root)/\(folder)")
    }
    for name in try manager.contentsOfDirectory(atPath: "\(root)/Golden") {
      let isFixed = name == "encoders" || name == "runs" || name == "paper.json"
      if isFixed {
        try manager.createSymbolicLink(
          atPath: "\(project)/Golden/\(name)", withDestinationPath: "\(root)/Golden/\(name)")
      } else {
        try manager.copyItem(atPath: "\(root)/Golden/\(name)", toPath: "\(project)/Golden/\(name)")
      }
    }
    try manager.copyItem(atPath: "\(root)/Reports", toPath: "\(project)/Reports")
  }

  /// Runs `mope` with these arguments to its end.
  func mope(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
    try run(arguments, environment: environment)
  }

  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: project)
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": project].merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Both pipes are drained at once: a full one would stop the program.
    let reader = PipeReader(errors)
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Result(code: process.terminationStatus, output: text, errors: reader.text())
  }

  /// Starts `mope` and does not wait.
  /// - Parameter shell: what a shell does before it becomes the program.
  func start(_ arguments: [String], shell: String = ":") throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", Self.program] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: project)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// The repository.
  static var root: String {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }

  /// The executable beside this test's bundle.
  static var program: String {
    let executable = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return executable.deletingLastPathComponent().appendingPathComponent("mope").path
  }
}

/// Reads a pipe to its end on a thread of its own.
private final class PipeReader: @unchecked Sendable {
  private let done = DispatchSemaphore(value: 0)
  private var data = Data()

  init(_ pipe: Pipe) {
    let handle = pipe.fileHandleForReading
    Thread.detachNewThread {
      self.data = handle.readDataToEndOfFile()
      self.done.signal()
    }
  }

  func text() -> String {
    done.wait()
    return String(decoding: data, as: UTF8.self)
  }
}
