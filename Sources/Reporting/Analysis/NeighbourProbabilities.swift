import Determinism

/// t-SNE's P, which pairs of points are neighbours, and how far a drawing in the plane is from it.
package struct NeighbourProbabilities: Sendable {
  package let count: Int
  /// `[N, N]`: (p(j|i) + p(i|j)) / 2N; symmetric, sums to one.
  package let values: [Double]

  package init(_ points: [[Double]], perplexity: Double) throws {
    let distances = try PairwiseDistances(points, "t-SNE")
    let n = distances.count
    guard Double(n - 1) > perplexity else {
      throw Failure(
        .badInput,
        "t-SNE: expected more than \(fixed(perplexity + 1, 1)) points for a perplexity of "
          + "\(fixed(perplexity, 1)), found \(n); lower the perplexity or show more points")
    }
    count = n
    var values = Array(repeating: 0.0, count: n * n)
    for i in 0..<n {
      let others = (0..<n).filter { $0 != i }
      let row = Self.conditional(
        others.map { distances.squared[i * n + $0] }, entropy: portableLog(perplexity))
      for (j, p) in zip(others, row) {
        values[i * n + j] += p / Double(2 * n)
        values[j * n + i] += p / Double(2 * n)
      }
    }
    self.values = values
  }

  /// p(j|i) ∝ exp(−β d²) with the β, found by bisection, that gives the wanted entropy in nats.
  private static func conditional(_ squared: [Double], entropy wanted: Double) -> [Double] {
    // Distances from the nearest point: a common factor of all exponentials cancels.
    let nearest = squared.min() ?? 0
    let shifted = squared.map { $0 - nearest }
    let average = shifted.reduce(0, +) / Double(shifted.count)
    guard average > 0 else { return shifted.map { _ in 1 / Double(shifted.count) } }
    var (lower, upper) = (0.0, Double.infinity)
    var beta = 1 / average
    var weights = [Double]()
    for _ in 0..<200 {
      weights = shifted.map { portableExponential(-beta * $0) }
      let sum = weights.reduce(0, +)
      let moment = zip(weights, shifted).reduce(0) { $0 + $1.0 * $1.1 }
      let excess = portableLog(sum) + beta * moment / sum - wanted
      weights = weights.map { $0 / sum }
      // More points may share the smallest distance than the perplexity allows: β ends at its bound.
      if abs(excess) < 1e-10 || beta * average > 1e12 { break }
      if excess > 0 {
        lower = beta
        beta = upper.isFinite ? (lower + upper) / 2 : beta * 2
      } else {
        upper = beta
        beta = (lower + upper) / 2
      }
    }
    return weights
  }

  /// The gradient of the divergence, `[N, 2]` like `place`:
  /// 4 Σⱼ (e·p − q) (yᵢ − yⱼ) / (1 + |yᵢ − yⱼ|²) with P exaggerated by e.
  package func gradient(at place: [Double], exaggeration: Double) -> [Double] {
    require(place.count == 2 * count, "t-SNE: \(place.count) coordinates for \(count) points")
    var attraction = Array(repeating: 0.0, count: 2 * count)
    var repulsion = attraction
    var total = 0.0  // Σ over pairs of 1 / (1 + d²), which normalises q
    let n = count
    values.withUnsafeBufferPointer { p in
      place.withUnsafeBufferPointer { y in
        attraction.withUnsafeMutableBufferPointer { pull in
          repulsion.withUnsafeMutableBufferPointer { push in
            for i in 0..<n {
              let (x0, y0) = (y[2 * i], y[2 * i + 1])
              for j in 0..<i {
                let (dx, dy) = (x0 - y[2 * j], y0 - y[2 * j + 1])
                let kernel = 1 / (1 + dx * dx + dy * dy)
                total += 2 * kernel
                let near = p[i * n + j] * kernel
                let far = kernel * kernel
                pull[2 * i] += near * dx
                pull[2 * i + 1] += near * dy
                pull[2 * j] -= near * dx
                pull[2 * j + 1] -= near * dy
                push[2 * i] += far * dx
                push[2 * i + 1] += far * dy
                push[2 * j] -= far * dx
                push[2 * j + 1] -= far * dy
              }
            }
          }
        }
      }
    }
    return zip(attraction, repulsion).map { 4 * (exaggeration * $0 - $1 / total) }
  }

  /// KL(P ‖ Q) in nats, Q the Student t neighbourhoods of `place` `[N, 2]`.
  package func divergence(at place: [Double]) -> Double {
    require(place.count == 2 * count, "t-SNE: \(place.count) coordinates for \(count) points")
    func kernel(_ i: Int, _ j: Int) -> Double {
      let (dx, dy) = (place[2 * i] - place[2 * j], place[2 * i + 1] - place[2 * j + 1])
      return 1 / (1 + dx * dx + dy * dy)
    }
    var total = 0.0
    for i in 0..<count { for j in 0..<i { total += 2 * kernel(i, j) } }
    var sum = 0.0
    for i in 0..<count {
      for j in 0..<i {
        let p = values[i * count + j]
        if p > 0 { sum += 2 * p * portableLog(p * total / kernel(i, j)) }
      }
    }
    return sum
  }
}

/// eˣ for x ≤ 0 to about 1e-15, from correctly rounded operations only; 0 below −700.
///
/// x = k·ln 2 + r with |r| ≤ 0.35; eʳ by its power series, whose 18th term is below 1e-23.
package func portableExponential(_ x: Double) -> Double {
  require(x <= 0, "portableExponential: expected a number up to 0, found \(x)")
  guard x > -700 else { return 0 }
  let power = (x * 1.442_695_040_888_963_4).rounded()
  // ln 2 in two parts, the first with few enough digits for power · part to be exact (fdlibm).
  let rest = x - power * 6.931_471_803_691_238e-01 - power * 1.908_214_929_270_587_7e-10
  var sum = 1.0
  for n in stride(from: 17, through: 1, by: -1) { sum = 1 + sum * rest / Double(n) }
  return Double(sign: .plus, exponent: Int(power), significand: sum)
}
