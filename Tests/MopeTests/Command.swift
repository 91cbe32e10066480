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

  /// Replaces text in a copy of an experiment's source.
  func edit(_ source: String, _ text: String, with other: String) throws {
    let folder = "\(project)/Experiments"
    let manager = FileManager.default
    if (try? manager.destinationOfSymbolicLink(atPath: folder)) != nil {
      try manager.removeItem(atPath: folder)
      try manager.copyItem(atPath: "\(Self.root)/Experiments", toPath: folder)
    }
    let whole = try String(contentsOfFile: "\(folder)/\(source)", encoding: .utf8)
    let edited = whole.replacing(text, with: other)
    #expect(edited != whole)
    try edited.write(toFile: "\(folder)/\(source)", atomically: true, encoding: .utf8)
  }

  /// The bytes of every file below a folder of the project, by path.
  func files(_ folder: String) throws -> [String: Data] {
    let root = "\(project)/\(folder)"
    let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return Dictionary(
      uniqueKeysWithValues: paths.compactMap { path in
        FileManager.default.contents(atPath: "\(root)/\(path)").map { (path, $0) }
      })
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
