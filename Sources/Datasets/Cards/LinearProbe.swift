import Determinism

/// A linear classifier on plain features, for finding out what a dataset gives away too cheaply.
///
/// Multinomial (`exclusive`) or independent logistic regression, trained by averaged stochastic
/// gradient descent. It says what is linearly there, not what a network could find. Features should
/// be standardised.
public struct LinearProbe: Sendable {
  private let classes: Int
  private let exclusive: Bool
  private let columns: Int
  private var weights: [Float]  // [classes, columns + 1]; the last column is the bias

  /// - Parameters:
  ///   - features: one row per example, of length about 1.
  ///   - labels: the labels that hold, per example; exactly one if `exclusive`.
  public init(
    _ features: FeatureMatrix, labels: [[Int]], classes: Int, exclusive: Bool, epochs: Int = 20,
    learningRate: Float = 0.5, random: RandomStream = RandomStream(seed: 1).stream("probe")
  ) {
    require(
      features.rows == labels.count && features.rows > 0 && classes > 0,
      "LinearProbe: expected a label per row, found \(features.rows) rows, \(labels.count) labels")
    self.classes = classes
    self.exclusive = exclusive
    columns = features.columns
    weights = [Float](repeating: 0, count: classes * (columns + 1))
    var average = weights
    for epoch in 0..<epochs {
      var shuffle = random.stream(epoch)
      let rate = learningRate * (1 - Float(epoch) / Float(epochs))
      for row in shuffle.permutation(features.rows) {
        var errors = probabilities(features, row)
        for label in labels[row] { errors[label] -= 1 }
        for label in 0..<classes where abs(errors[label]) > 1e-3 {
          descend(rate * errors[label], features, row, label)
        }
      }
      // The average over the second half of the epochs is less noisy than the last weights.
      let averaged = epoch - epochs / 2
      if averaged >= 0 {
        for i in weights.indices { average[i] += (weights[i] - average[i]) / Float(averaged + 1) }
      }
    }
    weights = average
  }

  /// The likeliest label if exclusive, all labels likelier than not otherwise.
  public func predictions(_ features: FeatureMatrix) -> [[Int]] {
    require(
      features.columns == columns,
      "predictions: expected \(columns) columns, found \(features.columns)")
    return (0..<features.rows).map { row in
      let scores = scores(features, row)
      return exclusive ? [scores.indexOfLargest ?? 0] : scores.indices.filter { scores[$0] > 0 }
    }
  }

  private func scores(_ features: FeatureMatrix, _ row: Int) -> [Float] {
    features.values.withUnsafeBufferPointer { values in
      weights.withUnsafeBufferPointer { weights in
        let x = UnsafeBufferPointer(rebasing: values[(row * columns)..<((row + 1) * columns)])
        return (0..<classes).map { label in
          let start = label * (columns + 1)
          var sums = SIMD8<Float>(repeating: 0)
          let whole = columns / 8 * 8
          for i in stride(from: 0, to: whole, by: 8) {
            for lane in 0..<8 { sums[lane] += x[i + lane] * weights[start + i + lane] }
          }
          var sum = sums.sum() + weights[start + columns]
          for i in whole..<columns { sum += x[i] * weights[start + i] }
          return sum
        }
      }
    }
  }

  private mutating func descend(
    _ factor: Float, _ features: FeatureMatrix, _ row: Int, _ label: Int
  ) {
    let start = label * (columns + 1)
    let columns = columns
    features.values.withUnsafeBufferPointer { values in
      weights.withUnsafeMutableBufferPointer { weights in
        for i in 0..<columns { weights[start + i] -= factor * values[row * columns + i] }
        weights[start + columns] -= factor
      }
    }
  }

  private func probabilities(_ features: FeatureMatrix, _ row: Int) -> [Float] {
    let scores = scores(features, row)
    guard exclusive else { return scores.map { 1 / (1 + portableExp(-$0)) } }
    let highest = scores.reduce(-.infinity, max)
    let powers = scores.map { portableExp($0 - highest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

/// eˣ to about 1e-6, for probabilities, from correctly rounded operations only: (e^(x/1024))^1024.
private func portableExp(_ x: Float) -> Float {
  let small = Double(max(min(x, 80), -80)) / 1024
  var power = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4)))
  for _ in 0..<10 { power *= power }
  return Float(power)
}
