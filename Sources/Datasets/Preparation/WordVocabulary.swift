import Determinism
import Text

/// One id per word.
public struct WordVocabulary: Tokenizer {
  public static let padding: Int32 = 0
  public static let unknown: Int32 = 1
  public static let classification: Int32 = 2
  public static let separator: Int32 = 3
  public static let mask: Int32 = 4
  /// The special tokens come first; ids from here on are words.
  public static let firstWord: Int32 = 5

  /// All tokens by id.
  public let tokens: [String]
  private let ids: [String: Int32]

  /// - Parameter words: repeated words are taken once, at their first place.
  public init(words: [String]) {
    var tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    var ids: [String: Int32] = [:]
    for word in words where ids[word] == nil {
      ids[word] = Int32(tokens.count)
      tokens.append(word)
    }
    self.tokens = tokens
    self.ids = ids
  }

  /// The words of all stand-ins and of the pretraining corpus. New words are added at the end, so
  /// that ids, and encoders trained on them, stay valid.
  public static let standIns = WordVocabulary(
    words: HypothesisGrammar.words + Food.words + Film.words + ReferringExpression.words
      + VQAGrammar.words + Utterance.words)

  /// Number of tokens, special ones included.
  public var count: Int { tokens.count }
  public var vocabularyCount: Int { tokens.count }
  public var padId: Int32 { Self.padding }
  public var frame: TokenFrame {
    TokenFrame(
      before: [Self.classification], between: [Self.separator], after: [Self.separator],
      secondTypeId: 0)
  }

  public func textIds(_ text: String, limit: Int) -> [Int32] {
    splitWords(text).prefix(limit).map(id)
  }

  /// The id of a word, or of [UNK].
  public func id(_ word: String) -> Int32 { ids[word] ?? Self.unknown }

  /// `[CLS] word … word [SEP]`
  public func encode(_ text: String) -> [Int32] {
    [Self.classification] + splitWords(text).map(id) + [Self.separator]
  }

  /// The words of these ids, special tokens included.
  public func decode(_ ids: [Int32]) -> String {
    ids.map { tokens[Int($0)] }.joined(separator: " ")
  }
}
