import Determinism

/// How well points sit in their own class, −1 … 1: the mean over points of
/// (b − a) / max(a, b), a the mean distance to the own class, b to the nearest other class
/// (Rousseeuw 1987). A point that is alone in its class counts as 0, as in scikit-learn.
///
/// Nil unless there are at least two classes and fewer classes than points.
/// - Throws: `Failure(.badInput)` for points of different length or with values that are not finite.
public func silhouetteScore(_ points: [[Double]], classes: [Int]) throws -> Double? {
  require(
    points.count == classes.count,
    "silhouetteScore: \(points.count) points for \(classes.count) classes")
  let names = Array(Set(classes)).sorted()
  guard names.count > 1 && names.count < points.count else { return nil }
  let index = classes.map { name in names.firstIndex(of: name) ?? 0 }
  var sizes = Array(repeating: 0, count: names.count)
  for own in index { sizes[own] += 1 }
  let distances = try PairwiseDistances(points, "silhouette score")
  let n = distances.count
  var total = 0.0
  for i in 0..<n where sizes[index[i]] > 1 {
    var sums = Array(repeating: 0.0, count: names.count)
    for j in 0..<n { sums[index[j]] += distances.squared[i * n + j].squareRoot() }
    let own = sums[index[i]] / Double(sizes[index[i]] - 1)
    var nearest = Double.infinity
    for other in names.indices where other != index[i] {
      nearest = min(nearest, sums[other] / Double(sizes[other]))
    }
    let larger = max(own, nearest)
    if larger > 0 { total += (nearest - own) / larger }
  }
  return total / Double(n)
}
