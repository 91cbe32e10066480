import Foundation
import Testing

private let id = "table-2-prompt-types"
private let flags = ["--tier", "smoke", "--seeds", "0", "--jobs", "1", "--progress", "none"]

/// The bytes of every finished run's predictions and tensors, by path.
private func finished(_ command: Command) throws -> [String: Data] {
  let folder = "\(command.project)/.mope/runs"
  var found: [String: Data] = [:]
  for run in try FileManager.default.contentsOfDirectory(atPath: folder) {
    for file in ["predictions.safetensors", "tensors.safetensors", "trace.safetensors"] {
      let path = "\(folder)/\(run)/\(file)"
      if let data = FileManager.default.contents(atPath: path) { found["\(run)/\(file)"] = data }
    }
  }
  return found
}

@Suite(.serialized) struct ResumeTests {
  @Test func `the same command twice gives the same bits`() throws {
    let (first, second) = (try Command("first"), try Command("second"))
    _ = try first.run(["run", id] + flags)
    _ = try second.run(["run", id] + flags)
    let (a, b) = (try finished(first), try finished(second))
    #expect(a.count >= 14)
    #expect(a == b)
  }

  @Test func `a run killed at any moment goes on inside and ends with the same bits`() throws {
    let whole = try Command("whole")
    _ = try whole.run(["run", id] + flags)
    let expected = try finished(whole)

    // Every step is saved and one run is made at a time: some kills land inside of a run.
    let killed = try Command("killed")
    let command = ["run", id] + flags + ["--checkpoint-seconds", "0"]
    var interruptedInside = false
    let unfinished = "\(killed.project)/.mope/unfinished"
    for attempt in 1...15 {
      let start = Date.now
      let process = try killed.start(command)
      // However slow the machine is: the kill comes some time after the first checkpoint of this attempt.
      while process.isRunning && !hasFile(in: unfinished, since: start) && Date.now < start + 60 {
        Thread.sleep(forTimeInterval: 0.003)
      }
      Thread.sleep(forTimeInterval: 0.007 * Double(attempt))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let left = (try? FileManager.default.contentsOfDirectory(atPath: unfinished)) ?? []
      interruptedInside = interruptedInside || left.contains { $0.hasSuffix(".safetensors") }
    }
    #expect(interruptedInside, "no kill landed inside of a run: the test has shown nothing")
    let last = try killed.run(command)
    #expect(last.code == 3, "\(last.errors)")  // a smoke tier without goldens waits for accept
    #expect(try finished(killed) == expected)
    let left = try FileManager.default.contentsOfDirectory(atPath: "\(killed.project)/.mope/unfinished")
    #expect(left.isEmpty, "files of killed programs are left: \(left)")
  }

  /// Whether a file of this folder was written since then.
  private func hasFile(in folder: String, since start: Date) -> Bool {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.contains { file in
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")
      return (attributes?[.modificationDate] as? Date).map { $0 >= start } ?? false
    }
  }
}
