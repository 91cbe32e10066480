import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import NN

/// Features of a split's images from an encoder that does not train, computed once and kept on disk: `[images, width]`.
///
/// Rows are computed in the order in which the split first shows an image, in blocks of fixed size, so that they do not
/// depend on who needed them first. Files hold 1024 rows each and appear whole: a computation that was stopped goes on
/// behind the last of them.
struct FrozenFeatures: Sendable {
  let width: Int
  /// `[images, width]`
  private let values: [Float]
  /// The row of each example.
  private let rows: [Int]

  private static let rowsPerFile = 1024
  private static let rowsPerPass = 16

  /// Reads what is there and computes the rest.
  /// - Parameters:
  ///   - folder: of these features alone.
  ///   - make: builds the encoder, if it is needed.
  init(
    of source: any BatchSource, in folder: String, make: () throws -> any Encoder,
    watching: (_ done: Int, _ all: Int) -> Void
  ) throws {
    let owners = source.imageOwners ?? Array(0..<source.count)
    let shown = owners.indices.filter { owners[$0] == $0 }  // an example for each image
    let place = Dictionary(uniqueKeysWithValues: zip(shown, shown.indices))
    rows = owners.map { place[$0]! }
    var encoder: (any Encoder)?
    var values: [Float] = []
    var width = 0
    var lease: Lease?  // runs that want the same features wait for the first
    for start in stride(from: 0, to: shown.count, by: Self.rowsPerFile) {
      let examples = Array(shown[start..<min(start + Self.rowsPerFile, shown.count)])
      let path = "\(folder)/\(start).safetensors"
      if !FileManager.default.fileExists(atPath: path) {
        lease = try lease ?? Lease.wait(for: "\(folder)/lease") { _ in try Interruption.check() }
      }
      if !FileManager.default.fileExists(atPath: path) {
        let built = try encoder ?? make()
        encoder = built
        let computed = try Self.features(examples, source, built) {
          watching(start + $0, shown.count)
        }
        try SafetensorsWriter.write([("features", computed)], to: path)
      }
      guard let found = try SafetensorsFile(path: path).tensor("features"), found.rank == 2,
        found.shape[0] == examples.count, width == 0 || found.shape[1] == width
      else {
        throw Failure(
          .badInput, "\(path): expected features of \(examples.count) images; delete the file")
      }
      width = found.shape[1]
      values += found.values
    }
    lease?.release()
    self.width = width
    self.values = values
  }

  /// `[examples, width]`
  private static func features(
    _ examples: [Int], _ source: any BatchSource, _ encoder: any Encoder,
    _ watching: (_ done: Int) -> Void
  ) throws -> Tensor {
    let passes = stride(from: 0, to: examples.count, by: rowsPerPass).map {
      Array(examples[$0..<min($0 + rowsPerPass, examples.count)])
    }
    let next = source.batches(passes, for: .evaluation)
    var parts: [Tensor] = []
    var done = 0
    for pass in passes {
      try Interruption.check()
      guard let batch = try next() else { break }
      parts.append(encoder.feature(batch, .evaluation, prompts: nil).detached)
      done += pass.count
      watching(done)
    }
    return concatenated(parts, axis: 0)
  }

  /// `[B, width]`
  func callAsFunction(_ indices: [Int]) -> Tensor {
    let found = indices.map { rows[$0] }
    return Tensor(found.flatMap { values[$0 * width..<($0 + 1) * width] }, [indices.count, width])
  }
}

/// A split whose batches have the feature of the image, or of a clip's frames, in place of them.
struct FeaturedSplit: BatchSource {
  private let base: any BatchSource
  private let modality: Modality
  private let features: FrozenFeatures

  init(_ source: any BatchSource, _ modality: Modality, _ features: FrozenFeatures) {
    base = source.withoutImages
    self.modality = modality
    self.features = features
  }

  var name: String { base.name }
  var split: Split { base.split }
  var task: DatasetTask { base.task }
  var count: Int { base.count }
  var contentHash: String { base.contentHash }
  var labels: [ExampleLabel] { base.labels }
  var drawsImages: Bool { false }
  var withoutImages: any BatchSource { base }

  func judged(_ logits: [Float], _ index: Int) -> (predicted: [Bool], truth: [UInt8]) {
    base.judged(logits, index)
  }

  func batches(_ indices: [[Int]], for use: BatchUse) -> BatchReader {
    let next = base.batches(indices, for: use)
    var place = 0
    return {
      guard var batch = try next() else { return nil }
      batch.features[modality.rawValue] = features(indices[place])
      place += 1
      return batch
    }
  }
}

extension Runner {
  /// The split as a run reads it: with features in place of images where they cannot change, kept beside the runs.
  /// Stand-ins are as they are: their encoders are faster than the disk.
  func featured(
    _ source: any BatchSource, _ run: TrainingRun, watching: (RunEvent) -> Void
  ) throws -> any BatchSource {
    let isDrawn = source.split == .train && source.drawsImages
    guard run.tier == .paper, let slot = run.method.fixedImageFeature, !isDrawn else { return source }
    var identity = [
      try encoders.hashes(run.method)[slot.encoder.rawValue] ?? "", source.contentHash, "\(slot.pools)",
    ]
    if slot.modality == .video { identity.append(slot.framePooling.rawValue) }
    if source.imageOwners != nil { identity.append("by image") }
    let features = try FrozenFeatures(
      of: source,
      in: "\(store.folder)/features/\(ContentHash.of(identity.joined(separator: " ")).prefix(16))",
      make: { try encoders.frozen(slot) },
      watching: { watching(.remembering(split: source.split, done: $0, of: $1)) })
    return FeaturedSplit(source, slot.modality, features)
  }
}

extension EncoderCatalogue {
  /// The encoder of images as it computes features that a method keeps.
  package func frozen(_ slot: Slot) throws -> any Encoder {
    let make = try make(slot.encoder, pools: slot.pools)
    let parameters = ParameterStore(random: RandomStream(seed: 0))
    let encoder = make(parameters.root.frozen)
    try parameters.validate()
    return slot.modality == .video ? FramePool(encoder, slot.framePooling) : encoder
  }
}
