import Autograd
import Datasets
import Determinism
import Encoders
import NN
import Training

/// The next word from those before it: GPT-2's pretraining.
struct NextWord: PretrainingTask {
  let objective = "cross-entropy of the next word"
  private let encoder: GPT2
  private let words: Linear
  private let texts: [[Int32]]
  private let heldOut: [[Int32]]

  init(_ store: ParameterStore, _ recipe: PretrainingRecipe) {
    texts = TextPretrainingSet(dataSeed: recipe.seed).tokens()
    heldOut = TextPretrainingSet(dataSeed: recipe.seed + 1, countOf: { $0.standardCount / 30 }).tokens()
    encoder = GPT2(EncoderCatalogue.miniGPT2, store.root / "encoder")
    words = Linear(encoder.featureWidth, WordVocabulary.standIns.count, store.root / "words")
  }

  var count: Int { texts.count }

  func loss(_ indices: [Int], _ mode: Mode) -> Tensor {
    let (scores, next) = scores(indices.map { texts[$0] }, mode)
    return crossEntropy(scores, next)
  }

  /// Logits `[words that have a next one, vocabulary]` and the next words.
  private func scores(_ texts: [[Int32]], _ mode: Mode) -> (scores: Tensor, next: [Int32]) {
    let text = TokenIds(padding: texts, with: WordVocabulary.padding)
    let states = encoder.tokens(text, mode)
    let (b, n, c) = states.shape3
    var (places, next): ([Int32], [Int32]) = ([], [])
    for (item, ids) in texts.enumerated() {
      for place in 0..<ids.count - 1 {
        places.append(Int32(item * n + place))
        next.append(ids[place + 1])
      }
    }
    return (words(states.reshaped(b * n, c).gather(places)), next)
  }

  func probes() -> [String: Double] {
    var (right, count, loss) = (0, 0, 0.0)
    for indices in BatchOrder(count: heldOut.count, batchSize: 100).evaluation {
      let (scores, next) = scores(indices.map { heldOut[$0] }, .evaluation)
      loss += Double(crossEntropy(scores, next).item) * Double(next.count)
      count += next.count
      right += zip(argmax(scores), next).count { $0 == $1 }
    }
    return [
      "accuracy on the next word": 100 * Double(right) / Double(count),
      "perplexity of the next word": portableExp(loss / Double(count)),
    ]
  }
}
