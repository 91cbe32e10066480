import Determinism

/// The merges of a byte-pair vocabulary: of all neighbours in a word, the best-ranked pair is
/// joined first, the leftmost among equals, until no pair is left (Sennrich et al. 2016).
struct BytePairMerges: Sendable {
  /// (left id, right id) → rank.
  private var ranks: IntegerTable
  /// The joined id of every rank.
  private var joined: [Int32] = []

  init(capacity: Int) {
    self.ranks = IntegerTable(capacity: capacity)
    joined.reserveCapacity(capacity)
  }

  /// Adds the next-ranked merge; false if the pair is there already.
  mutating func append(_ left: Int32, _ right: Int32, makes id: Int32) -> Bool {
    guard ranks.insert(Self.key(left, right), Int32(joined.count)) else { return false }
    joined.append(id)
    return true
  }

  @inline(__always)
  private func rank(_ left: Int32, _ right: Int32) -> Int32 { ranks[Self.key(left, right)] }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Storage that many words share.
  struct Workspace {
    /// One word's ids, linked both ways; −1 ends the list.
    fileprivate var symbols: [Symbol] = []
    /// A binary heap of rank · 2³² + position, the least on top.
    fileprivate var queue: [UInt64] = []

    fileprivate struct Symbol {
      var id: Int32
      var previous: Int32
      var next: Int32
      /// Of the pair this symbol and the next make; −1 if they are not merged, or are gone.
      var rank: Int32 = -1
    }
  }

  /// Appends the ids that the word `bytes` is left with to `ids`.
  func appendMerged(
    _ bytes: some Collection<UInt8>, byteIds: [Int32], _ workspace: inout Workspace,
    to ids: inout [Int32]
  ) {
    let count = Int32(bytes.count)
    workspace.symbols.removeAll(keepingCapacity: true)
    for (i, byte) in zip(Int32(0)..., bytes) {
      let next = i + 1 < count ? i + 1 : -1
      workspace.symbols.append(.init(id: byteIds[Int(byte)], previous: i - 1, next: next))
    }
    for i in 0..<count { enqueuePair(at: i, &workspace) }
    while let entry = Self.popLeast(&workspace.queue) {
      let position = Int(entry & 0xFFFF_FFFF)
      let rank = Int32(truncatingIfNeeded: entry >> 32)
      guard workspace.symbols[position].rank == rank else { continue }  // changed since
      let right = Int(workspace.symbols[position].next)
      let after = workspace.symbols[right].next
      workspace.symbols[position].id = joined[Int(rank)]
      workspace.symbols[position].next = after
      workspace.symbols[right].rank = -1
      if after >= 0 { workspace.symbols[Int(after)].previous = Int32(position) }
      enqueuePair(at: Int32(position), &workspace)
      enqueuePair(at: workspace.symbols[position].previous, &workspace)
    }
    var i: Int32 = count > 0 ? 0 : -1
    while i >= 0 {
      ids.append(workspace.symbols[Int(i)].id)
      i = workspace.symbols[Int(i)].next
    }
  }

  @inline(__always)
  private func enqueuePair(at position: Int32, _ workspace: inout Workspace) {
    if position < 0 { return }
    let symbol = workspace.symbols[Int(position)]
    let rank = symbol.next < 0 ? -1 : rank(symbol.id, workspace.symbols[Int(symbol.next)].id)
    workspace.symbols[Int(position)].rank = rank
    if rank < 0 { return }
    Self.push(UInt64(UInt32(rank)) << 32 | UInt64(UInt32(position)), &workspace.queue)
  }

  private static func push(_ entry: UInt64, _ queue: inout [UInt64]) {
    queue.append(entry)
    var i = queue.count - 1
    while i > 0 && entry < queue[(i - 1) / 2] {
      queue[i] = queue[(i - 1) / 2]
      i = (i - 1) / 2
    }
    queue[i] = entry
  }

  private static func popLeast(_ queue: inout [UInt64]) -> UInt64? {
    guard let least = queue.first, let entry = queue.popLast() else { return nil }
    if queue.isEmpty { return least }
    var i = 0
    while 2 * i + 1 < queue.count {
      var child = 2 * i + 1
      if child + 1 < queue.count && queue[child + 1] < queue[child] { child += 1 }
      if entry <= queue[child] { break }
      queue[i] = queue[child]
      i = child
    }
    queue[i] = entry
    return least
  }
}
