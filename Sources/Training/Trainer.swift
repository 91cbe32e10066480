import Autograd
import Datasets
import Determinism
import Fusion
import NN

/// What a training shows of itself while it runs.
public struct TrainingProgress: Sendable {
  public let step: Int
  public let steps: Int
  public let epoch: Int
  public let epochs: Int
  public let loss: Float
}

/// Trains one model on one split, from any step of any epoch.
///
/// A step depends on the parameters, the moments and the step's number alone: batch order, dropout and noise are
/// derived from the seed by name and number. So a run continued from a checkpoint gives the same bits as one that was
/// never stopped.
///
/// A recipe with a `microBatch` passes a batch through the model in parts and sums their gradients, each with its share
/// of the batch. That gives the gradient of the whole batch's task loss, but not in three things that look at several
/// examples: a batch norm takes the statistics of a part, the importance loss that of a part's scores, and dropout and
/// noise are drawn for each part anew.
package final class Trainer {
  private let run: TrainingRun
  private let model: any FusionModel
  private let data: any BatchSource
  private let random: RandomStream
  private let optimizer: AdamW
  private let order: BatchOrder
  private(set) var step = 0
  private(set) var loss: Float = .nan
  private(set) var trace: RoutingTrace?
  /// Every how many steps the routing is recorded.
  private static let traceInterval = 10

  package init(
    _ run: TrainingRun, _ model: any FusionModel, _ data: any BatchSource, _ random: RandomStream
  ) {
    self.run = run
    self.model = model
    self.data = data
    self.random = random
    optimizer = AdamW(run.recipe.parameterGroups(of: model))
    order = BatchOrder(count: data.count, batchSize: min(run.recipe.batchSize, data.count))
  }

  var steps: Int { run.recipe.epochs * order.trainingBatches }
  private var stepsPerEpoch: Int { order.trainingBatches }

  /// Trains to the end.
  /// - Parameter afterStep: called after every step; what it throws ends the training.
  package func train(afterStep: (TrainingProgress) throws -> Void) throws {
    while step < steps {
      let epoch = step / stepsPerEpoch
      let batches = order.training(epoch: epoch, random)[(step % stepsPerEpoch)...].map(parts)
      let next = data.batches(
        Array(batches.joined()),
        for: .training(epoch: epoch, seed: UInt64(bitPattern: Int64(run.seed))))
      for parts in batches {
        try takeStep(parts, next, epoch: epoch)
        try afterStep(
          TrainingProgress(
            step: step, steps: steps, epoch: epoch, epochs: run.recipe.epochs, loss: loss))
      }
    }
  }

  /// A batch in parts of at most the recipe's size and at least two examples, as equal as can be.
  private func parts(_ batch: [Int]) -> [[Int]] {
    guard let size = run.recipe.microBatch, size < batch.count else { return [batch] }
    let count = max(1, min((batch.count + size - 1) / size, batch.count / 2))
    return (0..<count).map {
      Array(batch[batch.count * $0 / count..<batch.count * ($0 + 1) / count])
    }
  }

  /// One step of the optimizer on a batch that is read in these parts.
  private func takeStep(_ parts: [[Int]], _ next: BatchReader, epoch: Int) throws {
    let recipe = run.recipe
    let random = random.stream("training").stream(step)
    let size = parts.reduce(0) { $0 + $1.count }
    loss = try optimizer.step(
      of: run.title, parts: parts.count, clipping: recipe.clipping,
      rateFactor: recipe.schedule.factor(epoch: epoch, step: step)
    ) { index in
      guard let batch = try next() else {
        throw Failure(.internal, "\(run.title): the data end in step \(step)")
      }
      let isWhole = parts.count == 1
      let output = model(batch, .training(isWhole ? random : random.stream("part").stream(index)))
      if index == 0 { record(output.routing) }
      let whole = recipe.objective(of: output, batch)
      return isWhole ? whole : Float(parts[index].count) / Float(size) * whole
    }
    step += 1
  }

  private func record(_ routing: [Routing]) {
    guard let last = routing.last, step % Self.traceInterval == 0 else { return }
    let (b, k) = last.scores.shape2
    if trace == nil { trace = RoutingTrace(experts: k, blocks: routing.count) }
    trace?.steps.append(Int32(step))
    trace?.entropy += routing.map { Float(meanEntropy($0.scores)) }
    trace?.importance += sum(last.scores.detached, axis: 0).values.map { $0 / Float(b) }
  }

  // MARK: Checkpoints

  /// The state between two steps.
  func save(to path: String) throws {
    var tensors = model.store.snapshot().map { ("model.\($0.name)", $0.tensor) }
    tensors += optimizer.snapshot().map { ("optimizer.\($0.name)", $0.tensor) }
    var integers: [(name: String, values: [Int32], shape: [Int])] = []
    if let trace {
      tensors.append(("trace.entropy", Tensor(trace.entropy, [trace.steps.count, trace.blocks])))
      tensors.append(
        ("trace.importance", Tensor(trace.importance, [trace.steps.count, trace.experts])))
      integers.append(("trace.steps", trace.steps, [trace.steps.count]))
    }
    tensors.append(("loss", Tensor(loss)))
    integers.append(("step", [Int32(step)], [1]))
    try SafetensorsWriter.write(tensors, integers: integers, to: path)
  }

  /// Continues from what `save` wrote.
  func restore(from path: String) throws {
    let file = try SafetensorsFile(path: path)
    func under(_ prefix: String) throws -> [(name: String, tensor: Tensor)] {
      try file.names.filter { $0.hasPrefix(prefix) }.compactMap { name in
        try file.tensor(name).map { (String(name.dropFirst(prefix.count)), $0) }
      }
    }
    guard let saved = try file.integers("step")?.values.first, let lastLoss = try file.tensor("loss")
    else {
      throw Failure(
        .badInput, "\(path): expected the steps taken and the loss; delete the file to start anew")
    }
    try model.store.restore(try under("model."), source: path)
    try optimizer.restore(try under("optimizer."), steps: saved, source: path)
    step = saved
    loss = lastLoss.item
    if let steps = try file.integers("trace.steps"), let entropy = try file.tensor("trace.entropy"),
      let importance = try file.tensor("trace.importance")
    {
      var trace = RoutingTrace(experts: importance.shape[1], blocks: entropy.shape[1])
      trace.steps = steps.values.map(Int32.init)
      trace.entropy = entropy.values
      trace.importance = importance.values
      self.trace = trace
    }
  }
}

