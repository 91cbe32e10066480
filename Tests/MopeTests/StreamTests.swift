import Foundation
import NN
import TestSupport
import Testing

/// Output that cannot be written, and options whose values would be taken silently and do harm.
@Suite(.serialized) struct StreamTests {
  /// Runs a line of shell in which `$0` is the program.
  private func shell(_ line: String, in folder: String = "/tmp") throws -> (
    status: Int32, reason: Process.TerminationReason, errors: String
  ) {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line, Command.program]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": "/tmp"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, process.terminationReason, text)
  }

  @Test(arguments: [
    "\"$0\" weights list >/dev/full", "\"$0\" weights list >&-", "\"$0\" --help >/dev/full", "\"$0\" --version >&-",
    "\"$0\" data check /no/such/folder 2>/dev/full", "\"$0\" data check /no/such/folder 2>&-",
    "\"$0\" check --no-such-flag 2>/dev/full", "\"$0\" weights list >/dev/full 2>/dev/full",
    "ulimit -n 8; \"$0\" weights list >/dev/full",
  ])
  func `an answer or an error that cannot be written is 74`(_ line: String) throws {
    let result = try shell(line)
    #expect(result.reason == .exit && result.status == 74, "\(result)")
    if !line.contains("2>") { #expect(result.errors.contains("standard output: cannot write")) }
  }

  @Test func `a file is not opened in the place of a closed stream`() throws {
    let root = try temporaryPath("streams")
    try? FileManager.default.removeItem(atPath: root)
    try TinyCheckpoints.write(to: root)
    try "a\nb\n".write(toFile: "\(root)/text.txt", atomically: true, encoding: .utf8)
    let line = "\"$0\" encode --model \(root)/bert-base --text \(root)/text.txt --output \(root)/out.safetensors"
    #expect(try shell(line).status == 0)
    let whole = FileManager.default.contents(atPath: "\(root)/out.safetensors")
    #expect(try shell(line + " >&- 2>&-").status == 74)
    #expect(FileManager.default.contents(atPath: "\(root)/out.safetensors") == whole)
  }

  @Test func `a text may come through a pipe`() throws {
    let root = try temporaryPath("piped")
    try? FileManager.default.removeItem(atPath: root)
    try TinyCheckpoints.write(to: root)
    for text in ["-", "/dev/stdin"] {
      let line =
        "printf 'A.\\r\\nB.\\r\\nC.\\r\\n' | \"$0\" encode --model \(root)/bert-base --text \(text) --output \(root)/out.safetensors"
      let result = try shell(line)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try SafetensorsFile(path: "\(root)/out.safetensors").shape("last_hidden_state") == [3, 4, 32])
    }
  }

  @Test func `values that would be taken and do harm are usage errors`() throws {
    let command = try Command("options")
    for arguments in [
      ["--threads", "100000"], ["--threads", "0"], ["--kernel", "nonsense"], ["--kernel", ""], ["--store", ""],
      ["--output", ""], ["--checkpoint-seconds", "nan"], ["--checkpoint-seconds", "inf"],
      ["--data-seed", "9223372036854775807"], ["--seeds", "9223372036854775807"], ["--seeds", "0,1000000001"],
      ["--tier", "paper", "--data", "", "--weights", "w"],
    ] {
      let result = try command.run(["run", "figure-1-motivation"] + arguments)
      #expect(result.code == 64, "\(arguments): \(result.code) \(result.errors)")
      #expect(!result.errors.isEmpty && result.output.isEmpty)
    }
    #expect(try command.run(["data", "check", ""]).code == 64)
    #expect(try command.run(["weights", "download", "gpt2", "--to", ""]).code == 64)
    #expect(try command.run(["encode", "--model", "m", "--text", "", "--output", "o"]).code == 64)
  }

  @Test func `a kernel that the processor cannot run, or OpenBLAS has not, is 78 and names why`() throws {
    let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let result = try Command("kernels").mope(
      "encode", "--model", "m", "--text", "t", "--output", "o", "--kernel",
      flags.contains("fma4") ? "Sapphirerapids" : "bulldozer")
    #expect(result.code == 78)
    #expect(result.errors.contains("this processor has no "), "\(result.errors)")
  }
}
