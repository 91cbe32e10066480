import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import NN
import Training

/// What a method costs for each example, measured on a few steps with two examples.
///
/// Time and memory are linear in the batch but for a constant; two examples use a machine worse than a batch does, so
/// the prediction is on the high side.
public struct CostProbe: Sendable {
  /// Forward, loss, backward, clipping and AdamW of a batch.
  public let secondsPerTrainedExample: Double
  /// One forward pass.
  public let secondsPerJudgedExample: Double
  /// What a method keeps of its images (`Method.fixedImageFeature`); nil where it needs the images each time.
  public let keptFeature: (secondsPerImage: Double, width: Int)?
  /// What every batch of a training holds besides: weights, moments and gradients.
  public let fixedBytes: Int
  /// What a training step holds for each example of the batch, or of the micro-batch.
  public let bytesPerExample: Int

  private static let examples = 2

  /// What `body` takes. On one thread its processor time is counted, so that other programs do not matter.
  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    guard Compute.threads == 1 else { return try ContinuousClock().measure(body).seconds }
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
    let start = now()
    try body()
    return now() - start
  }

  /// One measurement for each shape of the examples. The model is built once.
  public static func measure(
    _ method: Method, for task: DatasetTask, shapes: [ExampleShape], encoders: EncoderCatalogue
  ) throws -> [CostProbe] {
    let random = RandomStream(seed: 0)
    let recipe = Recipe.standard(method, on: .snliVE, tier: .paper)
    let model = try method.model(for: task, encoders: encoders, random: random)
    let optimizer = AdamW(recipe.parameterGroups(of: model))
    // Weights and gradients, and AdamW's two moments of what trains.
    let (trainable, all) = (model.store.trainableCount, model.store.count)
    let fixedBytes = 4 * (all + 3 * trainable)
    let imageEncoder = try method.fixedImageFeature.map(encoders.frozen)
    return try shapes.enumerated().map { place, shape in
      try Interruption.check()
      let images = shape.batch(examples, for: task, random)
      var featured = images
      var keptFeature: (secondsPerImage: Double, width: Int)?
      if let imageEncoder, let modality = method.fixedImageFeature?.modality {
        var feature = Tensor.zeros([])
        let time = seconds { feature = imageEncoder.feature(images, .evaluation, prompts: nil).detached }
        keptFeature = (time / Double(examples), feature.lastAxis)
        featured.features[modality.rawValue] = feature
      }
      let trainedOn = shape.keepsFeatures ? featured : images
      func step(_ trainedOn: Batch, _ index: Int) throws {
        try optimizer.step(of: method.choices.name, clipping: recipe.clipping) { _ in
          recipe.objective(of: model(trainedOn, .training(random.stream("training").stream(index))), trainedOn)
        }
      }
      if place == 0 { try step(shape.shortened.batch(examples, for: task, random), 0) }  // warms up
      let start = TensorMemory.live
      TensorMemory.resetPeak()
      let trained = try seconds { try step(trainedOn, 1) }
      let peak = TensorMemory.peak - start
      let judged = seconds { _ = model(featured, .evaluation) }
      let gradients = 4 * trainable
      return CostProbe(
        secondsPerTrainedExample: trained / Double(examples),
        secondsPerJudgedExample: judged / Double(examples), keptFeature: keptFeature,
        fixedBytes: fixedBytes,
        bytesPerExample: max(0, peak - gradients) / examples)
    }
  }
}

/// The sizes of what an example consists of; 0 for what it has not.
public struct ExampleShape: Hashable, Sendable {
  /// Of a text, padding included.
  public var tokens: Int
  /// Of images and frames, in pixels.
  public var side: Int
  public var frames: Int
  /// Of a sound, padding included.
  public var samples: Int
  /// Whether an image is the same in every epoch, so that a training can keep a feature of it.
  public var keepsFeatures: Bool

  public init(
    tokens: Int, side: Int, frames: Int = 0, samples: Int = 0, keepsFeatures: Bool = false
  ) {
    self.tokens = tokens
    self.side = side
    self.frames = frames
    self.samples = samples
    self.keepsFeatures = keepsFeatures
  }

  /// With a short text and sound and one frame.
  fileprivate var shortened: ExampleShape {
    var shape = self
    shape.tokens = min(tokens, 16)
    shape.frames = min(frames, 1)
    shape.samples = min(samples, 16_000)
    return shape
  }

  /// Noise in the shape of so many examples.
  fileprivate func batch(_ b: Int, for task: DatasetTask, _ random: RandomStream) -> Batch {
    var stream = random.stream("noise")
    func noise(_ shape: [Int]) -> Tensor {
      Tensor((0..<shape.product).map { _ in Float(stream.uniform(-1, 1)) }, shape)
    }
    // Ids that every vocabulary has; the first is BERT's [CLS].
    let ids = (0..<b * tokens).map { $0 % tokens == 0 ? 101 : Int32(104 + $0 * 37 % 70) }
    let labels: Labels =
      switch task {
      case .classification(let names): .classes((0..<b).map { Int32($0 % names.count) })
      case .multiLabel(let names): .multiLabel(.zeros([b, names.count]))
      case .answering(let names): .scores(.zeros([b, names.count]))
      case .segmentation: .masks(.zeros([b, side, side]))
      }
    return Batch(
      size: b, images: frames > 0 ? nil : noise([b, 3, side, side]),
      text: TokenIds(
        ids: ids, mask: [Float](repeating: 1, count: ids.count), batch: b, tokens: tokens),
      audio: samples > 0 ? noise([b, samples]) : nil,
      video: frames > 0 ? noise([b, frames, 3, side, side]) : nil, labels: labels)
  }
}
