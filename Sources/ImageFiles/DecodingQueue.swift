import Determinism
import Foundation

/// What a pipeline's consumer and workers share. Everything that changes is guarded by `condition`; workers hold the
/// queue, not the pipeline, so that a forgotten pipeline ends its threads.
final class DecodingQueue<Element: Sendable>: @unchecked Sendable {
  private let count: Int
  private let ahead: Int
  private let condition = NSCondition()
  /// Element i waits in slot i mod `ahead`: its slot is free because no worker starts `ahead` elements early.
  private var slots: [Result<Element, any Error>?]
  private var nextToMake = 0
  private var nextToTake = 0
  private var activeWorkers: Int
  private var isStopped = false
  private var waited = Duration.zero

  init(count: Int, ahead: Int, workers: Int) {
    self.count = count
    self.ahead = ahead
    activeWorkers = workers
    slots = Array(repeating: nil, count: ahead)
  }

  var secondsWaited: Double { condition.withLock { waited / .seconds(1) } }

  /// A worker's life: makes one element after another until there is none left.
  func work(_ produce: (Int) throws -> Element) {
    while let number = numberToMake() {
      let result = Result { try produce(number) }
      condition.withLock {
        if !isStopped { slots[number % ahead] = result }
        // Numbers after a failure will never be taken.
        if case .failure = result { nextToMake = count }
        condition.broadcast()
      }
    }
    condition.withLock {
      activeWorkers -= 1
      condition.broadcast()
    }
  }

  private func numberToMake() -> Int? {
    condition.withLock {
      while !isStopped && nextToMake < count && nextToMake >= nextToTake + ahead {
        condition.wait()
      }
      guard !isStopped && nextToMake < count else { return nil }
      defer { nextToMake += 1 }
      return nextToMake
    }
  }

  func next() throws -> Element? {
    try condition.withLock {
      guard !isStopped && nextToTake < count else { return nil }
      let slot = nextToTake % ahead
      if slots[slot] == nil {
        let start = ContinuousClock.now
        while slots[slot] == nil && !isStopped { condition.wait() }
        waited += start.duration(to: .now)
      }
      guard !isStopped, let result = slots[slot] else { return nil }
      slots[slot] = nil
      nextToTake += 1
      if case .failure = result { stop() }
      condition.broadcast()
      return try result.get()
    }
  }

  func cancel(waits: Bool) {
    condition.withLock {
      stop()
      while waits && activeWorkers > 0 { condition.wait() }
    }
  }

  private func stop() {
    isStopped = true
    slots = Array(repeating: nil, count: ahead)
    condition.broadcast()
  }
}
