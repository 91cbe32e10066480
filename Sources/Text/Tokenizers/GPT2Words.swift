/// The words that GPT-2 cuts a text into before merging bytes; a space belongs to the word behind
/// it.
///
/// Equal to the expression of Radford et al.'s `encoder.py`, without a regular-expression engine:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
struct GPT2Words: Sequence, IteratorProtocol {
  private let text: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// - Parameter text: valid UTF-8, alive as long as the iteration.
  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  mutating func next() -> Range<Int>? {
    if position == text.count { return nil }
    let start = position
    position = endOfWord(from: start)
    return start..<position
  }

  private func endOfWord(from start: Int) -> Int {
    if text[start] == 0x27, let end = endOfContraction(from: start) { return end }
    var i = start
    if text[i] == 0x20 && i + 1 < text.count { i += 1 }
    var next = i
    let kind = kind(nextScalar(text, &next))
    if kind == .whitespace { return endOfWhitespace(from: start) }
    i = next
    while i < text.count {
      guard self.kind(nextScalar(text, &next)) == kind else { break }
      i = next
    }
    return i
  }

  private func endOfContraction(from start: Int) -> Int? {
    guard start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case let first where start + 2 < text.count:
      switch (first, text[start + 2]) {
      case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
        (UInt8(ascii: "l"), UInt8(ascii: "l")):
        return start + 3
      default: return nil
      }
    default: return nil
    }
  }

  /// All of the white space at the end of the text, else all but its last scalar, else that one.
  private func endOfWhitespace(from start: Int) -> Int {
    var last = start
    var i = start
    while i < text.count {
      var next = i
      guard kind(nextScalar(text, &next)) == .whitespace else {
        return last > start ? last : i
      }
      last = i
      i = next
    }
    return i
  }

  @inline(__always)
  private func kind(_ scalar: UInt32) -> ScalarClasses {
    ScalarClasses.of(scalar).intersection([.letter, .number, .whitespace])
  }
}
