import Determinism

/// GPT-2's tokenizer, and RoBERTa's, Longformer's and BART's: words as bytes, merged by rank.
///
/// Radford et al. 2019; equal to `GPT2Tokenizer` and `RobertaTokenizer` of transformers. GPT-2 puts
/// nothing around a text, the others `<s> text </s>`. Every text has ids: each byte is a token.
public struct ByteLevelBPETokenizer: Tokenizer {
  public let vocabularyCount: Int
  public let padId: Int32
  public let frame: TokenFrame

  private let addsPrefixSpace: Bool
  /// Looked for in the text, the second where the first found nothing.
  private let addedTokens: AddedTokens
  private let addedNormalizedTokens: AddedTokens
  private let byteIds: [Int32]
  private let merges: BytePairMerges

  /// - Parameter merges: pairs of tokens as the vocabulary writes them, best rank first.
  init(
    vocabulary: Vocabulary, merges pairs: MergeList, special: SpecialTokens, addsPrefixSpace: Bool
  ) throws {
    self.vocabularyCount = max(vocabulary.count, special.idCount)
    self.padId = special.padId
    self.frame = special.frame
    self.addsPrefixSpace = addsPrefixSpace
    self.addedTokens = AddedTokens(special.inText)
    self.addedNormalizedTokens = AddedTokens(special.inNormalizedText)
    self.byteIds = try Self.byteSymbols.enumerated().map { byte, symbol in
      guard let id = vocabulary[symbol] else {
        throw Failure(
          .badInput,
          "\(vocabulary.file): expected a token \"\(String(decoding: symbol, as: UTF8.self))\" for "
            + "byte \(byte), found none; is this a byte-level vocabulary?")
      }
      return id
    }
    var merges = BytePairMerges(capacity: pairs.pairs.count)
    for (i, (left, right)) in pairs.pairs.enumerated() {
      let ids = try [left, right, left + right].map { token in
        guard let id = vocabulary[token] else {
          throw Failure(
            .badInput,
            "\(pairs.place(i)): \"\(String(decoding: token, as: UTF8.self))\" is not in "
              + "\(vocabulary.file); do the two belong together?")
        }
        return id
      }
      guard merges.append(ids[0], ids[1], makes: ids[2]) else {
        throw Failure(
          .badInput,
          "\(pairs.place(i)): \"\(String(decoding: left, as: UTF8.self)) "
            + "\(String(decoding: right, as: UTF8.self))\" is merged a second time; remove one")
      }
    }
    self.merges = merges
  }

  public func textIds(_ text: String, limit: Int) -> [Int32] {
    var ids: [Int32] = []
    var workspace = BytePairMerges.Workspace()
    var text = text
    text.withUTF8 { bytes in
      for segment in addedTokens.segments(of: bytes, in: 0..<bytes.count) {
        guard case .text(let range) = segment else {
          if case .token(let id) = segment { ids.append(id) }
          continue
        }
        for segment in addedNormalizedTokens.segments(of: bytes, in: range) {
          if ids.count >= limit { return }
          switch segment {
          case .token(let id): ids.append(id)
          case .text(let range):
            appendWords(
              UnsafeBufferPointer(rebasing: bytes[range]), limit: limit, &workspace, to: &ids)
          }
        }
      }
    }
    return ids
  }

  private func appendWords(
    _ text: UnsafeBufferPointer<UInt8>, limit: Int, _ workspace: inout BytePairMerges.Workspace,
    to ids: inout [Int32]
  ) {
    if addsPrefixSpace && text.first != 0x20 {
      ([0x20] + text).withUnsafeBufferPointer {
        appendSpaced($0, limit: limit, &workspace, to: &ids)
      }
    } else {
      appendSpaced(text, limit: limit, &workspace, to: &ids)
    }
  }

  private func appendSpaced(
    _ text: UnsafeBufferPointer<UInt8>, limit: Int, _ workspace: inout BytePairMerges.Workspace,
    to ids: inout [Int32]
  ) {
    for word in GPT2Words(text) {
      if ids.count >= limit { return }
      merges.appendMerged(
        UnsafeBufferPointer(rebasing: text[word]), byteIds: byteIds, &workspace, to: &ids)
    }
  }

  /// How a vocabulary writes each byte, in UTF-8: printable Latin-1 as itself, the other bytes in
  /// order from U+0100 (`bytes_to_unicode` of GPT-2's `encoder.py`).
  static let byteSymbols: [[UInt8]] = {
    var unprintable: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      var symbol: [UInt8] = []
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: append(byte, to: &symbol)
      default:
        append(unprintable, to: &symbol)
        unprintable += 1
      }
      return symbol
    }
  }()
}
