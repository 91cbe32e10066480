import Autograd
import Determinism
import NN

/// Sentences to pretrain the small text encoders on: hypotheses, food titles and film plots with random
/// content, and no image. Words that belong together occur together, which is what there is to learn.
public struct TextPretrainingSet: Sendable {
  public let vocabulary: Vocabulary
  /// Hypotheses, titles and plots come one after another, in these numbers.
  public let counts: (hypotheses: Int, titles: Int, plots: Int)
  private let stream: RandomStream

  public init(
    dataSeed: UInt64 = 1, vocabulary: Vocabulary = .standIns,
    counts: (hypotheses: Int, titles: Int, plots: Int) = (15_000, 12_000, 12_000)
  ) {
    self.vocabulary = vocabulary
    self.counts = counts
    stream = RandomStream(seed: dataSeed).stream("text pretraining")
  }

  public var count: Int { counts.hypotheses + counts.titles + counts.plots }

  /// Token ids of all sentences.
  public func tokens() -> [[Int32]] { (0..<count).map { vocabulary.encode(sentence($0)) } }

  /// One sentence; it depends on its kind and its place among its kind only.
  public func sentence(_ index: Int) -> String {
    require((0..<count).contains(index), "expected a sentence below \(count), found \(index)")
    if index < counts.hypotheses {
      var random = stream.stream("hypotheses").stream(index)
      let subject = HypothesisGrammar.anySubject(&random)
      return HypothesisGrammar.sentence(subject: subject, visible: random.chance(0.5), &random)
    }
    if index < counts.hypotheses + counts.titles {
      var random = stream.stream("titles").stream(index - counts.hypotheses)
      return Self.title(&random)
    }
    var random = stream.stream("plots").stream(index - counts.hypotheses - counts.titles)
    return Self.plot(&random)
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

  /// Which words occur in each text: `[B, vocabulary.count]` of 0 and 1; special tokens are left out.
  public func bagOfWords(_ texts: [[Int32]]) -> Tensor {
    var values = [Float](repeating: 0, count: texts.count * vocabulary.count)
    for (row, text) in texts.enumerated() {
      for id in text where id >= Vocabulary.firstWord {
        values[row * vocabulary.count + Int(id)] = 1
      }
    }
    return Tensor(values, [texts.count, vocabulary.count])
  }
}
