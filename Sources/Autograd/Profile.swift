import Foundation
import Synchronization

/// Where the time of a computation goes, operation by operation. Off until `start`; then one thread is watched, and its
/// operations cost two readings of the clock each.
///
/// What passes between the ends of two operations belongs to the latter: its kernels, its memory, and the Swift
/// around it. Products of matrices have entries of their own and are not counted again in the operation they are for.
public enum Profile {
  /// One operation in one direction.
  public struct Entry: Encodable, Sendable {
    /// The function that was called; "product", with its sizes rows × columns × summands.
    public let operation: String
    /// "forward" or "backward".
    public let pass: String
    public let calls: Int
    public let seconds: Double
    /// Of products: their speed.
    public let gigaflops: Double?

    public init(operation: String, pass: String, calls: Int, seconds: Double, gigaflops: Double?) {
      self.operation = operation
      self.pass = pass
      self.calls = calls
      self.seconds = seconds
      self.gigaflops = gigaflops
    }
  }

  /// Starts watching the thread that calls, from zero.
  public static func start() {
    recorder.withLock { $0 = Recorder(thread: pthread_self(), last: ContinuousClock.now) }
    isOn.store(true, ordering: .releasing)
  }

  /// Ends watching: all entries, the most expensive first.
  public static func stop() -> [Entry] {
    isOn.store(false, ordering: .releasing)
    let entries = recorder.withLock { recorder in
      defer { recorder = nil }
      return recorder?.entries ?? []
    }
    return entries.sorted { ($0.seconds, $0.operation) > ($1.seconds, $1.operation) }
  }

  private static let isOn = Atomic<Bool>(false)
  private static let recorder = Mutex<Recorder?>(nil)

  /// To be called where an operation ends.
  static func ended(_ operation: StaticString) {
    guard isOn.load(ordering: .relaxed) else { return }
    recorder.withLock { $0?.ended("\(operation)", operations: 0, start: nil) }
  }

  /// The time, if it is needed.
  static func now() -> ContinuousClock.Instant? {
    isOn.load(ordering: .relaxed) ? ContinuousClock.now : nil
  }

  /// To be called where a product of matrices ends that began at `start`.
  static func endedProduct(_ m: Int, _ n: Int, _ k: Int, start: ContinuousClock.Instant?) {
    guard let start else { return }
    recorder.withLock {
      $0?.ended("product \(m)×\(n)×\(k)", operations: 2 * m * n * k, start: start)
    }
  }

  /// Says in which direction the operations go that end from now on.
  static func turn(backward: Bool) {
    guard isOn.load(ordering: .relaxed) else { return }
    recorder.withLock { $0?.turn(backward) }
  }
}

private struct Recorder: @unchecked Sendable {
  private struct Key: Hashable {
    let operation: String
    let isBackward: Bool
  }
  private struct Sum {
    var calls = 0
    var seconds = 0.0
    var operations = 0
  }

  let thread: pthread_t
  var last: ContinuousClock.Instant
  private var isBackward = false
  /// Time of products since `last`.
  private var products = 0.0
  private var sums: [Key: Sum] = [:]

  init(thread: pthread_t, last: ContinuousClock.Instant) {
    self.thread = thread
    self.last = last
  }

  mutating func ended(_ operation: String, operations: Int, start: ContinuousClock.Instant?) {
    guard pthread_equal(thread, pthread_self()) != 0 else { return }
    let now = ContinuousClock.now
    let duration = (now - (start ?? last)) / .seconds(1)
    var sum = sums[Key(operation: operation, isBackward: isBackward)] ?? Sum()
    sum.calls += 1
    sum.operations += operations
    if start == nil {
      sum.seconds += duration - products
      last = now
      products = 0
    } else {
      sum.seconds += duration
      products += duration
    }
    sums[Key(operation: operation, isBackward: isBackward)] = sum
  }

  mutating func turn(_ backward: Bool) {
    if pthread_equal(thread, pthread_self()) != 0 { isBackward = backward }
  }

  var entries: [Profile.Entry] {
    sums.map { key, sum in
      let name = key.operation.prefix { $0 != "(" }
      return Profile.Entry(
        operation: String(name), pass: key.isBackward ? "backward" : "forward", calls: sum.calls,
        seconds: sum.seconds,
        gigaflops: sum.operations > 0 ? Double(sum.operations) / sum.seconds * 1e-9 : nil)
    }
  }
}
