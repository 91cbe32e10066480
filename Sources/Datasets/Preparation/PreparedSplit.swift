import Autograd
import Determinism
import Dispatch
import Images
import NN
import Synchronization
import Text

/// A split of a dataset in memory, ready to be cut into batches.
///
/// Images stay 8-bit until a batch is made. All images have one size, all waveforms one length, all
/// examples the same modalities.
public struct PreparedSplit: Sendable {
  public let name: String
  public let split: Split
  public let task: DatasetTask
  public let count: Int
  /// The SHA-256 of pixels, tokens, waveforms and labels: what a run was trained or judged on.
  public let contentHash: String
  /// Token ids of each text, unpadded; empty if there is no text.
  public let tokens: [[Int32]]
  public let labels: [ExampleLabel]
  public let attributes: [[Attribute]]

  private let padding: Int32
  private let images: ImageStack
  private let frames: ImageStack
  private let framesPerExample: Int
  private let audio: [Float]
  private let audioLength: Int
  /// (x/255 − mean)/deviation for each byte x.
  private let normalised: [Float]

  /// Makes the first `limit` examples (all by default), on two threads.
  /// - Parameters:
  ///   - mean: subtracted from pixels in 0…1; `deviation`: what they are then divided by.
  /// - Throws: what the dataset throws.
  public init(
    _ dataset: some Dataset, _ split: Split, tokenizer: some Tokenizer, limit: Int? = nil,
    mean: Float = 0.5, deviation: Float = 0.25
  ) throws {
    let count = min(limit ?? dataset.count(split), dataset.count(split))
    let examples = try Self.examples(of: dataset, split, count: count)
    self.name = dataset.name
    self.split = split
    self.task = dataset.task
    self.count = count
    self.padding = tokenizer.padId
    tokens = try examples.compactMap(\.text).map { try tokenizer.encode($0).ids }
    labels = examples.map(\.label)
    attributes = examples.map(\.attributes)
    images = ImageStack(examples.compactMap(\.image))
    frames = ImageStack(examples.compactMap(\.frames).flatMap { $0 })
    framesPerExample = count == 0 ? 0 : frames.count / count
    audioLength = examples.first?.audio?.count ?? 0
    audio = examples.flatMap { $0.audio ?? [] }
    normalised = (0..<256).map { (Float($0) / 255 - mean) / deviation }
    require(
      [0, count].contains(tokens.count) && [0, count].contains(images.count)
        && frames.count == count * framesPerExample && audio.count == count * audioLength,
      "\(dataset.name): all examples of a split need the same modalities and sizes")

    var hash = ContentHash()
    hash.update(images.bytes)
    hash.update(frames.bytes)
    for text in tokens { hash.update(text) }
    audio.withUnsafeBytes { hash.update($0) }
    for label in labels { label.update(&hash) }
    contentHash = hash.finish()
  }

  /// The examples at these places, in this order.
  ///
  /// Images `[B, 3, height, width]`, frames `[B, frames, 3, height, width]`, both normalised; texts
  /// padded to the longest of the batch; waveforms `[B, samples]`.
  public func batch(_ indices: [Int]) -> Batch {
    let texts = tokens.isEmpty ? [] : indices.map { tokens[$0] }
    let waveforms = indices.flatMap { audio[$0 * audioLength..<($0 + 1) * audioLength] }
    let frameIndices = indices.flatMap { $0 * framesPerExample..<($0 + 1) * framesPerExample }
    return Batch(
      size: indices.count,
      images: images.count == 0
        ? nil
        : Tensor(
          images.planes(indices, normalised), [indices.count, 3, images.height, images.width]),
      text: tokens.isEmpty ? nil : TokenIds(padding: texts, with: padding),
      audio: audioLength == 0 ? nil : Tensor(waveforms, [indices.count, audioLength]),
      video: frames.count == 0
        ? nil
        : Tensor(
          frames.planes(frameIndices, normalised),
          [indices.count, framesPerExample, 3, frames.height, frames.width]),
      labels: batchLabels(indices))
  }

  /// The image of one example as it was drawn.
  public func image(_ index: Int) -> RasterImage { images.image(index) }

  private func batchLabels(_ indices: [Int]) -> Labels {
    switch task {
    case .classification:
      let classes = indices.flatMap { labels[$0].indices.map { Int32($0) } }
      require(
        classes.count == indices.count,
        "\(name): expected one class per example of a classification")
      return .classes(classes)
    case .multiLabel(let names):
      return .multiLabel(indices.map { labels[$0] }.targets(labels: names.count))
    case .answering(let names):
      return .scores(indices.map { labels[$0] }.targets(labels: names.count))
    case .segmentation:
      let values = indices.flatMap { labels[$0].maskValues.map { Float($0) } }
      require(
        values.count == indices.count * images.height * images.width,
        "\(name): expected a mask of the image's size per example of a segmentation")
      return .masks(Tensor(values, [indices.count, images.height, images.width]))
    }
  }

  /// The first `count` examples; halves are made on two threads.
  private static func examples(
    of dataset: some Dataset, _ split: Split, count: Int
  ) throws -> [Example] {
    let halves = [0..<count / 2, count / 2..<count]
    let results = Mutex<[(half: Int, examples: Result<[Example], any Error>)]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { half in
      let result = Result { try halves[half].map { try dataset.example($0, of: split) } }
      results.withLock { $0.append((half, result)) }
    }
    let inOrder = results.withLock { $0 }.sorted { $0.half < $1.half }
    return try inOrder.flatMap { try $0.examples.get() }
  }
}

extension ExampleLabel {
  /// The labels that hold: the one class, those of a multi-label example, or the answers that are right to a degree, the
  /// rightest first; none for a mask.
  public var indices: [Int] {
    switch self {
    case .class(let index): [index]
    case .labels(let indices): indices
    case .scores(let scores):
      scores.sorted { ($1.score, $0.label) < ($0.score, $1.label) }.map(\.label)
    case .mask: []
    }
  }

  /// How right a label is: 1 for one that holds, 0 for one that does not, or its score.
  public func credit(_ label: Int) -> Float {
    if case .scores(let scores) = self {
      return scores.first { $0.label == label }?.score ?? 0
    }
    return indices.contains(label) ? 1 : 0
  }

  /// The mask of a segmentation example; empty for others.
  public var maskValues: [UInt8] {
    if case .mask(let values) = self { values } else { [] }
  }

  fileprivate func update(_ hash: inout ContentHash) {
    switch self {
    case .class(let index): hash.update(index)
    case .labels(let indices):
      hash.update(indices.count)
      for index in indices { hash.update(index) }
    case .scores(let scores):
      hash.update(scores.count)
      for score in scores {
        hash.update(score.label)
        hash.update("\(score.score)")
      }
    case .mask(let values): hash.update(values)
    }
  }
}

extension [ExampleLabel] {
  /// What a loss of independent sigmoids compares with, `[B, labels]`: 1 for a label that holds, its score for an answer, 0
  /// for all others.
  public func targets(labels width: Int) -> Tensor {
    var values = [Float](repeating: 0, count: count * width)
    for (row, label) in enumerated() {
      for index in label.indices { values[row * width + index] = label.credit(index) }
    }
    return Tensor(values, [count, width])
  }
}
