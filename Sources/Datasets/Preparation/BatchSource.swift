import NN

/// What batches are cut for.
public enum BatchUse: Sendable, Hashable {
  /// Nothing is drawn: the same indices give the same batch.
  case evaluation
  /// What augmentation draws for an example depends on these and the example alone.
  case training(epoch: Int, seed: UInt64)
}

/// Gives one batch after another, nil behind the last.
public typealias BatchReader = () throws -> Batch?

/// A split to train or to judge on. What it is stored as, and what has to be decoded, is its own affair.
public protocol BatchSource: Sendable {
  /// As in reports: "SNLI-VE".
  var name: String { get }
  var split: Split { get }
  var task: DatasetTask { get }
  /// Number of examples.
  var count: Int { get }
  /// SHA-256 of what decides the batches.
  var contentHash: String { get }
  /// What each example is judged against, in order; empty where masks are (`judged`).
  var labels: [ExampleLabel] { get }
  /// Whether training sees other pixels of the same image each time.
  var drawsImages: Bool { get }
  /// For each example the first one with the same image; nil where every example has an image of its own.
  var imageOwners: [Int]? { get }
  /// The same split without its images, which need not be decoded then.
  var withoutImages: any BatchSource { get }
  /// A predicted mask of an example as it is judged, and the true one: both `[height, width]`, of the size that the metric
  /// is defined on.
  /// - Parameter logits: `[side, side]`, as the network gives them.
  func judged(_ logits: [Float], _ index: Int) -> (predicted: [Bool], truth: [UInt8])
  /// Batches of the examples at these places, in this order. The next may be made while one is used.
  func batches(_ indices: [[Int]], for use: BatchUse) -> BatchReader
}

extension BatchSource {
  public var imageOwners: [Int]? { nil }
}

extension PreparedSplit: BatchSource {
  public var drawsImages: Bool { false }
  /// With them: they are in memory.
  public var withoutImages: any BatchSource { self }

  /// In the size of the drawn image, which is the network's.
  public func judged(_ logits: [Float], _ index: Int) -> (predicted: [Bool], truth: [UInt8]) {
    (logits.map { $0 > 0 }, labels[index].maskValues)
  }

  public func batches(_ indices: [[Int]], for use: BatchUse) -> BatchReader {
    var remaining = indices.makeIterator()
    return { remaining.next().map { batch($0) } }
  }
}
