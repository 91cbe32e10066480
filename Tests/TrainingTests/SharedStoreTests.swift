import Datasets
import Determinism
import Foundation
import Fusion
import Synchronization
import TestSupport
import Testing
import Training

/// Several runners on one store: smoke runs of half a dozen steps.
@Suite struct SharedStoreTests {
  private let folder: String

  init() throws { folder = try temporaryPath("shared-\(UUID().uuidString)") }

  private func runner(_ store: String = "store", retrains: Bool = false) -> Runner {
    Runner(
      store: RunStore(folder: "\(folder)/\(store)", shipped: nil),
      encoders: EncoderCatalogue(tier: .smoke, folder: nil),
      behaviour: Behaviour(), retrains: retrains, checkpointInterval: 0)
  }

  private func runs(_ count: Int) -> [TrainingRun] {
    let method = MethodPlan.lateConcat(at: .smoke)
    return (0..<count).map { seed in
      TrainingRun(
        method: method, data: DataChoice(.snliVE, dataSeed: 1), recipe: .standard(method, on: .snliVE, tier: .smoke),
        tier: .smoke, seed: seed)
    }
  }

  /// `store/runs/<digits>` of a run.
  private func name(_ run: TrainingRun) throws -> String { String(try runner().key(run).digest().prefix(16)) }

  private func files(_ part: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(part)").sorted()) ?? []
  }

