import Determinism

/// Whether a statistic is larger than chance would make it: it is compared with its values after
/// random exchanges of the samples (Phipson and Smyth 2010: the observed order counts as one).
public struct PermutationTest: Hashable, Sendable {
  /// The statistic in the order given.
  public let observed: Double
  /// Its mean over the random orders: what chance makes it.
  public let expected: Double
  /// (1 + number of random orders with at least the observed value) / (1 + number of orders).
  public let probability: Double
  public let resamples: Int

  /// - Parameters:
  ///   - count: how many samples are exchanged.
  ///   - random: decides the orders; equal streams give equal results.
  ///   - statistic: gets an order of 0 ..< `count`; larger means further from chance.
  /// - Throws: what `statistic` throws; `Failure(.badInput)` when its value is not finite.
  public init(
    count: Int, resamples: Int = 999, _ random: RandomStream,
    statistic: ([Int]) throws -> Double
  ) throws {
    require(count > 1, "PermutationTest: expected at least 2 samples, found \(count)")
    require(resamples >= 19, "PermutationTest: expected at least 19 orders, found \(resamples)")
    let observed = try statistic(Array(0..<count))
    // Orders that are equal but for rounding count as equal, as in SciPy.
    let margin = 1e-14 * observed.magnitude
    var stream = random.stream("permutation test")
    var (sum, hits) = (0.0, 0)
    for _ in 0..<resamples {
      let value = try statistic(stream.permutation(count))
      sum += value
      if value >= observed - margin { hits += 1 }
    }
    guard observed.isFinite && sum.isFinite else {
      throw Failure(.badInput, "permutation test: expected finite numbers, found \(observed)")
    }
    self.observed = observed
    expected = sum / Double(resamples)
    probability = Double(1 + hits) / Double(1 + resamples)
    self.resamples = resamples
  }

  /// Whether one labelling tells more about the other than shuffled labels would; the statistic is
  /// the mutual information in nats.
  public init(
    mutualInformationOf first: [Int], _ second: [Int], resamples: Int = 999, _ random: RandomStream
  ) throws {
    try self.init(count: first.count, resamples: resamples, random) { order in
      ContingencyTable(order.map { first[$0] }, second).mutualInformation
    }
  }
}
