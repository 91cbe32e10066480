import Determinism
import Foundation
import ImageFiles
import Images
import Synchronization
import Testing

@Suite struct PipelineTests {
  static let names = ["photo.jpg", "halved-colour.jpg", "progressive.jpg", "rgb.png", "grey-4.png"]
  static let files = names.map { DecodingTests.folder + "/" + $0 }
  static let preparation = ImagePreparation(
    augmentation: RandAugment(magnitude: 9), resizing: .square(40), side: 32)

  private func pipeline(_ batches: [[Int]], epoch: Int = 0, ahead: Int = 2, workers: Int)
    -> DecodingPipeline<
      ImageBatch
    >
  {
    DecodingPipeline(
      batches: batches, epoch: epoch, seed: 8, preparation: Self.preparation, ahead: ahead,
      workers: workers
    ) { try RasterImage(contentsOf: Self.files[$0 % Self.files.count]) }
  }

  @Test func `threads and places in a batch do not change a sample`() throws {
    let batches = (0..<12).map { [$0 * 3, $0 * 3 + 1, $0 * 3 + 2] }
    var single = [Float]()
    for workers in [1, 2, 4] {
      let pipeline = pipeline(batches, ahead: workers, workers: workers)
      var values = [Float]()
      var order = [[Int]]()
      while let batch = try pipeline.next() {
        #expect(batch.shape == [3, 3, 32, 32])
        order.append(batch.indices)
        values += batch.values
      }
      #expect(order == batches)
      if workers == 1 { single = values }
      #expect(values == single)
      #expect(try pipeline.next() == nil)
    }
    let alone = try #require(try pipeline([[7]], workers: 1).next())
    #expect(alone.values == Array(single[7 * 3072..<8 * 3072]))
  }

  @Test func `another epoch augments differently`() throws {
    let batch = Array(0..<10)
    let first = try pipeline([batch], epoch: 0, workers: 1).next()
    let second = try pipeline([batch], epoch: 1, workers: 1).next()
    #expect(first != nil && first?.values != second?.values)
  }

  /// The second worker runs into the failure long before the first element is taken.
  @Test(arguments: [1, 3]) func `a failure comes in its turn and ends the pipeline`(_ workers: Int)
    throws
  {
    let pipeline = DecodingPipeline(count: 10, ahead: 8, workers: workers) { number -> Int in
      if number >= 3 { throw Failure(.badInput, "file \(number)") }
      Thread.sleep(forTimeInterval: 0.01)
      return number
    }
    for number in 0..<3 { #expect(try pipeline.next() == number) }
    let failure = #expect(throws: Failure.self) { try pipeline.next() }
    #expect(failure?.description == "file 3")
    #expect(try pipeline.next() == nil)
  }

  @Test func `a file that is no image is named`() throws {
    let path = DecodingTests.folder + "/none.jpg"
    let pipeline = DecodingPipeline(
      batches: [[0]], epoch: 0, seed: 0, preparation: .food101,
      image: { _ in try RasterImage(contentsOf: path) })
    let failure = #expect(throws: Failure.self) { try pipeline.next() }
    #expect(failure?.kind == .missingInput && failure?.description.hasPrefix(path) == true)
  }

  @Test(arguments: [1, 2, 5]) func `no more than asked for is made ahead`(_ ahead: Int) throws {
    let made = Mutex(0)
    let pipeline = DecodingPipeline(count: 50, ahead: ahead, workers: 3) { number in
      made.withLock { $0 += 1 }
      return number
    }
    for taken in 1...50 {
      #expect(try pipeline.next() == taken - 1)
      #expect(made.withLock { $0 } <= taken + ahead)
    }
    #expect(made.withLock { $0 } == 50)
  }

  @Test func `after cancelling nothing is made or given out`() throws {
    let made = Mutex(0)
    let pipeline = DecodingPipeline(count: 1000, ahead: 3, workers: 2) { number in
      made.withLock { $0 += 1 }
      return number
    }
    #expect(try pipeline.next() == 0)
    pipeline.cancel()
    let atEnd = made.withLock { $0 }
    #expect(try pipeline.next() == nil)
    Thread.sleep(forTimeInterval: 0.02)
    #expect(made.withLock { $0 } == atEnd && atEnd <= 4)
  }

  @Test func `a forgotten pipeline ends its threads`() async throws {
    let alive = Mutex(0)
    final class Witness: Sendable {
      let end: @Sendable () -> Void
      init(_ end: @escaping @Sendable () -> Void) { self.end = end }
      deinit { end() }
    }
    func forget() throws {
      let witness = Witness { alive.withLock { $0 += 1 } }
      let pipeline = DecodingPipeline(count: 1000, ahead: 1) { number in
        withExtendedLifetime(witness) { number }
      }
      #expect(try pipeline.next() == 0)
    }
    try forget()
    for _ in 0..<200 where alive.withLock({ $0 }) == 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(alive.withLock { $0 } == 1)
  }

  @Test func `a pipeline of nothing is at its end`() throws {
    #expect(try DecodingPipeline(count: 0) { $0 }.next() == nil)
  }

  @Test func `waiting is counted`() throws {
    let pipeline = DecodingPipeline(count: 1) { number in
      Thread.sleep(forTimeInterval: 0.03)
      return number
    }
    #expect(try pipeline.next() == 0)
    #expect(pipeline.secondsWaited > 0.005 && pipeline.secondsWaited < 5)
  }

  @Test func `the rate counts what was decoded and passes failures on`() throws {
    let rate = try imagesPerSecond(
      of: Self.files, preparation: Self.preparation, batchSize: 4, workers: 2, seconds: 0.05)
    #expect(
      rate.images > 0 && rate.images % 4 == 0 && rate.seconds >= 0.05 && rate.imagesPerSecond > 0)
    #expect(throws: Failure.self) {
      try imagesPerSecond(of: ["/nowhere.jpg"], preparation: .food101, seconds: 0.05)
    }
  }
}
