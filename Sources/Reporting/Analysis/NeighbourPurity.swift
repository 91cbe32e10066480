import Determinism

/// The share of each point's `neighbours` nearest other points that are of its class, averaged over
/// all points. Points at equal distance are taken in the order given.
///
/// Nil when there are not more than `neighbours` points.
/// - Throws: `Failure(.badInput)` for points of different length or with values that are not finite.
public func neighbourPurity(
  _ points: [[Double]], classes: [Int], neighbours: Int = 10
) throws -> Double? {
  require(
    points.count == classes.count,
    "neighbourPurity: \(points.count) points for \(classes.count) classes")
  require(neighbours > 0, "neighbourPurity: expected at least 1 neighbour, found \(neighbours)")
  guard points.count > neighbours else { return nil }
  let distances = try PairwiseDistances(points, "neighbour purity")
  let n = distances.count
  var matches = 0
  for i in 0..<n {
    let others = (0..<n).filter { $0 != i }.sorted { a, b in
      (distances.squared[i * n + a], a) < (distances.squared[i * n + b], b)
    }
    matches += others.prefix(neighbours).count { classes[$0] == classes[i] }
  }
  return Double(matches) / Double(n * neighbours)
}
