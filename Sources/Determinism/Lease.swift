import Foundation
import Synchronization

/// The right to do a piece of work that several processes, on one machine or on several with a common file system, would
/// otherwise do at the same time.
///
/// It is a file, the *claim*, that says who holds it and that its holder touches every few seconds.
///
/// * Whoever makes the file, exclusively, holds the lease.
/// * A claim is dead at once when its process was of this machine and is gone, and otherwise when the waiter has looked at
///   it for 40 seconds of its own time and saw it unchanged. Clocks of different machines are never compared.
/// * What is at the path is changed only by who has made, exclusively, a second file that is named after the claim's text,
///   and has then found that claim still there. The successor of a dead holder renames this file onto the claim; a holder
///   that gives back removes both. So one of several successors wins, and one that comes late does nothing. The second
///   file is a claim, too: if its maker dies, it is succeeded in the same way.
/// * A holder that was stopped for so long that it was succeeded finds another file at the path (`isHeld`).
///
/// This asks of the file system that exclusive creation and renaming are atomic, and that what is opened shows what was
/// flushed before (NFS does: close-to-open consistency). It cannot stop a holder that was taken for dead from going on until it asks.
/// So a lease saves work; what makes results right is that they appear whole, by a rename, and are the same whoever computed
/// them.
public final class Lease: Sendable {
  /// What one who waits for a lease knows of its holder.
  public struct Watch: Sendable {
    /// Who held it at the last look, in words; nil before the first.
    public private(set) var holder: String?
    private var seen: [String: (claim: Claim, at: SuspendingClock.Instant, unchanged: Duration)] = [:]

    public init() {}

    /// Whether a claim can be succeeded, as far as this and the earlier looks tell.
    fileprivate mutating func findsDead(_ claim: Claim, at path: String, _ now: SuspendingClock.Instant) -> Bool {
      var unchanged = Duration.zero
      if let last = seen[path], last.claim == claim {
        // A long time between two looks counts as one beat: maybe both processes were stopped.
        unchanged = last.unchanged + min(now - last.at, Lease.beat)
      }
      seen[path] = (claim, now, unchanged)
      holder = claim.holder.map { "\($0.host) pid \($0.process)" } ?? "another process"
      return unchanged >= Lease.patience || claim.holder?.isGone ?? false
    }
  }

  /// How often a holder shows that it lives, and how long one who sees nothing of that waits.
  static let beat = Duration.seconds(5)
  static let patience = Duration.seconds(40)

  private let path: String
  private let claim: Data
  private let file: ino_t
  private let isReleased = Atomic(false)
  private let end = DispatchSemaphore(value: 0)

  /// Tries once.
  /// - Returns: nil if another living process or thread holds it.
  /// - Throws: `Failure(.io)` if no file can be made there.
  public static func take(
    _ path: String, watch: inout Watch, now: SuspendingClock.Instant = .now
  ) throws -> Lease? {
    try AtomicFile.makeFolder(of: path)
    let claim = try JSONEncoder().encode(Holder.current())
    guard let descriptor = try make(path, claim, &watch, now) else { return nil }
    return Lease(path, claim, descriptor)
  }

  /// Waits until the lease is free.
  /// - Parameter waiting: called ten times a second meanwhile; what it throws ends the wait.
  public static func wait(for path: String, waiting: (Watch) throws -> Void = { _ in }) throws -> Lease {
    var watch = Watch()
    while true {
      if let lease = try take(path, watch: &watch) { return lease }
      try waiting(watch)
      usleep(100_000)
    }
  }

  private init(_ path: String, _ claim: Data, _ descriptor: Int32) {
    self.path = path
    self.claim = claim
    var status = stat()
    fstat(descriptor, &status)
    file = status.st_ino
    Thread.detachNewThread { [end] in
      while end.wait(timeout: .now() + .seconds(Int(Self.beat.components.seconds))) == .timedOut {
        futimens(descriptor, nil)
      }
      close(descriptor)
    }
  }

