import Autograd
import Datasets
import Determinism
import Fusion
import NN

/// What a model gives on a whole split.
struct Evaluation {
  let predictions: Predictions
  /// The expert with the largest score of each sample, per routed block.
  let assignments: [[Int32]]
  let outputs: Int
  /// What the head reads of each sample, `[N, width]`.
  let features: Tensor

  /// Samples per forward pass; predictions do not depend on it.
  private static let batchSize = 128

  init(_ model: any FusionModel, _ data: PreparedSplit) throws {
    var logits: [Float] = []
    var assignments: [[Int32]] = []
    var outputs = 0
    var features: [Tensor] = []
    for indices in BatchOrder(count: data.count, batchSize: Self.batchSize).evaluation {
      try Interruption.check()
      let output = model(data.batch(indices), .evaluation)
      outputs = output.logits.lastAxis
      logits += output.logits.values
      features.append(output.feature.detached)
      let winners = output.routing.map { argmax($0.scores) }
      if assignments.isEmpty { assignments = winners.map { _ in [] } }
      for (block, winners) in winners.enumerated() { assignments[block] += winners }
    }
    self.outputs = outputs
    self.features = concatenated(features, axis: 0)
    self.assignments = assignments
    predictions = Predictions(logits: logits, outputs: outputs, isMultiLabel: data.task.isMultiLabel)
  }
}

/// The column of the largest element of each row, the first of equals. `[B, k]` → B numbers
private func argmax(_ x: Tensor) -> [Int32] {
  let (b, k) = x.shape2
  return x.withElements { elements in
    (0..<b).map { i in
      var best = 0
      for j in 1..<max(k, 1) where elements[i * k + j] > elements[i * k + best] { best = j }
      return Int32(best)
    }
  }
}
