import Determinism
import Foundation
import Synchronization
import Testing

@Suite struct LeaseTests {
  private let folder = "\(NSTemporaryDirectory())mope-lease-\(UUID().uuidString)"
  private var path: String { "\(folder)/work.lease" }

  private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] }

  /// A claim as another process would have made it.
  private func claim(_ changes: [String: Any]) throws -> Data {
    let template = "\(folder)/template"
    let lease = try #require(try take(template))
    var fields = try #require(
      JSONSerialization.jsonObject(with: try Data(contentsOf: URL(fileURLWithPath: template))) as? [String: Any])
    lease.release()
    fields.merge(changes) { $1 }
    return try JSONSerialization.data(withJSONObject: fields)
  }

  private func put(_ claim: Data, at path: String) throws {
    try claim.write(to: URL(fileURLWithPath: path))
  }

  private func take(_ path: String) throws -> Lease? {
    var watch = Lease.Watch()
    return try Lease.take(path, watch: &watch)
  }

  /// The id of a process that is no more.
  private func endedProcess() throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }

  @Test func `one of many threads holds it at a time, and each gets it`() throws {
    let holders = Atomic(0)
    let most = Atomic(0)
    let turns = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      guard let lease = try? Lease.wait(for: path) else { return }
      let now = holders.add(1, ordering: .relaxed).newValue
      most.max(now, ordering: .relaxed)
      usleep(5000)
      holders.subtract(1, ordering: .relaxed)
      turns.add(1, ordering: .relaxed)
      lease.release()
    }
    #expect(most.load(ordering: .relaxed) == 1)
    #expect(turns.load(ordering: .relaxed) == 8)
    #expect(files.isEmpty)
  }

  @Test func `who waits is told who holds it`() throws {
    let lease = try #require(try take(path))
    var watch = Lease.Watch()
    #expect(try Lease.take(path, watch: &watch) == nil)
    #expect(watch.holder?.hasSuffix(" pid \(getpid())") == true)
    lease.release()
    lease.release()
    #expect(try Lease.take(path, watch: &watch) != nil)
  }

  @Test func `a lease of a process that is gone is free at once`() throws {
    try put(try claim(["process": try endedProcess()]), at: path)
    let lease = try #require(try take(path))
    #expect(lease.isHeld)
    #expect(files == ["work.lease"])
  }

  @Test func `an id that was given to another process keeps no lease`() throws {
    try put(try claim(["start": "1"]), at: path)
    #expect(try take(path) != nil)
  }

  @Test func `a lease of another machine is free after 40 seconds without a beat by the waiter's clock`() throws {
    try put(try claim(["machine": "another", "process": try endedProcess()]), at: path)
    var watch = Lease.Watch()
    var now = SuspendingClock.now
    for _ in 0..<10 {
      #expect(try Lease.take(path, watch: &watch, now: now) == nil)
      now += .seconds(3)
    }
    utimes(path, nil)  // it lives
    for _ in 0..<14 {
      #expect(try Lease.take(path, watch: &watch, now: now) == nil)
      now += .seconds(3)
    }
    #expect(try Lease.take(path, watch: &watch, now: now) != nil)
  }

  @Test func `a waiter that was stopped for an hour gives the holder time to beat`() throws {
    try put(try claim(["machine": "another"]), at: path)
    var watch = Lease.Watch()
    let now = SuspendingClock.now
    #expect(try Lease.take(path, watch: &watch, now: now) == nil)
    #expect(try Lease.take(path, watch: &watch, now: now + .seconds(3600)) == nil)
  }

  @Test func `an unreadable claim is waited for like one of another machine`() throws {
    _ = try claim([:])
    try put(Data(), at: path)
    var watch = Lease.Watch()
    var now = SuspendingClock.now
    for _ in 0..<8 {
      #expect(try Lease.take(path, watch: &watch, now: now) == nil)
      now += .seconds(5)
    }
    #expect(watch.holder == "another process")
    #expect(try Lease.take(path, watch: &watch, now: now) != nil)
  }

  @Test func `a holder shows that it lives`() throws {  // slow: beats are five seconds apart
    let lease = try #require(try take(path))
    func modified() throws -> Date? {
      try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
    let before = try modified()
    let end = Date.now + 30
    while try modified() == before && Date.now < end { usleep(100_000) }
    #expect(try modified() != before)
    #expect(lease.isHeld)
  }

  @Test func `one of many wins the succession of a dead holder`() throws {
    let dead = try claim(["process": try endedProcess()])
    for _ in 0..<100 {
      try put(dead, at: path)
      let winners = Mutex<[Lease]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        if let lease = try? take(path) { winners.withLock { $0.append(lease) } }
      }
      let all = winners.withLock { $0 }
      #expect(all.count == 1)
      #expect(all.first?.isHeld == true)
      #expect(files == ["work.lease"])
      for lease in all { lease.release() }
      #expect(files.isEmpty)
    }
  }

  @Test func `a successor that died is succeeded, one that lives is left alone`() throws {
    let gone = try endedProcess()
    let (dead, successor) = (try claim(["process": gone]), try claim(["process": gone]))
    let right = "\(path).\(ContentHash.of(Array(dead)).prefix(16))"
    try put(dead, at: path)
    let living = try #require(try take(right))
    #expect(try take(path) == nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == dead)
    living.release()
    try put(successor, at: right)
    #expect(try take(path)?.isHeld == true)
  }

  @Test func `a holder that was succeeded knows it, and leaves its successor alone`() throws {
    let first = try #require(try take(path))
    unlink(path)  // as if it had been stopped for a minute
    let second = try #require(try take(path))
    #expect(!first.isHeld)
    first.release()
    #expect(second.isHeld)
    #expect(files == ["work.lease"])
  }

  @Test func `a file that cannot be written leaves nothing behind`() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // A folder cannot be replaced by a file: the last step fails.
    try FileManager.default.createDirectory(atPath: "\(folder)/taken", withIntermediateDirectories: true)
    #expect(throws: Failure.self) { try AtomicFile.write("text", to: "\(folder)/taken") }
    #expect(files == ["taken"])
  }
}
