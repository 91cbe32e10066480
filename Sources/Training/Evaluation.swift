import Autograd
import Datasets
import Determinism
import Fusion
import NN

/// What a model gives on the splits it is judged on.
struct Evaluation {
  let predictions: Predictions
  let metrics: [Metric]
  /// The expert with the largest score of each sample, per routed block; not kept for masks.
  let assignments: [[Int32]]
  /// What the head reads of each sample, `[N, width]`; nil for masks and answers.
  let features: Tensor?

  /// Samples per forward pass, of which predictions do not depend: few where networks are large.
  private static func batchSize(_ tier: Tier) -> Int { tier == .paper ? 16 : 128 }

  /// - Parameter parts: one split, or for masks any number.
  init(_ model: any FusionModel, _ parts: [any BatchSource], tier: Tier) throws {
    let batchSize = Self.batchSize(tier)
    let data = parts[0]
    if data.task == .segmentation {
      let scores = try parts.map { try Self.masks(model, $0, batchSize) }
      predictions = Predictions(
        kind: .masks, decisions: scores.flatMap(\.overlaps), logits: [], parts: scores.map(\.part))
      metrics = scores.flatMap(\.metrics)
      assignments = []
      features = nil
      return
    }
    require(parts.count == 1, "\(data.name): several splits are judged for masks only")
    let isAnswering = if case .answering = data.task { true } else { false }
    var logits: [Float] = []
    var answers: [Int32] = []
    var assignments: [[Int32]] = []
    var features: [Tensor] = []
    let next = data.batches(
      BatchOrder(count: data.count, batchSize: batchSize).evaluation, for: .evaluation)
    while let batch = try next() {
      try Interruption.check()
      let output = model(batch, .evaluation)
      if isAnswering {  // thousands of logits each, for more questions than memory has room for
        answers += argmax(output.logits)
      } else {
        logits += output.logits.values
        features.append(output.feature.detached)
      }
      let winners = output.routing.map { argmax($0.scores) }
      if assignments.isEmpty { assignments = winners.map { _ in [] } }
      for (block, winners) in winners.enumerated() { assignments[block] += winners }
    }
    self.features = isAnswering ? nil : concatenated(features, axis: 0)
    self.assignments = assignments
    let outputs = data.task.labels.count
    predictions =
      isAnswering
      ? Predictions(kind: .classes, decisions: answers, logits: [])
      : Predictions(logits: logits, outputs: outputs, isMultiLabel: data.task.isMultiLabel)
    metrics = predictions.metrics(against: data.labels, outputs: outputs)
  }

  private static func masks(
    _ model: any FusionModel, _ data: any BatchSource, _ batchSize: Int
  ) throws -> MaskScores {
    var scores = MaskScores(data.split)
    let count = data.split == .train ? min(data.count, DataChoice.judgedTrainingMasks) : data.count
    let order = BatchOrder(count: count, batchSize: batchSize).evaluation
    let next = data.batches(order, for: .evaluation)
    for indices in order {
      try Interruption.check()
      guard let batch = try next() else { break }
      let logits = model(batch, .evaluation).logits  // [B, height, width]
      let pixels = logits.count / indices.count
      logits.withElements { elements in
        for (row, index) in indices.enumerated() {
          let (mask, truth) = data.judged(Array(elements[row * pixels..<(row + 1) * pixels]), index)
          scores.add(mask, truth)
        }
      }
    }
    return scores
  }
}
