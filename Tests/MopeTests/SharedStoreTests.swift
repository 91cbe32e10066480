import Foundation
import TestSupport
import Testing

private let command = [
  "run", "table-2-prompt-types", "--tier", "smoke", "--seeds", "0", "--jobs", "1", "--progress", "plain",
  "--checkpoint-seconds", "0",
]

/// Several programs, and programs that are stopped, on one store. Slow: each start judges what ships for the other pages.
@Suite(.serialized) struct SharedStoreTests {
  /// The bytes of what was trained, by path in the store; without records, which hold times.
  private func trained(_ store: String) throws -> [String: Data] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: "\(store)/runs")
    return Dictionary(
      uniqueKeysWithValues: paths.filter { $0.hasSuffix(".safetensors") }.map {
        ($0, FileManager.default.contents(atPath: "\(store)/runs/\($0)") ?? Data())
      })
  }

  private func names(_ folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  /// Whether this becomes true within a minute.
  private func eventually(_ condition: () -> Bool) -> Bool {
    let end = Date.now + 60
    while Date.now < end {
      if condition() { return true }
      usleep(2000)
    }
    return false
  }

  @Test func `four programs share the work of one, also of a fifth that is killed`() throws {
    let (alone, shared) = (try Command("alone"), try Command("shared"))
    let expected = try alone.run(command)
    #expect(expected.code == 3, "\(expected.errors)")  // a smoke tier without goldens waits for accept
    let store = "\(shared.project)/.mope"
    let killed = try shared.start(command)
    let results = Results()
    for index in 0..<4 {
      results.start { try shared.run(command + ["-o", "\(shared.project)/reports-\(index)"]) }
    }
    let hasBegun = eventually { names("\(store)/unfinished").contains { $0.hasSuffix(".safetensors") } }
    usleep(50_000)
    kill(killed.processIdentifier, SIGKILL)
    killed.waitUntilExit()
    let all = try results.all()
    #expect(hasBegun)
    #expect(all.map(\.code) == [3, 3, 3, 3], "\(all.map(\.errors))")
    let done = all.map(\.errors).joined().split(separator: "\n").filter { $0.contains(": done in ") }
      .map { $0.split(separator: "] ", maxSplits: 1)[1].split(separator: ": done")[0] }
    #expect(done.count == Set(done).count, "trained twice: \(done)")
    #expect(done.count > 10)
    #expect(try trained(store) == trained("\(alone.project)/.mope"))
    #expect(names("\(store)/unfinished").isEmpty)
  }

  @Test(arguments: [(SIGHUP, false), (SIGTERM, false), (SIGHUP, true)])
  func `a hang-up saves like other signals, unless it is to be ignored`(_ signal: Int32, ignoring: Bool) throws {
    let project = try Command("signal-\(signal)-\(ignoring)")
    let process = try project.start(
      command + ["--runs", "*SNLI-VE*"], shell: ignoring ? "trap '' HUP" : "trap - HUP")
    #expect(eventually { names("\(project.project)/.mope/unfinished").contains { $0.hasSuffix(".safetensors") } })
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == (ignoring ? 4 : 130))
    let left = names("\(project.project)/.mope/unfinished")
    #expect(left.allSatisfy { $0.hasSuffix(".safetensors") } && left.count == (ignoring ? 0 : 1), "\(left)")
  }

  @Test func `retraining that is stopped goes on when the same command is given again`() throws {
    let project = try Command("retraining")
    let retrain = command + ["--runs", "*SNLI-VE*", "--retrain"]
    #expect(try project.run(command + ["--runs", "*SNLI-VE*"]).code == 4)  // a part decides nothing
    let records = names("\(project.project)/.mope/runs").map { "\(project.project)/.mope/runs/\($0)/run.json" }
    let old = records.map { FileManager.default.contents(atPath: $0) }
    func isRetrained(_ index: Int) -> Bool {
      FileManager.default.contents(atPath: records[index]).map { $0 != old[index] } ?? false
    }
    let process = try project.start(retrain)
    #expect(eventually { records.indices.contains(where: isRetrained) })
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    let before = records.indices.count(where: isRetrained)
    #expect(before < records.count, "the signal came too late: the test has shown nothing")
    let last = try project.run(retrain)
    #expect(last.code == 4, "\(last.errors)")
    let lines = last.errors.split(separator: "\n")
    #expect(lines.count { $0.hasSuffix(": retrained already") } == before)
    #expect(lines.count { $0.contains(": done in ") } == records.count - before)
    #expect(records.indices.allSatisfy(isRetrained))
    #expect(names("\(project.project)/.mope/retraining").isEmpty)
  }

  @Test func `a full disk ends with 74 and leaves nothing half-written`() throws {
    // Stands for a full disk, for which a test would have to be root: no file may be larger than four or sixteen kilobytes.
    for kilobytes in [4, 16] {
      let project = try Command("full-\(kilobytes)")
      let process = try project.start(command, shell: "ulimit -f \(kilobytes)")
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 74)
      let all = try FileManager.default.subpathsOfDirectory(atPath: "\(project.project)/.mope")
      #expect(!all.contains { $0.hasSuffix(".tmp") || $0.hasSuffix(".lease") }, "\(all)")
    }
  }
}

/// Results of programs that run side by side.
private final class Results: @unchecked Sendable {
  private let group = DispatchGroup()
  private let lock = NSLock()
  private var results: [Result<Command.Result, any Error>] = []

  func start(_ body: @escaping @Sendable () throws -> Command.Result) {
    group.enter()
    Thread.detachNewThread { [self] in
      let result = Result(catching: body)
      lock.withLock { results.append(result) }
      group.leave()
    }
  }

  func all() throws -> [Command.Result] {
    group.wait()
    return try results.map { try $0.get() }
  }
}
