import Autograd
import Datasets
import Encoders
import Metrics
import NN
import Training

/// Multi-label tagging from an encoder's feature: of drawn objects, the stand-in for supervised ImageNet pretraining, or of
/// hums.
package struct Tagging: PretrainingTask {
  package let objective: String
  private let encoder: any Encoder
  private let head: Linear
  private let training, validation: PreparedSplit
  /// Tags that are scored together, by the name of the score.
  private let groups: [(name: String, tags: Range<Int>)]

  /// - Parameter limit: at most this many examples of each split; nil means all.
  private init(
    _ choice: EncoderChoice, on set: some Dataset, objective: String,
    groups: [(name: String, tags: Range<Int>)], limit: Int?, _ store: ParameterStore
  ) throws {
    self.objective = objective
    self.groups = groups
    training = try PreparedSplit(set, .train, tokenizer: WordVocabulary.standIns, limit: limit)
    validation = try PreparedSplit(
      set, .validation, tokenizer: WordVocabulary.standIns, limit: limit)
    encoder = try EncoderCatalogue.untrained.make(choice)(store.root / "encoder")
    head = Linear(encoder.featureWidth, set.task.labels.count, store.root / "head")
  }

  /// Objects in drawn images.
  package static func images(
    _ choice: EncoderChoice, _ store: ParameterStore, _ recipe: PretrainingRecipe, limit: Int? = nil
  ) throws -> Tagging {
    try Tagging(
      choice, on: VisionPretrainingSet(dataSeed: recipe.seed),
      objective:
        "binary cross-entropy of 52 tags (36 shape–colour pairs, 6 shapes, 6 colours, 4 counts) from the image's feature",
      groups: [
        ("F1 of all tags", 0..<52), ("F1 of shape–colour pairs", 0..<36), ("F1 of shapes", 36..<42),
        ("F1 of colours", 42..<48), ("F1 of counts", 48..<52),
      ], limit: limit, store)
  }

  /// Pitch, slope, tempo and swell of hums.
  package static func sounds(
    _ store: ParameterStore, _ recipe: PretrainingRecipe, limit: Int? = nil
  ) throws -> Tagging {
    var groups: [(name: String, tags: Range<Int>)] = []
    for property in SoundPretrainingSet.properties {
      let first = groups.last?.tags.upperBound ?? 0
      groups.append(("F1 of \(property.name) bands", first..<first + property.bands))
    }
    let count = groups.last?.tags.upperBound ?? 0
    return try Tagging(
      .wav2vec2, on: SoundPretrainingSet(dataSeed: recipe.seed),
      objective:
        "binary cross-entropy of \(count) tags (8 bands of pitch, 8 of its slope, 5 of tempo, 5 of swell) from the sound's feature",
      groups: [("F1 of all tags", 0..<count)] + groups, limit: limit, store)
  }

  package var count: Int { training.count }

  package func loss(_ indices: [Int], _ mode: Mode) -> Tensor {
    let batch = training.batch(indices)
    guard case .multiLabel(let targets) = batch.labels else { fatalError("tags are multi-label") }
    return binaryCrossEntropy(head(encoder.feature(batch, mode, prompts: nil)), targets)
  }

  package func probes() -> [String: Double] {
    var counts = validation.task.labels.map { _ in Confusion() }
    for indices in BatchOrder(count: validation.count, batchSize: 128).evaluation {
      let batch = validation.batch(indices)
      guard case .multiLabel(let targets) = batch.labels else { continue }
      let logits = head(encoder.feature(batch, .evaluation, prompts: nil)).values
      for (i, (logit, target)) in zip(logits, targets.values).enumerated() {
        counts[i % counts.count].add(logit > 0, target > 0)
      }
    }
    var scores: [String: Double] = [:]
    for (name, tags) in groups { scores[name] = counts[tags].reduce(Confusion(), +).f1(of: 100) }
    return scores
  }
}
