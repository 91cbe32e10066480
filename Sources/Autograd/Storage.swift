import Foundation
import Synchronization

/// A 64-byte aligned buffer of floats. Buffers of finished tensors are kept and handed out again, so that
/// a training step after the first asks the system for nothing.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private let capacity: Int

  /// Uninitialised memory for `count` floats.
  init(count: Int) {
    self.count = count
    capacity = Pool.capacity(for: count)
    pointer = Pool.shared.take(capacity)
  }

  deinit { Pool.shared.put(pointer, capacity) }
}

/// Memory in use by tensors, in bytes; for benchmarks and for tests that memory falls during backward.
public enum TensorMemory {
  /// Bytes held by live tensors.
  public static var live: Int { Pool.shared.statistics.live }
  /// The largest value `live` has had since `resetPeak`.
  public static var peak: Int { Pool.shared.statistics.peak }
  public static func resetPeak() { Pool.shared.resetPeak() }
  /// Gives buffers that are kept for reuse back to the system.
  public static func releaseFree() { Pool.shared.releaseFree() }
}

/// Free buffers by capacity, shared by all threads.
private final class Pool: Sendable {
  static let shared = Pool()

  struct Statistics {
    var live = 0
    var peak = 0
  }

  private struct State {
    var free: [Int: [UInt]] = [:]
    var freeBytes = 0
    var statistics = Statistics()
  }

  private let state = Mutex(State())
  /// Free memory kept beyond this goes back to the system.
  private static let keep = 4 << 30

  var statistics: Statistics { state.withLock { $0.statistics } }
  func resetPeak() { state.withLock { $0.statistics.peak = $0.statistics.live } }

  func releaseFree() {
    let addresses = state.withLock { state in
      defer { (state.free, state.freeBytes) = ([:], 0) }
      return state.free.values.flatMap { $0 }
    }
    for address in addresses { free(UnsafeMutableRawPointer(bitPattern: address)) }
  }

  /// Capacities come in steps of an eighth of a power of two, at least one cache line.
  static func capacity(for count: Int) -> Int {
    let wanted = max(count, 16)
    let step = max(16, (1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)) / 8)
    return (wanted + step - 1) / step * step
  }

  func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    let bytes = capacity * MemoryLayout<Float>.stride
    let reused: UInt? = state.withLock { state in
      state.statistics.live += bytes
      state.statistics.peak = max(state.statistics.peak, state.statistics.live)
      guard let address = state.free[capacity]?.popLast() else { return nil }
      state.freeBytes -= bytes
      return address
    }
    if let reused { return UnsafeMutablePointer(bitPattern: reused)! }
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, 64, bytes) == 0, let raw else {
      fatalError("cannot allocate \(bytes) bytes for a tensor: out of memory")
    }
    return raw.bindMemory(to: Float.self, capacity: capacity)
  }

  func put(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
    let bytes = capacity * MemoryLayout<Float>.stride
    let kept = state.withLock { state in
      state.statistics.live -= bytes
      guard state.freeBytes + bytes <= Self.keep else { return false }
      state.free[capacity, default: []].append(UInt(bitPattern: pointer))
      state.freeBytes += bytes
      return true
    }
    if !kept { free(pointer) }
  }
}
