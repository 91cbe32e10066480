import Determinism
import Foundation

/// Round positions for the labels of an axis, by Talbot, Lin and Hanrahan (2010), "An Extension of
/// Wilkinson's Algorithm for Positioning Tick Labels on Axes", with their weights.
public struct Ticks: Hashable, Sendable {
  /// The positions, in increasing order.
  public let values: [Double]
  /// How many decimals tell neighbouring positions apart.
  public let digits: Int

  /// - Parameters:
  ///   - count: how many labels are wanted; what comes out may be one or two off.
  public init(from lower: Double, to upper: Double, count: Int) {
    require(
      lower.isFinite && upper.isFinite && lower < upper,
      "Ticks: expected lower < upper, found \(lower) and \(upper)")
    require(count >= 2, "Ticks: expected at least 2 labels, found \(count)")
    let best = Self.search(lower, upper, Double(count))
    values = (0..<best.count).map { best.start + Double($0) * best.step }
      .map { abs($0) < best.step * 1e-9 ? 0 : $0 }
    var digits = 0
    var scaled = best.step
    while abs(scaled - scaled.rounded()) > 1e-6 * scaled && digits < 9 {
      scaled *= 10
      digits += 1
    }
    self.digits = digits
  }

  /// The position as text, all with the same number of decimals.
  public func label(_ value: Double) -> String { numberText(value, digits) }

  private struct Labeling {
    var start = 0.0
    var step = 1.0
    var count = 2
    var score = -2.0
  }

  /// Nice steps, best first.
  private static let steps = [1.0, 5, 2, 2.5, 4, 3]

  /// The labeling with the best sum of simplicity, coverage and density (legibility is constant).
  ///
  /// The nested loops and their early exits are the paper's algorithm.
  private static func search(_ lower: Double, _ upper: Double, _ wanted: Double) -> Labeling {
    var best = Labeling()
    for skip in 1...20 {
      for (index, q) in steps.enumerated() {
        let simplest = 2 - Double(index) / Double(steps.count - 1) - Double(skip)
        if score(simplest, 1, 1) < best.score { return best }
        for count in 2...40 {
          let k = Double(count)
          let densest = k >= wanted ? 2 - (k - 1) / (wanted - 1) : 1
          if score(simplest, 1, densest) < best.score { break }
          let gap = (upper - lower) / (k + 1) / Double(skip) / q
          let firstPower = Int(log10(gap).rounded(.up))
          for power in firstPower...(firstPower + 8) {
            let step = Double(skip) * q * tenTo(power)
            let widest = bestCoverage(span: step * (k - 1), range: upper - lower)
            if score(simplest, widest, densest) < best.score { break }
            place(count, step, skip, simplest, wanted, lower, upper, &best)
          }
        }
      }
    }
    return best
  }

  /// Tries every start of `count` labels `step` apart and keeps the best.
  private static func place(
    _ count: Int, _ step: Double, _ skip: Int, _ simplest: Double, _ wanted: Double,
    _ lower: Double, _ upper: Double, _ best: inout Labeling
  ) {
    let span = step * Double(count - 1)
    let first = Int((upper / step).rounded(.down)) * skip - (count - 1) * skip
    let last = Int((lower / step).rounded(.up)) * skip
    guard first <= last else { return }
    for offset in first...last {
      let start = Double(offset) * step / Double(skip)
      let end = start + span
      let hasZero = offset % skip == 0 && start <= 0 && end >= 0
      let coverage =
        1 - 0.5 * (square(upper - end) + square(lower - start)) / square(0.1 * (upper - lower))
      let density = Double(count - 1) / span
      let target = (wanted - 1) / (max(end, upper) - min(start, lower))
      let total = score(
        hasZero ? simplest : simplest - 1, coverage, 2 - max(density / target, target / density))
      if total > best.score {
        best = Labeling(start: start, step: step, count: count, score: total)
      }
    }
  }

  /// The coverage of labels that reach `span`, were they centred on the data.
  private static func bestCoverage(span: Double, range: Double) -> Double {
    span > range ? 1 - square((span - range) / 2) / square(0.1 * range) : 1
  }

  private static func score(_ simplicity: Double, _ coverage: Double, _ density: Double) -> Double {
    0.25 * simplicity + 0.2 * coverage + 0.5 * density + 0.05
  }

  private static func square(_ x: Double) -> Double { x * x }

  private static func tenTo(_ power: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(power) { result *= 10 }
    return power < 0 ? 1 / result : result
  }
}
