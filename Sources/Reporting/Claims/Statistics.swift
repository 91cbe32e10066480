import Determinism

/// Σx / n.
public func mean(_ values: [Double]) -> Double {
  require(!values.isEmpty, "mean: expected at least one value")
  return values.reduce(0, +) / Double(values.count)
}

/// √(Σ(x − mean)² / (n − 1)), or nil for fewer than two values.
public func sampleStandardDeviation(_ values: [Double]) -> Double? {
  guard values.count > 1 else { return nil }
  let center = mean(values)
  let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
  return (squares / Double(values.count - 1)).squareRoot()
}

/// The middle value, or the mean of the two middle ones.
public func median(_ values: [Double]) -> Double {
  require(!values.isEmpty, "median: expected at least one value")
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// A closed range of plausible values.
public struct Interval: Hashable, Sendable, Codable {
  public let lower: Double
  public let upper: Double

  public init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  /// Both ends moved outwards by `margin`.
  public func widened(by margin: Double) -> Interval { Interval(lower - margin, upper + margin) }
}

/// The t interval of a mean: mean ± t(n−1) · s / √n. Nil for fewer than two values.
///
/// Given differences of pairs it is the interval of the paired t test.
public func meanInterval(_ values: [Double], confidence: Double = 0.95) -> Interval? {
  guard let deviation = sampleStandardDeviation(values) else { return nil }
  let t = StudentT(degreesOfFreedom: values.count - 1).quantile(0.5 + confidence / 2)
  let half = t * deviation / Double(values.count).squareRoot()
  return Interval(mean(values) - half, mean(values) + half)
}

/// Where one further observation of the same kind is expected:
/// mean ± t(n−1) · s · √(1 + 1/n). Nil for fewer than two values.
public func predictionInterval(_ values: [Double], confidence: Double = 0.95) -> Interval? {
  guard let deviation = sampleStandardDeviation(values) else { return nil }
  let t = StudentT(degreesOfFreedom: values.count - 1).quantile(0.5 + confidence / 2)
  let half = t * deviation * (1 + 1 / Double(values.count)).squareRoot()
  return Interval(mean(values) - half, mean(values) + half)
}

/// The smallest true effect that a two-sided paired t test at `level` finds with `power`, given the
/// spread of these differences. Nil for fewer than two values.
public func smallestVisibleEffect(
  _ differences: [Double], power: Double = 0.8, level: Double = 0.05
) -> Double? {
  guard let deviation = sampleStandardDeviation(differences) else { return nil }
  let test = StudentT(degreesOfFreedom: differences.count - 1)
  let shift = test.detectableShift(power: power, level: level)
  return shift * deviation / Double(differences.count).squareRoot()
}

/// The percentile bootstrap interval of the mean of paired differences, e.g. one per test sample.
///
/// Resampling is seeded by `random`, so that the interval is the same on every run.
public func bootstrapInterval(
  _ differences: [Double], resamples: Int = 2000, confidence: Double = 0.95, _ random: RandomStream
) -> Interval? {
  guard differences.count > 1 else { return nil }
  require(resamples >= 40, "bootstrapInterval: expected at least 40 resamples, found \(resamples)")
  var stream = random.stream("bootstrap")
  var means = [Double]()
  means.reserveCapacity(resamples)
  for _ in 0..<resamples {
    var sum = 0.0
    for _ in differences.indices { sum += differences[stream.integer(below: differences.count)] }
    means.append(sum / Double(differences.count))
  }
  means.sort()
  let cut = (1 - confidence) / 2 * Double(resamples - 1)
  let lower = Int(cut.rounded(.down))
  return Interval(means[lower], means[resamples - 1 - lower])
}

/// The slope of the least-squares line through the points.
public func slope(_ x: [Double], _ y: [Double]) -> Double {
  require(x.count == y.count, "slope: \(x.count) abscissae for \(y.count) ordinates")
  require(x.count > 1, "slope: expected at least two points, found \(x.count)")
  let (centerX, centerY) = (mean(x), mean(y))
  var (products, squares) = (0.0, 0.0)
  for (a, b) in zip(x, y) {
    products += (a - centerX) * (b - centerY)
    squares += (a - centerX) * (a - centerX)
  }
  require(squares > 0, "slope: all abscissae are equal")
  return products / squares
}
