import Determinism

/// Damage to bytes as files suffer it, and as somebody who means harm would do it.
enum Mutation {
  /// Numbers and words where readers of text go wrong.
  private static let words = [
    "0", "-1", "1e999", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "4294967296", "0.5",
    "NaN",
    "true", "null", "\"\"", "[]", "{}", "\\u0000", "\\ud800", "\u{FEFF}", "\r\n", "e\u{301}", "\u{0}", "[[[[[[[[",
  ].map { Array($0.utf8) }
  private static let integers: [UInt64] = [
    0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, .max >> 1, .max,
  ]

  /// One to four of them.
  static func applied(to start: [UInt8], other: [UInt8], _ random: inout RandomStream) -> [UInt8] {
    var bytes = start
    for _ in 0...random.integer(below: 4) { mutate(&bytes, other, &random) }
    return bytes
  }

  private static func mutate(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout RandomStream) {
    guard !bytes.isEmpty else {
      bytes = words[random.integer(below: words.count)]
      return
    }
    let place = random.integer(below: bytes.count)
    let end = min(bytes.count, place + 1 + random.integer(below: 32))
    switch random.integer(below: 9) {
    case 0: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.bits())
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 4: bytes.removeSubrange(place...)
    case 5: bytes.insert(contentsOf: words[random.integer(below: words.count)], at: place)
    case 6: replaceNumber(&bytes, from: place, by: words[random.integer(below: words.count)])
    case 7:
      let value = integers[random.integer(below: integers.count)]
      let width = [1, 2, 4, 8][random.integer(below: 4)]
      for i in 0..<min(width, bytes.count - place) {
        bytes[place + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i))
      }
    default:
      guard !other.isEmpty else { return }
      let from = random.integer(below: other.count)
      bytes.replaceSubrange(place..<end, with: other[from..<min(other.count, from + 64)])
    }
  }

  /// The next number in a text.
  private static func replaceNumber(_ bytes: inout [UInt8], from place: Int, by word: [UInt8]) {
    func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
    guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: word)
  }
}
