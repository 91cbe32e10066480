import Determinism

/// Instances with the one attention pattern that is best for each, and how far a prompt is from them.
public struct Discrepancy: Sendable {
  public let instances: [PromptedAttention]
  /// A*(x), one map per instance.
  public let targets: [[Double]]

  public init(_ instances: [PromptedAttention], targets: [[Double]]) {
    require(
      instances.count == targets.count && !instances.isEmpty,
      "Discrepancy: \(targets.count) targets for \(instances.count) instances")
    self.instances = instances
    self.targets = targets
  }

  /// Targets that are reachable by construction: instance n with its own hidden prompt.
  public init(_ instances: [PromptedAttention], hidden: [[Double]]) {
    self.init(instances, targets: zip(instances, hidden).map { $0.map($1) })
  }

  /// The first `count` instances.
  public func prefix(_ count: Int) -> Discrepancy {
    Discrepancy(Array(instances.prefix(count)), targets: Array(targets.prefix(count)))
  }

  /// D(xₙ, P): the squared Frobenius distance of instance n's map to its target.
  public func value(_ instance: Int, _ prompt: [Double]) -> Double {
    squaredDistance(instances[instance].map(prompt), targets[instance])
  }

  /// Σₙ D(xₙ, P) for one prompt that all share.
  public func total(_ prompt: [Double]) -> Double {
    instances.indices.reduce(0) { $0 + value($1, prompt) }
  }

  /// The same with its gradient.
  public func totalWithGradient(_ prompt: [Double]) -> (value: Double, gradient: [Double]) {
    var (total, sum) = (0.0, [Double](repeating: 0, count: prompt.count))
    for n in instances.indices {
      let (value, gradient) = valueWithGradient(n, prompt)
      total += value
      for c in sum.indices { sum[c] += gradient[c] }
    }
    return (total, sum)
  }

  /// D(xₙ, P) with its gradient.
  public func valueWithGradient(
    _ instance: Int, _ prompt: [Double]
  ) -> (value: Double, gradient: [Double]) {
    let map = instances[instance].map(prompt)
    let target = targets[instance]
    var (value, errors) = (0.0, map)
    for i in map.indices {
      let error = map[i] - target[i]
      value += error * error
      errors[i] = 2 * error
    }
    return (value, instances[instance].pulledBack(errors, map: map, prompt: prompt))
  }
}

/// Σ (a − b)²
public func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
  require(a.count == b.count, "squaredDistance: \(a.count) against \(b.count) numbers")
  var sum = 0.0
  for i in a.indices { sum += (a[i] - b[i]) * (a[i] - b[i]) }
  return sum
}

/// Σⱼ weightsⱼ · vectorsⱼ
public func mixture(_ vectors: [[Double]], _ weights: [Double]) -> [Double] {
  require(
    vectors.count == weights.count && !vectors.isEmpty,
    "mixture: \(weights.count) weights for \(vectors.count) vectors")
  var sum = [Double](repeating: 0, count: vectors[0].count)
  for (vector, weight) in zip(vectors, weights) {
    for i in sum.indices { sum[i] += weight * vector[i] }
  }
  return sum
}

/// softmax over a short list.
public func softmax(_ scores: [Double]) -> [Double] {
  let largest = scores.max() ?? 0
  let weights = scores.map { portableExp($0 - largest) }
  let sum = weights.reduce(0, +)
  return weights.map { $0 / sum }
}
