import Autograd
import Datasets
import Determinism
import Metrics

/// The decisions a model took on a split, and what they are worth.
public struct Predictions: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, Codable {
    /// One class per sample.
    case classes
    /// The labels of a sample as bits, label 0 lowest.
    case labels
    /// A mask per sample; what is kept is how well it covers the true one.
    case masks
  }

  public let kind: Kind
  /// One number per sample: a class, the bits of its labels, or intersection over union in millionths.
  public let decisions: [Int32]
  /// `[N, C]` in row-major order; empty where they were not kept.
  public let logits: [Float]
  /// The splits whose decisions follow one another; empty where there is one.
  public let parts: [JudgedPart]

  public init(kind: Kind, decisions: [Int32], logits: [Float], parts: [JudgedPart] = []) {
    self.kind = kind
    self.decisions = decisions
    self.logits = logits
    self.parts = parts
  }

  /// The decisions on one split of several.
  public func decisions(on split: Split) -> ArraySlice<Int32>? {
    guard let place = parts.firstIndex(where: { $0.split == split }) else { return nil }
    let start = parts[..<place].reduce(0) { $0 + $1.count }
    return decisions[start..<start + parts[place].count]
  }

  /// The largest logit of each sample, or all labels with a probability above one half.
  public init(logits: [Float], outputs: Int, isMultiLabel: Bool) {
    let count = logits.count / max(outputs, 1)
    if isMultiLabel {
      require(outputs <= 31, "Predictions: \(outputs) labels do not fit the bits of a decision")
      var decisions = [Int32](repeating: 0, count: count)
      for i in 0..<count {
        for j in 0..<outputs where logits[i * outputs + j] > 0 { decisions[i] |= 1 << Int32(j) }
      }
      self.init(kind: .labels, decisions: decisions, logits: logits)
    } else {
      self.init(kind: .classes, decisions: argmax(Tensor(logits, [count, outputs])), logits: logits)
    }
  }

  /// The metrics of the task, in percent (METHOD.md §12).
  public func metrics(against labels: [ExampleLabel], outputs: Int) -> [Metric] {
    require(
      labels.count == decisions.count,
      "metrics: \(decisions.count) decisions for \(labels.count) labels")
    switch kind {
    case .classes:
      let accuracy = Metric(.accuracy, accuracy(labels))
      return outputs == 2 ? [accuracy, Metric(.f1, f1OfSecondClass(labels))] : [accuracy]
    case .labels:
      let scores = f1(labels, outputs: outputs)
      return [Metric(.f1Macro, scores.macro), Metric(.f1Micro, scores.micro)]
    case .masks: fatalError("masks are scored while they are there (MaskScores)")
    }
  }

  /// The share of right decisions; an answer counts as much as its score (VQA's accuracy: a third for each of ten people who
  /// gave it, at most 1).
  private func accuracy(_ labels: [ExampleLabel]) -> Double {
    let right = zip(decisions, labels).reduce(0.0) { $0 + Double($1.1.credit(Int($1.0))) }
    return 100 * right / Double(labels.count)
  }

  /// Of two classes, the F1 of the second, as of what is looked for.
  private func f1OfSecondClass(_ labels: [ExampleLabel]) -> Double {
    Confusion(decisions.map { $0 == 1 }, labels.map { $0.indices == [1] }).f1(of: 100)
  }

  /// Macro: the mean of the labels' F1, where a label neither predicted nor present counts 0. Micro: of the pooled
  /// counts.
  private func f1(_ labels: [ExampleLabel], outputs: Int) -> (macro: Double, micro: Double) {
    let each = (0..<outputs).map { label in
      Confusion(decisions.map { $0 & 1 << Int32(label) != 0 }, labels.map { $0.indices.contains(label) })
    }
    return (
      100 * each.reduce(0) { $0 + $1.f1() } / Double(outputs), 100 * each.reduce(Confusion(), +).f1()
    )
  }
}
