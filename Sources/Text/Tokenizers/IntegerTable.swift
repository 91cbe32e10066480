import Determinism

/// A fixed map from integers to integers, by open addressing: the inner loops of both tokenizers.
///
/// Two flat arrays, at most half full, probed one after another.
struct IntegerTable: Sendable {
  private static let empty = UInt64.max
  private var keys: [UInt64]
  private var values: [Int32]
  private var count = 0
  private let shift: UInt64

  /// - Parameter capacity: the most entries that will ever be inserted.
  init(capacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < 2 * capacity { bits += 1 }
    self.keys = [UInt64](repeating: Self.empty, count: 1 << bits)
    self.values = [Int32](repeating: -1, count: 1 << bits)
    self.shift = 64 - bits
  }

  /// The value of `key`, or −1.
  @inline(__always)
  subscript(key: UInt64) -> Int32 {
    var slot = firstSlot(key)
    while keys[slot] != Self.empty {
      if keys[slot] == key { return values[slot] }
      slot = (slot + 1) & (keys.count - 1)
    }
    return -1
  }

  /// Adds an entry; false, and no change, if `key` is there already.
  mutating func insert(_ key: UInt64, _ value: Int32) -> Bool {
    require(key != Self.empty, "IntegerTable: the key \(key) marks an empty slot")
    require(2 * count < keys.count, "IntegerTable: more entries than its capacity")
    var slot = firstSlot(key)
    while keys[slot] != Self.empty {
      if keys[slot] == key { return false }
      slot = (slot + 1) & (keys.count - 1)
    }
    keys[slot] = key
    values[slot] = value
    count += 1
    return true
  }

  /// Fibonacci hashing (Knuth, volume 3, §6.4): the high bits of a product with 2⁶⁴/φ.
  @inline(__always)
  private func firstSlot(_ key: UInt64) -> Int {
    let mixed = (key ^ (key >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> shift)
  }
}
