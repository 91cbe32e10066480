import Autograd
import Determinism
import NN

/// Sentences to pretrain the small text encoders on: hypotheses, food titles, film plots and a few
/// of the texts of the other stand-ins, with random content and without any image. Words that
/// belong together occur together, which is what there is to learn.
public struct TextPretrainingSet: Sendable {
  /// A kind of sentence; the corpus has one kind after another in this order.
  public enum Kind: String, CaseIterable, Sendable {
    case hypotheses, titles, plots, expressions, questions, utterances

    /// How many sentences of the kind the corpus has by default.
    public var standardCount: Int {
      switch self {
      case .hypotheses: 15_000
      case .titles, .plots: 12_000
      case .expressions, .questions, .utterances: 3000
      }
    }
  }

  public let vocabulary: WordVocabulary
  private let counts: [Int]  // by kind
  private let stream: RandomStream

  /// - Parameter countOf: how many sentences of each kind.
  public init(
    dataSeed: UInt64 = 1, vocabulary: WordVocabulary = .standIns,
    countOf: (Kind) -> Int = { $0.standardCount }
  ) {
    self.vocabulary = vocabulary
    counts = Kind.allCases.map(countOf)
    stream = RandomStream(seed: dataSeed).stream("text pretraining")
  }

  public var count: Int { counts.reduce(0, +) }

  /// Token ids of all sentences.
  public func tokens() -> [[Int32]] {
    zip(Kind.allCases, counts).flatMap { kind, count in
      (0..<count).map { vocabulary.encode(sentence($0, kind)) }
    }
  }

  /// One sentence, whether or not the corpus is large enough to have it.
  public func sentence(_ index: Int, _ kind: Kind) -> String {
    var random = stream.stream(kind.rawValue).stream(index)
    switch kind {
    case .hypotheses:
      let subject = HypothesisGrammar.anySubject(&random)
      return HypothesisGrammar.sentence(subject: subject, visible: random.chance(0.5), &random)
    case .titles: return Self.title(&random)
    case .plots: return Self.plot(&random)
    case .expressions: return ReferringExpression.any(&random)
    case .questions: return VQAGrammar.any(&random)
    case .utterances: return Utterance.any(&random)
    }
  }

  /// Words of one dish (each with p = .7), a meal half the time, and filler; usually shuffled.
  private static func title(_ random: inout RandomStream) -> String {
    let head = random.pick(Food.heads + Food.pretrainingHeads)
    let modifier = random.pick(Food.modifiers)
    var words = ([modifier.name, head.name] + modifier.secondary + head.secondary).filter { _ in
      random.chance(0.7)
    }
    if random.chance(0.5) { words.append(random.pick(Food.meals).name) }
    words += (0..<1 + random.integer(below: 6)).map { _ in random.pick(Food.filler) }
    guard random.chance(0.7) else { return words.joined(separator: " ") }
    return random.permutation(words.count).map { words[$0] }.joined(separator: " ")
  }

  /// Words of one to three genres (each with p = .75), a setting and filler, shuffled.
  private static func plot(_ random: inout RandomStream) -> String {
    let genres = random.permutation(Film.genres.count).prefix(1 + random.integer(below: 3))
    var words = genres.flatMap { Film.words(of: $0) }.filter { _ in random.chance(0.75) }
    words += (0..<3 + random.integer(below: 6)).map { _ in random.pick(Film.filler) }
    words.append(random.pick(Film.settings).name)
    return random.permutation(words.count).map { words[$0] }.joined(separator: " ")
  }

  /// Which words occur in each text: `[B, vocabulary.count]` of 0 and 1; special tokens are left
  /// out.
  public func bagOfWords(_ texts: [[Int32]]) -> Tensor {
    var values = [Float](repeating: 0, count: texts.count * vocabulary.count)
    for (row, text) in texts.enumerated() {
      for id in text where id >= WordVocabulary.firstWord {
        values[row * vocabulary.count + Int(id)] = 1
      }
    }
    return Tensor(values, [texts.count, vocabulary.count])
  }
}
