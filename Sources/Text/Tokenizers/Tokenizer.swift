import Determinism

/// The token ids of one text or a pair of texts, framed by special tokens and without padding.
public struct Encoding: Equatable, Sendable {
  /// `[N]`
  public let ids: [Int32]
  /// `[N]`; the segment each token belongs to: 0, and for BERT 1 in the second text of a pair.
  public let typeIds: [Int32]
}

/// Turns text into the token ids its language model was trained on.
///
/// The reference is the `tokenizers` library (0.23) of Hugging Face: ids are equal to its own, also
/// for special tokens written out in the text. `loadTokenizer(folder:)` makes one from files.
public protocol Tokenizer: Sendable {
  /// The rows that an embedding table needs: one more than the largest id.
  var vocabularyCount: Int { get }
  /// The id that fills a batch; masked wherever it stands.
  var padId: Int32 { get }
  /// The special tokens put around every text.
  var frame: TokenFrame { get }
  /// The ids of `text` alone, without the frame.
  /// - Parameter limit: how many ids are enough; the text behind them need not be read.
  func textIds(_ text: String, limit: Int) -> [Int32]
}

extension Tokenizer {
  /// The ids of `text`, and of a second text, inside the frame.
  ///
  /// What is too long loses its end, of a pair the longer text first; the frame stays whole. An
  /// empty second text is none, as in transformers.
  /// - Parameter maximumLength: of all ids together; nil for no limit.
  /// - Throws: `Failure(.configuration)` if the frame alone is longer than `maximumLength`.
  public func encode(
    _ text: String, with second: String? = nil, maximumLength: Int? = nil
  ) throws -> Encoding {
    let second = second?.isEmpty == true ? nil : second
    let between = second == nil ? [] : frame.between
    let frameCount = frame.before.count + between.count + frame.after.count
    if let maximumLength, maximumLength < frameCount {
      throw Failure(
        .configuration,
        "maximum text length: expected at least \(frameCount), the special tokens around a text; "
          + "found \(maximumLength)")
    }
    let limit = maximumLength.map { $0 - frameCount } ?? .max
    guard let second else {
      let ids = frame.before + textIds(text, limit: limit).prefix(limit) + frame.after
      return Encoding(ids: ids, typeIds: [Int32](repeating: 0, count: ids.count))
    }
    let firstIds = textIds(text, limit: .max)
    let secondIds = textIds(second, limit: .max)
    let kept = pairCounts(firstIds.count, secondIds.count, limit: limit)
    let head = frame.before + firstIds.prefix(kept.first) + between
    let tail = secondIds.prefix(kept.second) + frame.after
    let typeIds =
      [Int32](repeating: 0, count: head.count)
      + [Int32](repeating: frame.secondTypeId, count: tail.count)
    return Encoding(ids: head + tail, typeIds: typeIds)
  }
}

/// How many ids of each text fit: the shorter text is cut only if it has more than half of the room
/// (`longest_first` of the `tokenizers` library).
private func pairCounts(_ first: Int, _ second: Int, limit: Int) -> (first: Int, second: Int) {
  if min(first, limit) + min(second, limit) <= limit { return (first, second) }
  let half = limit / 2
  if first <= second {
    return first <= half ? (first, limit - first) : (half, limit - half)
  }
  return second <= half ? (limit - second, second) : (limit - half, half)
}

/// The special ids around texts, such as `[CLS]` first and `[SEP]` last.
public struct TokenFrame: Equatable, Sendable {
  /// Before the (first) text.
  public let before: [Int32]
  /// Between the texts of a pair.
  public let between: [Int32]
  /// After the (second) text.
  public let after: [Int32]
  /// The segment of the second text of a pair and of what follows it.
  public let secondTypeId: Int32

  public init(before: [Int32], between: [Int32], after: [Int32], secondTypeId: Int32) {
    self.before = before
    self.between = between
    self.after = after
    self.secondTypeId = secondTypeId
  }
}
