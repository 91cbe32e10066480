import Determinism

/// Tokens that are recognised in the text itself, before it is cut into words: `[SEP]`, `<mask>`.
///
/// The longest that starts first wins, as in `AddedVocabulary` of the `tokenizers` library.
struct AddedTokens: Sendable {
  struct Token: Equatable, Sendable {
    let content: [UInt8]
    let id: Int32
    /// Takes the white space before (after) it away.
    var stripsLeft = false
    var stripsRight = false
  }

  /// A stretch of text, or an added token.
  enum Segment {
    case text(Range<Int>)
    case token(Int32)
  }

  private let tokens: [Token]  // longest first
  private var startsToken = [Bool](repeating: false, count: 256)

  init(_ tokens: [Token]) {
    self.tokens = tokens.filter { !$0.content.isEmpty }.sorted {
      ($1.content.count, $0.id) < ($0.content.count, $1.id)
    }
    for token in self.tokens { startsToken[Int(token.content[0])] = true }
  }

  /// `text[range]` cut at the added tokens; no stretch of text is empty.
  func segments(of text: UnsafeBufferPointer<UInt8>, in range: Range<Int>) -> [Segment] {
    var segments: [Segment] = []
    var textStart = range.lowerBound
    var i = range.lowerBound
    while i < range.upperBound {
      guard startsToken[Int(text[i])], let token = token(in: text, at: i, before: range.upperBound)
      else {
        i += 1
        continue
      }
      var end = i
      if token.stripsLeft {
        while let start = whitespaceStart(text, from: textStart, before: end) { end = start }
      }
      if textStart < end { segments.append(.text(textStart..<end)) }
      segments.append(.token(token.id))
      i += token.content.count
      textStart = i
      if token.stripsRight {
        while textStart < range.upperBound {
          var next = textStart
          guard ScalarClasses.of(nextScalar(text, &next)).contains(.whitespace) else { break }
          textStart = next
        }
        i = textStart
      }
    }
    if textStart < range.upperBound { segments.append(.text(textStart..<range.upperBound)) }
    return segments
  }

  private func token(
    in text: UnsafeBufferPointer<UInt8>, at start: Int, before end: Int
  ) -> Token? {
    tokens.first { token in
      token.content.count <= end - start
        && token.content.indices.allSatisfy { text[start + $0] == token.content[$0] }
    }
  }

  /// Where the white-space scalar that ends at `end` starts; nil if there is none.
  private func whitespaceStart(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, before end: Int
  ) -> Int? {
    guard end > start else { return nil }
    var first = end - 1
    while first > start && text[first] & 0xC0 == 0x80 { first -= 1 }
    var i = first
    return ScalarClasses.of(nextScalar(text, &i)).contains(.whitespace) ? first : nil
  }
}
