import Determinism

/// Which examples make up the batches of an epoch.
public struct BatchOrder: Sendable, Hashable {
  /// Number of examples.
  public let count: Int
  public let batchSize: Int

  public init(count: Int, batchSize: Int) {
    require(
      batchSize > 0 && count >= 0,
      "BatchOrder: expected a positive batch size, found \(batchSize) of \(count) examples")
    self.count = count
    self.batchSize = batchSize
  }

  /// Batches of a training epoch; the last incomplete one is dropped.
  public var trainingBatches: Int { count / batchSize }

  /// A new random order for each epoch, without the last incomplete batch.
  /// - Parameter random: belongs to the run; the epoch's own stream is derived from it.
  public func training(epoch: Int, _ random: RandomStream) -> [[Int]] {
    var shuffle = random.stream("batch order").stream(epoch)
    let order = shuffle.permutation(count)
    return (0..<trainingBatches).map { Array(order[$0 * batchSize..<($0 + 1) * batchSize]) }
  }

  /// All examples in their own order; the last batch may be smaller.
  public var evaluation: [[Int]] {
    stride(from: 0, to: count, by: batchSize).map { Array($0..<min($0 + batchSize, count)) }
  }
}