  deinit { release() }

  /// Whether no other process has succeeded this one.
  public var isHeld: Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_ino == file
  }

  /// Gives the lease back; the second time, and where it was lost, nothing happens.
  public func release() {
    guard !isReleased.exchange(true, ordering: .relaxed) else { return }
    defer { end.signal() }
    let right = Self.succession(path, claim)
    // On a full disk there is room for a name alone.
    guard let descriptor = (try? Self.create(right, claim)) ?? (try? Self.create(right, Data())) else { return }
    if Claim(path)?.text == claim { unlink(path) }
    unlink(right)
    close(descriptor)
  }

  // MARK: Claims

  /// Makes the claim, as the first or in place of a dead one.
  /// - Returns: the open file, or nil if it is another's.
  private static func make(
    _ path: String, _ text: Data, _ watch: inout Watch, _ now: SuspendingClock.Instant
  ) throws -> Int32? {
    if let descriptor = try create(path, text) { return descriptor }
    // A claim that cannot be read was given back just now: the next look will tell.
    guard let old = Claim(path), watch.findsDead(old, at: path, now) else { return nil }
    let right = succession(path, old.text)
    guard let descriptor = try make(right, text, &watch, now) else { return nil }
    guard Claim(path)?.text == old.text, rename(right, path) == 0 else {
      unlink(right)
      close(descriptor)
      return nil
    }
    return descriptor
  }

  private static func succession(_ path: String, _ claim: Data) -> String {
    "\(path).\(ContentHash.of(Array(claim)).prefix(16))"
  }

  /// The new file, open, or nil if there is one.
  private static func create(_ path: String, _ text: Data) throws -> Int32? {
    let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST { return nil }
      throw AtomicFile.failure("cannot create", path)
    }
    guard text.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == text.count,
      fsync(descriptor) == 0
    else {
      let error = AtomicFile.failure("cannot write", path)
      unlink(path)
      close(descriptor)
      throw error
    }
    return descriptor
  }
}

/// A claim as one look shows it.
private struct Claim: Hashable, Sendable {
  let text: Data
  private let seconds: Int
  private let nanoseconds: Int

  /// Nil if there is none. Opened anew for each look, so that a network file system asks its server.
  init?(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    guard count >= 0, fstat(descriptor, &status) == 0 else { return nil }
    text = Data(bytes.prefix(count))
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }

  /// Nil in the moment in which the file is being made.
  var holder: Holder? { try? JSONDecoder().decode(Holder.self, from: text) }
}

/// The process that a claim names.
private struct Holder: Codable {
  let host: String
  /// Where `process` means something: the machine from its start to its end, and there the container. Nil if unknown.
  let machine: String?
  let process: Int32
  /// When the process began, in the kernel's ticks: ids are used again.
  let start: String?
  /// Makes the text of every claim another.
  let token: String

  static func current() -> Holder {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Holder(
      host: host, machine: thisMachine, process: getpid(), start: status(getpid())?.start, token: UUID().uuidString)
  }

  /// Whether the process is certainly no more.
  var isGone: Bool {
    let own = Self.current()
    // Of a machine that was copied while it ran the copy has at best another name.
    guard let machine, machine == own.machine, host == own.host else { return false }
    if kill(process, 0) != 0 && errno == ESRCH { return true }
    return Self.status(process).map { $0.start != start || $0.isZombie } ?? false
  }

  private static let thisMachine: String? = {
    guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
      let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    else { return nil }
    return "\(boot.prefix { !$0.isNewline }) \(space)"
  }()

  /// Fields 3 and 22 of proc(5)'s `stat`; the second, a name in parentheses, may hold anything.
  private static func status(_ process: Int32) -> (start: String, isZombie: Bool)? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
    let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 19 ? (String(fields[19]), ["Z", "X"].contains(fields[0])) : nil
  }
}
