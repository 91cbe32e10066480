import Determinism

/// The squared Euclidean distance of every pair of points.
struct PairwiseDistances {
  let count: Int
  /// `[N, N]`, row by row, symmetric with a zero diagonal.
  let squared: [Double]

  /// - Throws: `Failure(.badInput)` for points of different length or with values that are not finite.
  init(_ points: [[Double]], _ purpose: String) throws {
    count = points.count
    let width = points.first?.count ?? 0
    for (i, point) in points.enumerated() {
      guard point.count == width else {
        throw Failure(
          .badInput, "\(purpose): point \(i): expected \(width) numbers, found \(point.count)")
      }
      if let bad = point.first(where: { !$0.isFinite }) {
        throw Failure(.badInput, "\(purpose): point \(i): expected finite numbers, found \(bad)")
      }
    }
    var squared = Array(repeating: 0.0, count: count * count)
    for i in 0..<count {
      for j in 0..<i {
        var sum = 0.0
        for k in 0..<width {
          let step = points[i][k] - points[j][k]
          sum += step * step
        }
        squared[i * count + j] = sum
        squared[j * count + i] = sum
      }
    }
    self.squared = squared
  }
}