  private func record(_ run: TrainingRun, _ store: String = "store") throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(store)/runs/\(try name(run))/run.json"))
  }

  private func put(_ text: String, at part: String) throws {
    try AtomicFile.write(text, to: "\(folder)/\(part)")
  }

  @Test func `several runners share the work, and all have all results`() throws {
    let runs = runs(4)
    let started = Mutex<[TrainingRun]>([])
    let results = Mutex<[[Result<FinishedRun, any Error>]]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { _ in
      let own = runner().results(runs) { run, event in
        if case .started = event { started.withLock { $0.append(run) } }
      }
      results.withLock { $0.append(own) }
    }
    #expect(started.withLock { $0.map(\.seed).sorted() } == [0, 1, 2, 3])
    let all = try results.withLock { try $0.map { try $0.map { try $0.get() } } }
    #expect(all.count == 3)
    for other in all {
      for (a, b) in zip(all[0], other) { #expect(a.record == b.record && a.predictions == b.predictions) }
    }
    #expect(files("store/runs").count == 4 && files("store/unfinished").isEmpty)
  }

  @Test func `of two that finish a run the first is kept`() throws {
    let run = runs(1)[0]
    _ = try runner("other").results([run]) { _, _ in }[0].get()
    let (theirs, place) = ("\(folder)/other/runs/\(try name(run))", "\(folder)/store/runs/\(try name(run))")
    let finished = try runner().results([run]) { _, event in
      guard case .evaluating = event else { return }
      try? FileManager.default.createDirectory(atPath: "\(folder)/store/runs", withIntermediateDirectories: true)
      try? FileManager.default.copyItem(atPath: theirs, toPath: place)
    }[0].get()
    #expect(try record(run) == record(run, "other"))
    #expect(try runner().stored(run)?.record == finished.record)
    #expect(files("store/runs") == [try name(run)])
  }

  @Test func `temporaries of the dead are removed, those of others stay`() throws {
    let (run, other) = (runs(2)[0], runs(2)[1])
    let (own, others) = (try name(run), try name(other))
    // The other run is being trained by somebody.
    var watch = Lease.Watch()
    let lease = try #require(try Lease.take("\(folder)/store/unfinished/\(others).lease", watch: &watch))
    for name in [own, others] {
      try put("half", at: "store/runs/\(name).77.tmp/run.json")
      try put("half", at: "store/unfinished/\(name).safetensors.77-1.tmp")
    }
    try put("other", at: "store/unfinished/\(own)0.safetensors")  // a key with the same beginning
    _ = try runner().results([run]) { _, _ in }[0].get()
    #expect(files("store/runs") == [own, "\(others).77.tmp"].sorted())
    #expect(
      files("store/unfinished")
        == ["\(own)0.safetensors", "\(others).lease", "\(others).safetensors.77-1.tmp"].sorted())
    lease.release()
    _ = try runner().results([other]) { _, _ in }[0].get()
    #expect(files("store/runs") == [own, others].sorted())
    #expect(files("store/unfinished") == ["\(own)0.safetensors"])
  }

  @Test func `what a process left that was killed behind its last run is removed by the next`() throws {
    let run = runs(1)[0]
    let finished = try runner().results([run]) { _, _ in }[0].get()
    let name = try name(run)
    try put("older", at: "store/unfinished/\(name).safetensors")
    try put("half", at: "store/runs/\(name).77.tmp/run.json")
    #expect(try runner().results([run]) { _, _ in }[0].get().record == finished.record)
    #expect(files("store/runs") == [name] && files("store/unfinished").isEmpty)
  }

  @Test func `a runner that was taken for dead waits for its successor, and goes on where that one stopped`() throws {
    let run = runs(1)[0]
    let expected = try runner("other").results([run]) { _, _ in }[0].get()
    let lease = "\(folder)/store/unfinished/\(try name(run)).lease"
    let successor = Mutex<Lease?>(nil)
    let seen = Mutex<[String]>([])
    let finished = try runner().results([run]) { _, event in
      switch event {
      case .started(let step): seen.withLock { $0.append(step == 0 ? "started" : "continued") }
      case .progress where successor.withLock({ $0 == nil }) && seen.withLock({ $0.count == 1 }):
        unlink(lease)
        var watch = Lease.Watch()
        let taken = try? Lease.take(lease, watch: &watch)
        successor.withLock { $0 = taken }
      case .waiting(let holder):
        seen.withLock { $0.append(holder.hasSuffix("pid \(getpid())") ? "waiting" : holder) }
        successor.withLock { $0?.release() }
      default: break
      }
    }[0].get()
    #expect(seen.withLock { $0 } == ["started", "waiting", "continued"])
    #expect(finished.hasResults(of: expected))
  }

  @Test func `a retraining that was stopped goes on, and the next one starts anew`() throws {
    let runs = runs(2)
    let old = try runner().results([runs[0]]) { _, _ in }[0].get()
    func events(_ runs: [TrainingRun]) -> [String] {
      let seen = Mutex<[String]>([])
      _ = runner(retrains: true).results(runs, stopsAtFailure: true) { run, event in
        switch event {
        case .started: seen.withLock { $0.append("\(run.seed) started") }
        case .retrained: seen.withLock { $0.append("\(run.seed) retrained") }
        case .failed: seen.withLock { $0.append("\(run.seed) failed") }
        default: break
        }
      }
      return seen.withLock { $0 }
    }
    // What stops it: a file where the second run is to be.
    let obstacle = "store/runs/\(try name(runs[1]))"
    try put("in the way", at: obstacle)
    #expect(events(runs) == ["0 started", "1 started", "1 failed"])
    try FileManager.default.removeItem(atPath: "\(folder)/\(obstacle)")
    #expect(events(runs) == ["0 retrained", "1 started"])
    #expect(events(runs) == ["0 started", "1 started"])
    #expect(files("store/retraining").isEmpty && files("store/unfinished").isEmpty)
    #expect(files("store/runs") == [try name(runs[0]), try name(runs[1])].sorted())
    let new = try #require(try runner().stored(runs[0]))
    #expect(new.record.trainSeconds != old.record.trainSeconds && new.hasResults(of: old))
  }

  @Test func `several runners share a retraining`() throws {
    let runs = runs(4)
    _ = runner().results(runs) { _, _ in }
    let old = try runs.map { try record($0) }
    let started = Mutex<[Int]>([])
    // All have begun before one can have ended.
    let begun = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      _ = runner(retrains: true).results(runs) { run, event in
        guard case .started = event else { return }
        started.withLock { $0.append(run.seed) }
        begun.add(1, ordering: .relaxed)
        let end = Date.now + 10
        while begun.load(ordering: .relaxed) < 2 && Date.now < end { usleep(1000) }
      }
    }
    #expect(started.withLock { $0.sorted() } == [0, 1, 2, 3])
    #expect(try zip(runs, old).allSatisfy { try record($0) != $1 })
    #expect(files("store/retraining").isEmpty && files("store/unfinished").isEmpty)
    #expect(files("store/runs").count == 4)
  }

  @Test func `a run that is replaced while it is read is never an error`() throws {
    let run = runs(1)[0]
    _ = try runner().results([run]) { _, _ in }[0].get()
    let runner = runner()
    let place = "\(folder)/store/runs/\(try name(run))"
    try FileManager.default.copyItem(atPath: place, toPath: "\(folder)/a")
    let reader = DispatchSemaphore(value: 0)
    let isDone = Atomic(false)
    let errors = Mutex<[String]>([])
    let loads = Atomic(0)
    Thread.detachNewThread {
      while !isDone.load(ordering: .relaxed) {
        do { if try runner.stored(run) != nil { loads.add(1, ordering: .relaxed) } } catch {
          errors.withLock { $0.append("\(error)") }
        }
      }
      reader.signal()
    }
    for _ in 0..<2000 {
      rename(place, "\(folder)/b")
      rename("\(folder)/a", place)
      rename("\(folder)/b", "\(folder)/a")
      usleep(100)
    }
    isDone.store(true, ordering: .relaxed)
    reader.wait()
    #expect(errors.withLock { $0 } == [])
    #expect(loads.load(ordering: .relaxed) > 0)
  }

  @Test func `no message advises to delete what another version wrote`() throws {
    let run = runs(1)[0]
    _ = try runner().results([run]) { _, _ in }[0].get()
    let path = "store/runs/\(try name(run))/run.json"
    let text = String(decoding: try record(run), as: UTF8.self)
    try put(text.replacing("\"metrics\"", with: "\"measures\""), at: path)
    let newer = #expect(throws: Failure.self) { try runner().stored(run) }
    #expect(newer?.kind == .badInput && newer?.description.contains("delete") == false)
    // What cannot be read now is not damaged for that.
    try FileManager.default.removeItem(atPath: "\(folder)/\(path)")
    try FileManager.default.createDirectory(atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
    let unreadable = #expect(throws: Failure.self) { try runner().stored(run) }
    #expect(unreadable?.kind == .io)
  }
}
