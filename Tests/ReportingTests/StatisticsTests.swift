import Determinism
import Reporting
import Testing

@Suite struct StatisticsTests {
  /// Reference: SciPy 1.17, `stats.t.ppf`.
  @Test(arguments: [
    (0.975, 1, 12.706204736174694), (0.975, 3, 3.1824463052837064), (0.95, 3, 2.3533634348018273),
    (0.995, 9, 3.2498355415921263), (0.975, 30, 2.0422724563012378), (0.9999, 2, 70.70007107496818),
  ])
  func `t quantiles agree with the table`(probability: Double, freedom: Int, expected: Double) {
    let t = StudentT(degreesOfFreedom: freedom)
    // The incomplete beta function is good to 1e-13; far tails divide that by a small density.
    #expect(abs(t.quantile(probability) - expected) <= 1e-9 * expected)
    #expect(abs(t.quantile(1 - probability) + expected) <= 1e-9 * expected)
    #expect(abs(t.probability(below: expected) - probability) <= 1e-12)
  }

  /// Reference: SciPy 1.17, the non-central t distribution solved for power 0.8.
  @Test(arguments: [
    (2, 11.549888436), (4, 2.127949343), (10, 0.996001371), (34, 0.495028098),
  ])
  func `the smallest visible effect has power 0.8`(count: Int, expected: Double) {
    let test = StudentT(degreesOfFreedom: count - 1)
    let found = test.detectableShift(power: 0.8, level: 0.05) / Double(count).squareRoot()
    #expect(abs(found - expected) <= 1e-5 * expected)  // Simpson's rule, 1000 intervals
  }

  @Test func `intervals need two values`() {
    #expect(meanInterval([1]) == nil)
    #expect(predictionInterval([1]) == nil)
    #expect(smallestVisibleEffect([1]) == nil)
    #expect(sampleStandardDeviation([1]) == nil)
    #expect(bootstrapInterval([1], RandomStream(seed: 0)) == nil)
  }

  @Test func `the mean interval is the textbook one`() throws {
    // mean 2.5, s = 1.2910, t = 3.1824, half width = 2.0542
    let interval = try #require(meanInterval([1, 2, 3, 4]))
    #expect(abs(interval.lower - 0.445739743239121) < 1e-12)
    #expect(abs(interval.upper - 4.554260256760879) < 1e-12)
  }

  @Test func `a prediction interval is wider than the interval of the mean`() throws {
    let values = [1.0, 2, 3, 4]
    let prediction = try #require(predictionInterval(values))
    let center = try #require(meanInterval(values))
    // √(1 + 1/n) against √(1/n): a factor √5 for n = 4
    let ratio = (prediction.upper - 2.5) / (center.upper - 2.5)
    #expect(abs(ratio - 5.0.squareRoot()) < 1e-12)
  }

  @Test func `the bootstrap is the same on every run`() {
    let values = [0.1, 0.4, -0.2, 0.3, 0.6]
    let random = RandomStream(seed: 7)
    #expect(bootstrapInterval(values, random) == bootstrapInterval(values, random))
    #expect(bootstrapInterval(values, random) != bootstrapInterval(values, RandomStream(seed: 8)))
  }

  @Test func `the median of an even count is the mean of the middle two`() {
    #expect(median([4, 1, 3, 2]) == 2.5)
    #expect(median([5, 1, 3]) == 3)
  }
}
