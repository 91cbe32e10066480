import Autograd
import Datasets
import Determinism
import Encoders
import Metrics
import NN
import Training

/// Masked words, and which words a text holds from the pooled [CLS]: the stand-in for BERT's pretraining.
struct MaskedWords: PretrainingTask {
  let objective =
    "cross-entropy of 15 % masked words (80/10/10) + binary cross-entropy of the bag of words from the pooler / 4"
  private let encoder: any TextStates
  private let words, bag: Linear
  private let corpus: TextPretrainingSet
  private let texts: [[Int32]]
  private let heldOut: [[Int32]]

  init(_ choice: EncoderChoice, _ store: ParameterStore, _ recipe: PretrainingRecipe) {
    corpus = TextPretrainingSet(dataSeed: recipe.seed)
    texts = corpus.tokens()
    let probe = TextPretrainingSet(dataSeed: recipe.seed + 1, countOf: { $0.standardCount / 30 })
    heldOut = probe.tokens()
    let scope = store.root / "encoder"
    encoder =
      switch choice {
      case .longformer: Longformer(EncoderCatalogue.miniLongformer, output: .pooler, scope)
      case .largeBERT: BERT(EncoderCatalogue.miniLargeBERT, output: .pooler, scope)
      default: BERT(EncoderCatalogue.miniBERT, output: .pooler, scope)
      }
    let count = WordVocabulary.standIns.count
    words = Linear(encoder.featureWidth, count, store.root / "words")
    bag = Linear(encoder.featureWidth, count, store.root / "bag")
  }

  var count: Int { texts.count }

  func loss(_ indices: [Int], _ mode: Mode) -> Tensor {
    guard case .training(let random) = mode else { fatalError("a pretraining loss is for training") }
    let batch = indices.map { texts[$0] }
    let masked = mask(batch, random)
    let states = encoder.states(masked.text, mode)  // [B, N, C]
    let (b, n, c) = states.shape3
    let bagLoss = bagLoss(states, corpus.bagOfWords(batch))
    guard !masked.places.isEmpty else { return bagLoss }
    let chosen = states.reshaped(b * n, c).gather(masked.places)  // [masked, C]
    return crossEntropy(words(chosen), masked.labels) + bagLoss
  }

  /// Summed over words, divided by 4.
  private func bagLoss(_ states: Tensor, _ targets: Tensor) -> Tensor {
    let logits = bag(encoder.summary(states))
    return binaryCrossEntropy(logits, targets) * (Float(logits.lastAxis) / 4)
  }

  private func mask(
    _ texts: [[Int32]], _ random: RandomStream
  ) -> (text: TokenIds, places: [Int32], labels: [Int32]) {
    var random = random.stream("mask")
    let padded = TokenIds(padding: texts, with: WordVocabulary.padding)
    var ids = padded.ids
    var (places, labels): ([Int32], [Int32]) = ([], [])
    for (place, id) in padded.ids.enumerated()
    where id >= WordVocabulary.firstWord && random.chance(0.15) {
      places.append(Int32(place))
      labels.append(id)
      let draw = random.uniform()
      let words = WordVocabulary.standIns.count - Int(WordVocabulary.firstWord)
      if draw < 0.8 {
        ids[place] = WordVocabulary.mask
      } else if draw < 0.9 {
        ids[place] = WordVocabulary.firstWord + Int32(random.integer(below: words))
      }
    }
    let text = TokenIds(
      ids: ids, mask: padded.mask, batch: padded.shape.batch, tokens: padded.shape.tokens)
    return (text, places, labels)
  }

  func probes() -> [String: Double] {
    var (right, masked, found) = (0, 0, Confusion())
    let random = RandomStream(seed: 0).stream("probe")
    for (i, indices) in BatchOrder(count: heldOut.count, batchSize: 100).evaluation.enumerated() {
      let batch = indices.map { heldOut[$0] }
      let clean = TokenIds(padding: batch, with: WordVocabulary.padding)
      let logits = bag(encoder.summary(encoder.states(clean, .evaluation))).values
      for (logit, target) in zip(logits, corpus.bagOfWords(batch).values) {
        found.add(logit > 0, target > 0)
      }
      let hidden = mask(batch, random.stream(i))
      let states = encoder.states(hidden.text, .evaluation)
      let (b, n, c) = states.shape3
      let scores = words(states.reshaped(b * n, c).gather(hidden.places))
      right += zip(argmax(scores), hidden.labels).count { $0 == $1 }
      masked += hidden.labels.count
    }
    return [
      "accuracy on masked words": 100 * Double(right) / Double(max(1, masked)),
      "F1 of the bag of words": found.f1(of: 100),
    ]
  }
}

/// A text encoder that sees both ways, as its pretraining uses it.
protocol TextStates {
  var featureWidth: Int { get }
  /// Final states, `[B, N, C]`.
  func states(_ text: TokenIds, _ mode: Mode) -> Tensor
  /// The pooler's output for such states, `[B, C]`.
  func summary(_ states: Tensor) -> Tensor
}

extension BERT: TextStates {
  func states(_ text: TokenIds, _ mode: Mode) -> Tensor { tokens(text, mode) }
  func summary(_ states: Tensor) -> Tensor { pooled(states) }
}

extension Longformer: TextStates {
  func states(_ text: TokenIds, _ mode: Mode) -> Tensor {
    tokens(text, mode, global: Array(repeating: [0], count: text.shape.batch))
  }

  func summary(_ states: Tensor) -> Tensor {
    let (b, _, c) = states.shape3
    return pooled(states.slice(0..<1, axis: 1).reshaped(b, c))
  }
}
