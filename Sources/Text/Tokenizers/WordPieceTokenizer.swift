import Determinism

/// BERT's tokenizer: words and punctuation marks cut into the longest pieces of a vocabulary.
///
/// Devlin et al. 2019; equal to `BertTokenizer` of transformers. `[CLS] text [SEP]`; a word of
/// which some part is no piece, or that has over 100 characters, is `[UNK]`.
public struct WordPieceTokenizer: Tokenizer {
  public let vocabularyCount: Int
  public let padId: Int32
  public let frame: TokenFrame

  private let unknownId: Int32
  private let longestWord: Int
  private let normalizer: BertNormalizer
  /// Looked for in the text as it is, and then, other tokens, in the normalised text.
  private let addedTokens: AddedTokens
  private let addedNormalizedTokens: AddedTokens
  private let pieces: PieceTrie

  init(
    vocabulary: Vocabulary, special: SpecialTokens, normalizer: BertNormalizer,
    continuationPrefix: String = "##", longestWord: Int = 100
  ) throws {
    self.vocabularyCount = max(vocabulary.count, special.idCount)
    self.padId = special.padId
    self.frame = special.frame
    guard let unknownId = special.unknownId else {
      throw Failure(
        .badInput, "\(vocabulary.file): WordPiece needs an unknown token; name unk_token")
    }
    self.unknownId = unknownId
    self.longestWord = longestWord
    self.normalizer = normalizer
    self.addedTokens = AddedTokens(special.inText)
    self.addedNormalizedTokens = AddedTokens(
      special.inNormalizedText.map { token in
        let content = token.content.withUnsafeBufferPointer { normalizer.normalized($0) }
        return AddedTokens.Token(
          content: content, id: token.id, stripsLeft: token.stripsLeft,
          stripsRight: token.stripsRight)
      })
    let prefix = Array(continuationPrefix.utf8)
    var pieces = PieceTrie(byteCount: vocabulary.byteCount)
    for (token, id) in vocabulary.entries {
      if !prefix.isEmpty && token.starts(with: prefix) {
        pieces.insert(token.dropFirst(prefix.count), from: PieceTrie.continuation, id: id)
      } else {
        pieces.insert(token, from: PieceTrie.wordStart, id: id)
      }
    }
    self.pieces = pieces
  }

  public func textIds(_ text: String, limit: Int) -> [Int32] {
    var ids: [Int32] = []
    var text = text
    text.withUTF8 { bytes in
      for segment in addedTokens.segments(of: bytes, in: 0..<bytes.count) {
        if ids.count >= limit { break }
        switch segment {
        case .token(let id): ids.append(id)
        case .text(let range):
          let part = UnsafeBufferPointer(rebasing: bytes[range])
          normalizer.normalized(part).withUnsafeBufferPointer {
            appendIds($0, limit: limit, to: &ids)
          }
        }
      }
    }
    return ids
  }

  private func appendIds(
    _ normalized: UnsafeBufferPointer<UInt8>, limit: Int, to ids: inout [Int32]
  ) {
    for segment in addedNormalizedTokens.segments(of: normalized, in: 0..<normalized.count) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        appendWords(UnsafeBufferPointer(rebasing: normalized[range]), limit: limit, to: &ids)
      }
    }
  }

  /// Words end at white space, which is dropped; every punctuation mark is a word.
  private func appendWords(
    _ text: UnsafeBufferPointer<UInt8>, limit: Int, to ids: inout [Int32]
  ) {
    var wordStart = 0
    var i = 0
    while i < text.count && ids.count < limit {
      let start = i
      let classes = ScalarClasses.of(nextScalar(text, &i))
      if classes.isDisjoint(with: [.whitespace, .punctuation]) { continue }
      appendPieces(text, wordStart..<start, to: &ids)
      if classes.contains(.punctuation) { appendPieces(text, start..<i, to: &ids) }
      wordStart = i
    }
    if ids.count < limit { appendPieces(text, wordStart..<text.count, to: &ids) }
  }

  private func appendPieces(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to ids: inout [Int32]
  ) {
    if range.isEmpty { return }
    let word = UnsafeBufferPointer(rebasing: text[range])
    let idCount = ids.count
    var start = 0
    var root = PieceTrie.wordStart
    let isTooLong =
      word.count > longestWord && word.count(where: { $0 & 0xC0 != 0x80 }) > longestWord
    while start < word.count {
      guard !isTooLong, let piece = pieces.longest(in: word, from: start, root: root) else {
        ids.removeSubrange(idCount...)
        ids.append(unknownId)
        return
      }
      ids.append(piece.id)
      start = piece.end
      root = PieceTrie.continuation
    }
  }
}
