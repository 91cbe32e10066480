import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import NN

/// How the small encoders are pretrained, each on one modality alone (no image is ever paired with a text).
public struct PretrainingRecipe: Codable, Hashable, Sendable {
  public var steps: Int
  public var batchSize = 64
  public var learningRate: Float = 1e-3
  public var warmUp = 200
  public var weightDecay: Float = 0.05
  public var beta1: Float = 0.9
  public var beta2: Float = 0.98
  public var clipping: Float = 1
  public var seed: UInt64 = 1

  /// Steps for about nine passes over the images, or eleven over the (longer) corpus.
  public init(_ encoder: EncoderChoice) { steps = encoder == .bert ? 8600 : 7000 }
}

/// What a pretraining reports of itself.
public struct PretrainingProgress: Sendable {
  public let step: Int
  public let steps: Int
  public let loss: Float
}

/// What a finished pretraining leaves beside the weights.
public struct PretrainingRecord: Codable, Sendable {
  public let encoder: String
  public let objective: String
  public let recipe: PretrainingRecipe
  public let parameters: Int
  public let environment: Environment
  public let seconds: Double
  /// Losses, the mean over each hundredth of the training.
  public let losses: [Float]
  /// What the encoder knows: scores in percent on examples it has not seen.
  public let probes: [String: Double]
}

/// Pretrains one of the small encoders and writes it with its record.
public struct Pretraining {
  public let encoder: EncoderChoice
  public let recipe: PretrainingRecipe
  /// Where `<encoder>-mini/model.safetensors` and `record.json` go.
  public let folder: String

  public init(_ encoder: EncoderChoice, recipe: PretrainingRecipe, folder: String) {
    self.encoder = encoder
    self.recipe = recipe
    self.folder = folder
  }

  public func run(watching: (PretrainingProgress) -> Void) throws -> PretrainingRecord {
    let random = RandomStream(seed: recipe.seed).stream("pretraining").stream(encoder.rawValue)
    let store = ParameterStore(random: random.stream("initial values"))
    let task: any PretrainingTask =
      switch encoder {
      case .vit: try ImageTagging(store, recipe)
      case .bert: MaskedWords(store, recipe)
      }
    try store.validate()
    let optimizer = AdamW(
      [ParameterGroup(store.trainable, learningRate: recipe.learningRate, weightDecay: recipe.weightDecay)],
      beta1: recipe.beta1, beta2: recipe.beta2)
    let schedule = Schedule.cosine(steps: recipe.steps, warmUp: recipe.warmUp)
    let order = BatchOrder(count: task.count, batchSize: recipe.batchSize)
    let clock = ContinuousClock()
    let start = clock.now
    var losses: [Float] = []
    var (sum, count): (Float, Int) = (0, 0)
    var batches: [[Int]] = []
    for step in 0..<recipe.steps {
      try Interruption.check()
      let place = step % order.trainingBatches
      if place == 0 { batches = order.training(epoch: step / order.trainingBatches, random) }
      let loss = task.loss(batches[place], .training(random.stream("training").stream(step)))
      guard loss.item.isFinite else {
        throw Failure(.runFailed, "pretraining \(encoder.rawValue): the loss is \(loss.item) at step \(step)")
      }
      optimizer.step(
        loss.backward(), clipping: recipe.clipping, rateFactor: schedule.factor(epoch: 0, step: step))
      (sum, count) = (sum + loss.item, count + 1)
      if (step + 1) % max(1, recipe.steps / 100) == 0 {
        losses.append(sum / Float(count))
        (sum, count) = (0, 0)
        watching(PretrainingProgress(step: step + 1, steps: recipe.steps, loss: losses.last ?? 0))
      }
    }
    let kept = store.parameters.filter { $0.name.hasPrefix("encoder.") }
    let record = PretrainingRecord(
      encoder: "\(encoder.rawValue)-mini", objective: task.objective, recipe: recipe,
      parameters: kept.reduce(0) { $0 + $1.count }, environment: .current,
      seconds: (clock.now - start).seconds, losses: losses, probes: task.probes())
    try write(kept, record)
    return record
  }

  /// The encoder under the names of its architecture; the heads are thrown away.
  private func write(_ parameters: [Parameter], _ record: PretrainingRecord) throws {
    let path = "\(folder)/\(encoder.rawValue)-mini"
    let tensors = parameters.flatMap { parameter -> [(name: String, tensor: Tensor)] in
      let rows = parameter.shape[0] / parameter.parts.count
      return parameter.parts.enumerated().map { i, part in
        let tensor = parameter.value.detached
        let name = String(part.dropFirst("encoder.".count))
        return (name, parameter.parts.count == 1 ? tensor : tensor.slice(i * rows..<(i + 1) * rows))
      }
    }
    try SafetensorsWriter.write(tensors, to: "\(path)/model.safetensors")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(
      String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", to: "\(path)/record.json")
  }
}

/// One objective on one modality.
protocol PretrainingTask {
  /// In words, for the record.
  var objective: String { get }
  /// Number of training examples.
  var count: Int { get }
  func loss(_ indices: [Int], _ mode: Mode) -> Tensor
  func probes() -> [String: Double]
}

/// Multi-label tagging of drawn objects from [CLS]: the stand-in for supervised ImageNet pretraining.
private struct ImageTagging: PretrainingTask {
  let objective = "binary cross-entropy of 52 tags (36 shape–colour pairs, 6 shapes, 6 colours, 4 counts) from [CLS]"
  private let encoder: ViT
  private let head: Linear
  private let training, validation: PreparedSplit

