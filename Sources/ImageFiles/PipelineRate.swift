import Determinism
import Images

/// How fast images are read, decoded, augmented and normalised.
public struct PipelineRate: Equatable, Sendable {
  public let images: Int
  public let seconds: Double

  public var imagesPerSecond: Double { Double(images) / seconds }
}

/// Runs the pipeline on these files, over and over, and counts. Nothing is trained meanwhile, so this is what `workers`
/// cores can give; files read once come from the system's cache.
/// - Parameters:
///   - seconds: at least how long to measure. The first batch is not counted.
/// - Throws: what decoding throws.
public func imagesPerSecond(
  of files: [String], preparation: ImagePreparation, batchSize: Int = 16, workers: Int = 1,
  seconds: Double = 2
) throws -> PipelineRate {
  require(
    !files.isEmpty && batchSize > 0 && seconds > 0,
    "imagesPerSecond: expected files, a batch size and a time, found \(files.count), \(batchSize), \(seconds)"
  )
  let pipeline = DecodingPipeline(count: Int.max, ahead: 2 * workers, workers: workers) { number in
    let indices = (0..<batchSize).map { (number * batchSize + $0) % files.count }
    let epoch = number * batchSize / files.count
    return try preparation.batch(indices, epoch: epoch, seed: 0) {
      try RasterImage(contentsOf: files[$0])
    }
  }
  defer { pipeline.cancel() }
  _ = try pipeline.next()
  let start = ContinuousClock.now
  var images = 0
  while start.duration(to: .now) < .seconds(seconds), let batch = try pipeline.next() {
    images += batch.indices.count
  }
  return PipelineRate(images: images, seconds: start.duration(to: .now) / .seconds(1))
}
