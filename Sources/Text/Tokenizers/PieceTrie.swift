/// The word pieces of a vocabulary, byte by byte, for finding the longest that a text starts with.
struct PieceTrie: Sendable {
  /// Node 0 starts words; node 1 continues them (pieces written with `##`).
  static let wordStart: Int32 = 0
  static let continuation: Int32 = 1
  /// (node, byte) → node.
  private var edges: IntegerTable
  /// The piece that ends at a node, or −1.
  private var ids: [Int32] = [-1, -1]

  /// - Parameter byteCount: of all pieces together.
  init(byteCount: Int) { self.edges = IntegerTable(capacity: byteCount) }

  mutating func insert(_ piece: some Sequence<UInt8>, from root: Int32, id: Int32) {
    var node = root
    for byte in piece {
      let key = Self.key(node, byte)
      var next = edges[key]
      if next < 0 {
        next = Int32(ids.count)
        ids.append(-1)
        _ = edges.insert(key, next)
      }
      node = next
    }
    ids[Int(node)] = id
  }

  /// The longest piece at the start of `text[start...]` and where it ends; nil if there is none.
  @inline(__always)
  func longest(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, root: Int32
  ) -> (id: Int32, end: Int)? {
    var node = root
    var found: (id: Int32, end: Int)?
    var i = start
    while i < text.count {
      node = edges[Self.key(node, text[i])]
      guard node >= 0 else { break }
      i += 1
      let id = ids[Int(node)]
      if id >= 0 { found = (id, i) }
    }
    return found
  }

  @inline(__always)
  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 {
    UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)
  }
}
