import Datasets
import Determinism

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
    var decisions = [Int32](repeating: 0, count: count)
    if isMultiLabel {
      require(outputs <= 31, "Predictions: \(outputs) labels do not fit the bits of a decision")
      kind = .labels
      for i in 0..<count {
        for j in 0..<outputs where logits[i * outputs + j] > 0 { decisions[i] |= 1 << Int32(j) }
      }
    } else {
      kind = .classes
      for i in 0..<count {
        var best = 0
        for j in 1..<max(outputs, 1) where logits[i * outputs + j] > logits[i * outputs + best] {
          best = j
        }
        decisions[i] = Int32(best)
      }
    }
    self.decisions = decisions
    self.logits = logits
    parts = []
  }

  /// The metrics of the task, in percent (MoPE, arXiv 2403.10568v1: metrics).
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
    let truths = labels.map { $0.indices == [1] }
    let hits = zip(decisions, truths).count { $0 == 1 && $1 }
    let claimed = decisions.count { $0 == 1 }
    return hits == 0 ? 0 : 100 * Double(2 * hits) / Double(claimed + truths.count { $0 })
  }

  /// Macro: the mean of the labels' F1, where a label neither predicted nor present counts 0. Micro: of the pooled
  /// counts.
  private func f1(_ labels: [ExampleLabel], outputs: Int) -> (macro: Double, micro: Double) {
    var (hits, wrong, missed) = (
      [Int](repeating: 0, count: outputs), [Int](repeating: 0, count: outputs),
      [Int](repeating: 0, count: outputs)
    )
    for (decision, label) in zip(decisions, labels) {
      let truth = label.indices.reduce(Int32(0)) { $0 | 1 << Int32($1) }
      for j in 0..<outputs {
        let bit = Int32(1) << Int32(j)
        switch (decision & bit != 0, truth & bit != 0) {
        case (true, true): hits[j] += 1
        case (true, false): wrong[j] += 1
        case (false, true): missed[j] += 1
        case (false, false): break
        }
      }
    }
    func score(_ hits: Int, _ wrong: Int, _ missed: Int) -> Double {
      hits == 0 ? 0 : Double(2 * hits) / Double(2 * hits + wrong + missed)
    }
    let each = (0..<outputs).map { score(hits[$0], wrong[$0], missed[$0]) }
    return (
      100 * each.reduce(0, +) / Double(outputs),
      100 * score(hits.reduce(0, +), wrong.reduce(0, +), missed.reduce(0, +))
    )
  }
}