extension Recipe {
  /// What trains of a model, by learning rate.
  package func parameterGroups(of model: any FusionModel) -> [ParameterGroup] {
    parameterGroups(of: model.store, rate: model.rate)
  }

  func parameterGroups(
    of store: ParameterStore, rate: (Parameter) -> RateGroup = { _ in .main }
  ) -> [ParameterGroup] {
    RateGroup.allCases.map { group in
      ParameterGroup(
        store.trainable.filter { rate($0) == group },
        learningRate: group == .text ? textLearningRate : learningRate, weightDecay: weightDecay)
    }
  }
}

extension Recipe {
  /// What is minimised: the loss of the task plus the weighted importance loss, the mean over the routed blocks
  /// (METHOD.md Eq. 8).
  package func objective(of output: FusionOutput, _ batch: Batch) -> Tensor {
    let task: Tensor
    switch batch.labels {
    case .classes(let labels): task = crossEntropy(output.logits, labels)
    case .multiLabel(let targets): task = binaryCrossEntropy(output.logits, targets)
    // Summed over the answers, as models of VQA are trained: their mean would be thousands of times smaller.
    case .scores(let targets):
      task = Float(targets.lastAxis) * binaryCrossEntropy(output.logits, targets)
    case .masks(let targets): task = binaryCrossEntropy(output.logits, targets)
    case nil: fatalError("a batch to train on has labels")
    }
    guard importanceWeight > 0, !output.routing.isEmpty else { return task }
    let penalties = output.routing.map {
      importanceLoss($0.weights, threshold: importanceThreshold)
    }
    return task + importanceWeight * mean(penalties)
  }
}

/// The mean over the rows of `−Σ r log₂ r`, in bits. `[B, k]`
func meanEntropy(_ scores: Tensor) -> Double {
  let (b, _) = scores.shape2
  let total = scores.withElements { elements in
    elements.reduce(0.0) { sum, score in
      score > 0 ? sum - Double(score) * portableLog(Double(score)) : sum
    }
  }
  return total / Double(b) / 0.693_147_180_559_945_3
}