  init(_ store: ParameterStore, _ recipe: PretrainingRecipe) throws {
    let set = VisionPretrainingSet(dataSeed: recipe.seed)
    training = try PreparedSplit(set, .train, tokenizer: WordVocabulary.standIns)
    validation = try PreparedSplit(set, .validation, tokenizer: WordVocabulary.standIns)
    encoder = ViT(EncoderCatalogue.miniViT, store.root / "encoder")
    head = Linear(encoder.featureWidth, VisionPretrainingSet.tags.count, store.root / "head")
  }

  var count: Int { training.count }

  func loss(_ indices: [Int], _ mode: Mode) -> Tensor {
    let batch = training.batch(indices)
    guard case .multiLabel(let targets) = batch.labels else { fatalError("tags are multi-label") }
    return binaryCrossEntropy(head(encoder.feature(batch, mode, prompts: nil)), targets)
  }

  func probes() -> [String: Double] {
    let outputs = VisionPretrainingSet.tags.count
    var counts = [(hits: Int, wrong: Int, missed: Int)](repeating: (0, 0, 0), count: outputs)
    for indices in BatchOrder(count: validation.count, batchSize: 128).evaluation {
      let batch = validation.batch(indices)
      guard case .multiLabel(let targets) = batch.labels else { continue }
      let logits = head(encoder.feature(batch, .evaluation, prompts: nil)).values
      for (i, (logit, target)) in zip(logits, targets.values).enumerated() {
        switch (logit > 0, target > 0) {
        case (true, true): counts[i % outputs].hits += 1
        case (true, false): counts[i % outputs].wrong += 1
        case (false, true): counts[i % outputs].missed += 1
        default: break
        }
      }
    }
    func f1(_ range: Range<Int>) -> Double {
      let sum = counts[range].reduce((0, 0, 0)) { ($0.0 + $1.hits, $0.1 + $1.wrong, $0.2 + $1.missed) }
      return 100 * Double(2 * sum.0) / Double(max(1, 2 * sum.0 + sum.1 + sum.2))
    }
    return [
      "F1 of all tags": f1(0..<52), "F1 of shape–colour pairs": f1(0..<36),
      "F1 of shapes": f1(36..<42), "F1 of colours": f1(42..<48), "F1 of counts": f1(48..<52),
    ]
  }
}

/// Masked words, and which words a text holds from the pooled [CLS]: the stand-in for BERT's pretraining.
private struct MaskedWords: PretrainingTask {
  let objective = "cross-entropy of 15 % masked words (80/10/10) + binary cross-entropy of the bag of words from the pooler / 4"
  private let encoder: BERT
  private let words, bag: Linear
  private let corpus: TextPretrainingSet
  private let texts: [[Int32]]
  private let heldOut: [[Int32]]

  init(_ store: ParameterStore, _ recipe: PretrainingRecipe) {
    corpus = TextPretrainingSet(dataSeed: recipe.seed)
    texts = corpus.tokens()
    let probe = TextPretrainingSet(dataSeed: recipe.seed + 1, countOf: { $0.standardCount / 30 })
    heldOut = probe.tokens()
    encoder = BERT(EncoderCatalogue.miniBERT, output: .pooler, store.root / "encoder")
    let count = WordVocabulary.standIns.count
    words = Linear(encoder.featureWidth, count, store.root / "words")
    bag = Linear(encoder.featureWidth, count, store.root / "bag")
  }

  var count: Int { texts.count }

  func loss(_ indices: [Int], _ mode: Mode) -> Tensor {
    guard case .training(let random) = mode else { fatalError("a pretraining loss is for training") }
    let batch = indices.map { texts[$0] }
    let masked = mask(batch, random)
    let states = encoder.tokens(masked.text, mode)  // [B, N, C]
    let (b, n, c) = states.shape3
    let bagLoss = bagLoss(states, corpus.bagOfWords(batch))
    guard !masked.places.isEmpty else { return bagLoss }
    let chosen = states.reshaped(b * n, c).gather(masked.places)  // [masked, C]
    return crossEntropy(words(chosen), masked.labels) + bagLoss
  }

  /// Summed over words, divided by 4.
  private func bagLoss(_ states: Tensor, _ targets: Tensor) -> Tensor {
    let logits = bag(encoder.pooled(states))
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
    var (right, masked, hits, wrong, missed) = (0, 0, 0, 0, 0)
    let random = RandomStream(seed: 0).stream("probe")
    for (i, indices) in BatchOrder(count: heldOut.count, batchSize: 100).evaluation.enumerated() {
      let batch = indices.map { heldOut[$0] }
      let clean = TokenIds(padding: batch, with: WordVocabulary.padding)
      let logits = bag(encoder.pooled(encoder.tokens(clean, .evaluation))).values
      for (logit, target) in zip(logits, corpus.bagOfWords(batch).values) {
        switch (logit > 0, target > 0) {
        case (true, true): hits += 1
        case (true, false): wrong += 1
        case (false, true): missed += 1
        default: break
        }
      }
      let hidden = mask(batch, random.stream(i))
      let states = encoder.tokens(hidden.text, .evaluation)
      let (b, n, c) = states.shape3
      let scores = words(states.reshaped(b * n, c).gather(hidden.places))
      for (row, label) in hidden.labels.enumerated() {
        let values = scores.slice(row..<row + 1).values
        let best = values.indices.max { values[$0] < values[$1] } ?? 0
        right += best == Int(label) ? 1 : 0
      }
      masked += hidden.labels.count
    }
    return [
      "accuracy on masked words": 100 * Double(right) / Double(max(1, masked)),
      "F1 of the bag of words": 100 * Double(2 * hits) / Double(max(1, 2 * hits + wrong + missed)),
    ]
  }
}
