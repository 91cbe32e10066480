import Autograd
import Datasets
import Determinism
import ImageFiles
import Images
import NN
import Published
import Text

/// How the parts of a record become inputs; nil for what a method does not read.
struct PublishedInputs: Sendable {
  var images: ImagePreparation?
  /// In place of `images` where masks are made: both are warped alike.
  var referring: ReferringPreparation?
  var words: TextPreparation?
  var frames: FramePreparation?
  var sounds: SoundPreparation?
}

/// A split of a published dataset. Images are decoded and augmented, sounds read, and texts cut into tokens, on threads of
/// their own while the batch before is trained on.
struct PublishedSplit: BatchSource {
  let name: String
  let split: Split
  let task: DatasetTask
  let contentHash: String
  let labels: [ExampleLabel]
  private let records: [PublishedRecord]
  private let folder: String
  private var inputs: PublishedInputs
  /// Decoding threads.
  private let workers: Int

  /// - Parameter digest: of the prepared split, its images and the tokenizer.
  init(
    _ dataset: PublishedDataset, _ split: Split, records: [PublishedRecord], task: DatasetTask,
    digest: String, inputs: PublishedInputs, workers: Int
  ) throws {
    name = dataset.name
    self.split = split
    self.task = task
    self.records = records
    folder = dataset.folder
    contentHash = digest
    self.inputs = inputs
    self.workers = workers
    // Masks stay in runs: as pixels those of a training split have tens of gigabytes.
    labels = task == .segmentation ? [] : try records.map { try $0.exampleLabel(dataset.name) }
  }

  var count: Int { records.count }
  var drawsImages: Bool { inputs.images?.augmentation != nil }

  /// SNLI-VE and VQAv2 ask several things about an image.
  var imageOwners: [Int]? {
    var first: [String: Int] = [:]
    let owners = records.enumerated().map { index, record in
      guard record.frames.isEmpty else { return index }
      let image = record.image ?? ""  // all without one see the same grey
      let owner = first[image] ?? index
      first[image] = owner
      return owner
    }
    return first.count < records.count ? owners : nil
  }

  var withoutImages: any BatchSource {
    var copy = self
    copy.inputs.images = nil
    copy.inputs.frames = nil
    return copy
  }

  func judged(_ logits: [Float], _ index: Int) -> (predicted: [Bool], truth: [UInt8]) {
    guard let referring = inputs.referring, case .mask(let mask) = records[index].label else {
      fatalError("\(name): no masks to judge")
    }
    return referring.judged(logits, mask)
  }

  // MARK: Batches

  /// What threads make of a batch.
  private struct Decoded: Sendable {
    let indices: [Int]
    var images: (values: [Float], side: Int)?  // [B, 3, side, side]
    var masks: [Float] = []  // [B, side, side]
    var tokens: [[Int32]] = []
    var frames: [Float] = []  // [B, frames, 3, side, side]
    var sounds: [[Float]] = []
  }

  func batches(_ indices: [[Int]], for use: BatchUse) -> BatchReader {
    let pipeline = DecodingPipeline<Decoded>(
      count: indices.count, ahead: 2 * workers, workers: workers
    ) { try decoded(indices[$0], use) }
    return { try pipeline.next().map(batch) }
  }

  private func decoded(_ indices: [Int], _ use: BatchUse) throws -> Decoded {
    var decoded = Decoded(indices: indices)
    if let images = inputs.images {
      let batch =
        switch use {
        case .evaluation:
          try images.forEvaluation.batch(indices, epoch: 0, seed: 0, image: image)
        case .training(let epoch, let seed):
          try images.batch(indices, epoch: epoch, seed: seed, image: image)
        }
      decoded.images = (batch.values, batch.side)
    }
    if let referring = inputs.referring {
      let pairs = try indices.map { try warped($0, referring) }
      decoded.images = (pairs.flatMap(\.planes), referring.side)
      decoded.masks = pairs.flatMap(\.target)
    }
    if let words = inputs.words {
      decoded.tokens = try indices.map { try words.ids(text($0, use)) }
    }
    if let frames = inputs.frames {
      decoded.frames = try indices.flatMap { try frames.planes(records[$0].frames.map(path)) }
    }
    if let sounds = inputs.sounds {
      decoded.sounds = try indices.map { try sounds.samples(path(try sound($0))) }
    }
    return decoded
  }

  private func path(_ file: String) -> String { "\(folder)/\(file)" }

  private func image(_ index: Int) throws -> RasterImage {
    try records[index].image.map { try RasterImage(contentsOf: path($0)) } ?? .missing
  }

  private func sound(_ index: Int) throws -> String {
    guard let file = records[index].audio else {
      throw Failure(.badInput, "\(name): record \(records[index].id): expected a sound, found none")
    }
    return file
  }

  private func warped(
    _ index: Int, _ referring: ReferringPreparation
  ) throws -> (planes: [Float], target: [Float]) {
    guard case .mask(let mask) = records[index].label, let file = records[index].image else {
      throw Failure(
        .badInput, "\(name): record \(records[index].id): expected an image and a mask")
    }
    let image = try image(index)
    try referring.check(image, mask, file: path(file))
    return (referring.planes(image), referring.target(mask))
  }

  /// In training one of the texts, drawn anew in every epoch; else the first.
  private func text(_ index: Int, _ use: BatchUse) -> String {
    let texts = records[index].texts
    guard case .training(let epoch, let seed) = use, texts.count > 1 else { return texts[0] }
    var random = RandomStream(seed: seed).stream("expression").stream(epoch).stream(index)
    return texts[random.integer(below: texts.count)]
  }

  private func batch(_ decoded: Decoded) -> Batch {
    let b = decoded.indices.count
    return Batch(
      size: b,
      images: decoded.images.map { Tensor($0.values, [b, 3, $0.side, $0.side]) },
      text: inputs.words.map { TokenIds(padding: decoded.tokens, with: $0.tokenizer.padId) },
      audio: inputs.sounds.map { _ in padded(decoded.sounds) },
      audioLengths: inputs.sounds.map { _ in decoded.sounds.map(\.count) },
      video: inputs.frames.map {
        Tensor(decoded.frames, [b, FramePreparation.count, 3, $0.images.side, $0.images.side])
      },
      labels: batchLabels(decoded))
  }

  /// `[B, samples]`, zeros behind the end of shorter sounds.
  private func padded(_ sounds: [[Float]]) -> Tensor {
    let longest = sounds.map(\.count).max() ?? 0
    return Tensor(
      sounds.flatMap { $0 + [Float](repeating: 0, count: longest - $0.count) },
      [sounds.count, longest])
  }

  private func batchLabels(_ decoded: Decoded) -> Labels? {
    let b = decoded.indices.count
    switch task {
    case .classification:
      return .classes(decoded.indices.flatMap { labels[$0].indices.map { Int32($0) } })
    case .multiLabel(let names):
      return .multiLabel(decoded.indices.map { labels[$0] }.targets(labels: names.count))
    case .answering(let names):
      return .scores(decoded.indices.map { labels[$0] }.targets(labels: names.count))
    case .segmentation:
      return inputs.referring.map { .masks(Tensor(decoded.masks, [b, $0.side, $0.side])) }
    }
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
