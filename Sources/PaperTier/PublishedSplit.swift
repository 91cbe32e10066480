import Autograd
import Datasets
import Determinism
import Images
import NN
import Published

/// A split of a published dataset. Images are decoded and augmented, and texts cut into tokens, on threads of their own
/// while the batch before is trained on.
struct PublishedSplit: BatchSource {
  let name: String
  let split: Split
  let task: DatasetTask
  let contentHash: String
  let labels: [ExampleLabel]
  private let records: [PublishedRecord]
  private let folder: String
  /// Nil where the method reads no images.
  private var preparation: ImagePreparation?
  /// Nil where the method reads no texts.
  private let words: TextPreparation?
  /// Decoding threads.
  private let workers: Int

  /// - Parameter digest: of the prepared split, its images and the tokenizer.
  init(
    _ dataset: PublishedDataset, _ split: Split, records: [PublishedRecord], task: DatasetTask,
    digest: String, preparation: ImagePreparation?, words: TextPreparation?, workers: Int
  ) throws {
    name = dataset.name
    self.split = split
    self.task = task
    self.records = records
    folder = dataset.folder
    contentHash = digest
    self.preparation = preparation
    self.words = words
    self.workers = workers
    labels = try records.map { try Self.label($0, dataset.name) }
  }

  static func label(_ record: PublishedRecord, _ dataset: String) throws -> ExampleLabel {
    switch record.label {
    case .class(let index): return .class(index)
    case .labels(let indices): return .labels(indices)
    case .mask, .answers, .unlabelled:
      throw Failure(
        .configuration,
        "\(dataset): record \(record.id): expected a class or labels; masks and answers are not trained on at the paper tier yet"
      )
    }
  }

  var count: Int { records.count }
  var drawsImages: Bool { preparation?.augmentation != nil }

  var withoutImages: any BatchSource {
    var copy = self
    copy.preparation = nil
    return copy
  }

  /// What threads make of a batch.
  private struct Decoded: Sendable {
    let indices: [Int]
    let images: ImageBatch?
    let tokens: [[Int32]]
  }

  func batches(_ indices: [[Int]], for use: BatchUse) -> BatchReader {
    let pipeline = DecodingPipeline<Decoded>(
      count: indices.count, ahead: 2 * workers, workers: workers
    ) { try decoded(indices[$0], use) }
    return { try pipeline.next().map(batch) }
  }

  private func decoded(_ indices: [Int], _ use: BatchUse) throws -> Decoded {
    let images: ImageBatch?
    switch use {
    case .evaluation:
      images = try preparation?.forEvaluation.batch(indices, epoch: 0, seed: 0, image: image)
    case .training(let epoch, let seed):
      images = try preparation?.batch(indices, epoch: epoch, seed: seed, image: image)
    }
    return Decoded(
      indices: indices, images: images,
      tokens: try words.map { words in try indices.map { try words.ids(records[$0].text) } } ?? [])
  }

  private func image(_ index: Int) throws -> RasterImage {
    try records[index].image.map { try RasterImage(contentsOf: "\(folder)/\($0)") } ?? .missing
  }

  private func batch(_ decoded: Decoded) -> Batch {
    Batch(
      size: decoded.indices.count,
      images: decoded.images.map { Tensor($0.values, $0.shape) },  // [B, 3, side, side]
      text: words.map { TokenIds(padding: decoded.tokens, with: $0.tokenizer.padId) },
      labels: batchLabels(decoded.indices))
  }

  private func batchLabels(_ indices: [Int]) -> Labels {
    guard task.isMultiLabel else {
      return .classes(indices.flatMap { labels[$0].indices.map { Int32($0) } })
    }
    let width = task.labels.count
    var values = [Float](repeating: 0, count: indices.count * width)
    for (row, index) in indices.enumerated() {
      for label in labels[index].indices { values[row * width + label] = 1 }
    }
    return .multiLabel(Tensor(values, [indices.count, width]))
  }
}

/// How texts become ids.
struct TextPreparation: Sendable {
  let tokenizer: any Tokenizer
  /// Ids of a text at most, special ones included; the rest is cut off.
  let limit: Int

  func ids(_ text: String) throws -> [Int32] {
    try tokenizer.encode(text, maximumLength: limit).ids
  }
}
