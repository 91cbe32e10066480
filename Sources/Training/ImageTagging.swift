import Autograd
import Datasets
import Encoders
import NN

/// Multi-label tagging of drawn objects from an encoder's feature: the stand-in for supervised ImageNet pretraining.
struct ImageTagging: PretrainingTask {
  let objective = "binary cross-entropy of 52 tags (36 shape–colour pairs, 6 shapes, 6 colours, 4 counts) from the image's feature"
  private let encoder: any Encoder
  private let head: Linear
  private let training, validation: PreparedSplit

  init(_ choice: EncoderChoice, _ store: ParameterStore, _ recipe: PretrainingRecipe) throws {
    let set = VisionPretrainingSet(dataSeed: recipe.seed)
    training = try PreparedSplit(set, .train, tokenizer: WordVocabulary.standIns)
    validation = try PreparedSplit(set, .validation, tokenizer: WordVocabulary.standIns)
    encoder = try EncoderCatalogue.untrained.make(choice)(store.root / "encoder")
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
