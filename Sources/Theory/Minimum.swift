import Determinism

/// The lowest point that was found of a function, and how.
public struct Minimum: Sendable {
  public let point: [Double]
  public let value: Double
  public let steps: Int

  /// A function with its gradient.
  public typealias Objective = ([Double]) -> (value: Double, gradient: [Double])

  /// A local minimum by L-BFGS (Nocedal and Wright 2006, algorithm 7.4) with backtracking.
  ///
  /// Ends when the gradient is shorter than 1e-10, when a step gains less than 1e-12 of the value, or after `limit` steps.
  public init(of objective: Objective, from start: [Double], limit: Int = 300) {
    var (point, steps) = (start, 0)
    var (value, gradient) = objective(start)
    var history = CurvatureHistory(capacity: 12)
    while steps < limit && dot(gradient, gradient) > 1e-20 {
      var direction = history.direction(gradient)
      var slope = dot(direction, gradient)
      if !(slope < 0) {
        history = CurvatureHistory(capacity: 12)
        direction = gradient.map { -$0 }
        slope = -dot(gradient, gradient)
      }
      var length = steps == 0 ? min(1, 1 / dot(gradient, gradient).squareRoot()) : 1
      var next = (point: point, value: value, gradient: gradient)
      var isLower = false
      for _ in 0..<40 {
        next.point = zip(point, direction).map { $0 + length * $1 }
        (next.value, next.gradient) = objective(next.point)
        isLower = next.value <= value + 1e-4 * length * slope
        if isLower { break }
        length /= 2
      }
      guard isLower else { break }
      let gain = value - next.value
      history.add(
        step: zip(next.point, point).map { $0 - $1 },
        change: zip(next.gradient, gradient).map { $0 - $1 })
      (point, value, gradient) = next
      steps += 1
      if gain <= 1e-12 * value.magnitude { break }
    }
    (self.point, self.value, self.steps) = (point, value, steps)
  }

  /// The local minima from all starts, in their order.
  public static func all(
    of objective: Objective, starts: [[Double]], limit: Int = 300
  ) -> [Minimum] {
    require(!starts.isEmpty, "Minimum: expected at least one start")
    return starts.map { Minimum(of: objective, from: $0, limit: limit) }
  }
}

extension [Minimum] {
  /// The lowest, the first of equals.
  public var lowest: Minimum {
    var best = self[0]
    for one in dropFirst() where one.value < best.value { best = one }
    return best
  }
}

/// Past steps and gradient changes, which stand for the inverse Hessian.
private struct CurvatureHistory {
  let capacity: Int
  private var pairs: [(step: [Double], change: [Double], product: Double)] = []

  init(capacity: Int) { self.capacity = capacity }

  /// Pairs without positive curvature are left out.
  mutating func add(step: [Double], change: [Double]) {
    let product = dot(step, change)
    guard product > 1e-12 * dot(change, change) else { return }
    if pairs.count == capacity { pairs.removeFirst() }
    pairs.append((step, change, product))
  }

  /// −H g by the two-loop recursion.
  func direction(_ gradient: [Double]) -> [Double] {
    var direction = gradient.map { -$0 }
    var factors = [Double](repeating: 0, count: pairs.count)
    for (i, pair) in pairs.enumerated().reversed() {
      factors[i] = dot(pair.step, direction) / pair.product
      for c in direction.indices { direction[c] -= factors[i] * pair.change[c] }
    }
    if let last = pairs.last {
      let scale = last.product / dot(last.change, last.change)
      for c in direction.indices { direction[c] *= scale }
    }
    for (i, pair) in pairs.enumerated() {
      let factor = factors[i] - dot(pair.change, direction) / pair.product
      for c in direction.indices { direction[c] += factor * pair.step[c] }
    }
    return direction
  }
}
