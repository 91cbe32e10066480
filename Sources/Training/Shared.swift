import Synchronization

/// A value behind a lock, with identity, so that structs can hold it.
final class SharedBox<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: sending Value) { mutex = Mutex(value) }

  func withLock<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try mutex.withLock { try body(&$0) }
  }
}

/// Values that are costly to make, each made once.
final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let known = Mutex<[Key: Value]>([:])

  /// The value of a key. Two threads that ask at once may both make it.
  func callAsFunction(_ key: Key, make: () throws -> Value) rethrows -> Value {
    if let value = known.withLock({ $0[key] }) { return value }
    let value = try make()
    known.withLock { $0[key] = value }
    return value
  }
}
