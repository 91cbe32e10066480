import Determinism

/// The convex mixture of given vectors that is nearest to a target: min ‖Σ rⱼ vⱼ − a‖² with r ≥ 0 and Σ r = 1.
///
/// An active-set method after Lawson and Hanson (1974, chapter 23) with the sum as an equality: a vector is let in where
/// that lowers the distance, and leaves where its weight would turn negative. It ends with the exact optimum.
public struct SimplexLeastSquares: Sendable {
  /// r
  public let weights: [Double]
  /// ‖Σ rⱼ vⱼ − a‖²
  public let residual: Double
  /// How far the optimality conditions (Karush, Kuhn, Tucker) are from holding; 0 at the exact optimum.
  public let violation: Double

  public init(_ vectors: [[Double]], target: [Double]) {
    let k = vectors.count
    require(k > 0, "SimplexLeastSquares: expected at least one vector")
    // Relative to the target, so that near ones are not lost in rounding.
    let differences = vectors.map { zip($0, target).map { $0 - $1 } }
    let gram = Matrix(differences.map { a in differences.map { dot(a, $0) } })
    let scale = max((0..<k).map { gram[$0, $0] }.max() ?? 1, .leastNormalMagnitude)
    var active = [(0..<k).min { gram[$0, $0] < gram[$1, $1] } ?? 0]
    var weights = [Double](repeating: 0, count: k)
    weights[active[0]] = 1
    for _ in 0..<20 * k {
      let gradient = gram.times(weights)  // half of it
      let level = dot(gradient, weights)
      let outside = (0..<k).filter { !active.contains($0) }
      guard let entering = outside.min(by: { gradient[$0] < gradient[$1] }),
        gradient[entering] < level - 1e-14 * scale
      else { break }
      active.append(entering)
      guard Self.settle(&weights, &active, gram, scale) else {
        active.removeAll { $0 == entering }
        break
      }
    }
    self.weights = weights
    residual = squaredDistance(mixture(vectors, weights), target)
    violation = Self.violation(gram, weights, scale)
  }

  /// Moves to the optimum of the active vectors, dropping those that turn negative on the way.
  /// - Returns: false where the active vectors are dependent to rounding; then nothing has changed.
  private static func settle(
    _ weights: inout [Double], _ active: inout [Int], _ gram: Matrix, _ scale: Double
  ) -> Bool {
    while true {
      guard let goal = optimum(active, gram, scale) else { return false }
      var step = 1.0
      var leaving: Int?
      for (i, j) in active.enumerated() where goal[i] <= 0 {
        let possible = weights[j] > 0 ? weights[j] / (weights[j] - goal[i]) : 0
        if possible < step || leaving == nil {
          step = min(step, possible)
          leaving = j
        }
      }
      for (i, j) in active.enumerated() { weights[j] += step * (goal[i] - weights[j]) }
      guard let leaving else { return true }
      weights[leaving] = 0
      active.removeAll { $0 == leaving }
      if active.count == 1 {
        weights[active[0]] = 1
        return true
      }
    }
  }

  /// Weights with sum 1, of either sign, that are best for these vectors.
  private static func optimum(_ active: [Int], _ gram: Matrix, _ scale: Double) -> [Double]? {
    let n = active.count
    let rows = active.map { i in active.map { gram[i, $0] / scale } + [1] }
    let system = Matrix(rows + [[Double](repeating: 1, count: n) + [0]])
    return system.solution([Double](repeating: 0, count: n) + [1]).map { Array($0.prefix(n)) }
  }

  /// The largest breach of r ≥ 0, Σ r = 1, `g ≥ level`, and `g = level` where r > 0; slopes are relative to `scale`.
  private static func violation(_ gram: Matrix, _ weights: [Double], _ scale: Double) -> Double {
    let gradient = gram.times(weights).map { $0 / scale }
    let level = dot(gradient, weights)
    var largest = abs(weights.reduce(0, +) - 1)
    for (weight, slope) in zip(weights, gradient) {
      largest = max(largest, -weight, level - slope, weight > 0 ? abs(slope - level) * weight : 0)
    }
    return largest
  }
}
