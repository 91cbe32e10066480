import Determinism
import Foundation
import Images

/// Makes elements ahead of their use on threads of its own, and gives them out in order.
///
/// What comes out is what `(0..<count).map(produce)` would give, whatever the threads' timing. At most `ahead` elements
/// are made but not yet taken, which bounds the memory. The first failure in order is thrown by `next`, after all
/// elements before it were given out.
public final class DecodingPipeline<Element: Sendable>: Sendable {
  private let queue: DecodingQueue<Element>

  /// Starts making elements at once.
  /// - Parameters:
  ///   - count: how many there are.
  ///   - ahead: how many may wait to be taken.
  ///   - workers: threads. One is enough where decoding is faster than training.
  ///   - produce: makes one element from its number; called on any worker, once for each number.
  public init(
    count: Int, ahead: Int = 2, workers: Int = 1,
    _ produce: @escaping @Sendable (Int) throws -> Element
  ) {
    require(
      count >= 0 && ahead > 0 && workers > 0,
      "DecodingPipeline: expected something to do, found \(count), \(ahead) ahead, \(workers) workers"
    )
    queue = DecodingQueue(count: count, ahead: ahead, workers: workers)
    for number in 0..<workers {
      let thread = Thread { [queue] in queue.work(produce) }
      thread.name = "image decoding \(number)"
      thread.start()
    }
  }

  deinit { queue.cancel(waits: false) }

  /// The next element in order; waits for it if need be. Nil after the last one, after a failure was thrown, and
  /// after `cancel`.
  /// - Throws: what `produce` threw for this element; nothing further is made.
  public func next() throws -> Element? { try queue.next() }

  /// Stops making elements, drops those that wait, and returns when no worker is busy any more.
  public func cancel() { queue.cancel(waits: true) }

  /// How long `next` has waited in all, in seconds: what the consumer lost to the pipeline.
  public var secondsWaited: Double { queue.secondsWaited }
}

extension DecodingPipeline where Element == ImageBatch {
  /// Batches of prepared images. Elements equal `preparation.batch(batches[i], …)`.
  /// - Parameters:
  ///   - batches: indices of samples, in the order of training.
  ///   - image: the decoded image of a sample; `RasterImage.missing` where it has none.
  public convenience init(
    batches: [[Int]], epoch: Int, seed: UInt64, preparation: ImagePreparation, ahead: Int = 2,
    workers: Int = 1,
    image: @escaping @Sendable (Int) throws -> RasterImage
  ) {
    self.init(count: batches.count, ahead: ahead, workers: workers) { number in
      try preparation.batch(batches[number], epoch: epoch, seed: seed, image: image)
    }
  }
}
