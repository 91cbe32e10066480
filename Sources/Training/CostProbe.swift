import Autograd
import Datasets
import Determinism
import Encoders
import Fusion
import NN

/// What a method costs for each example, measured on a few steps with two examples.
///
/// Time and memory are linear in the batch but for a constant; two examples use a machine worse than a batch does, so
/// the prediction is on the high side.
public struct CostProbe: Sendable {
  /// Tokens of a text, padding included.
  public let tokens: Int
  /// Forward, loss, backward, clipping and AdamW of a batch.
  public let secondsPerTrainedExample: Double
  /// One forward pass.
  public let secondsPerJudgedExample: Double
  /// What every batch of a training holds besides: weights, moments and gradients.
  public let fixedBytes: Int
  /// What a training step holds for each example of the batch, or of the micro-batch.
  public let bytesPerExample: Int
  public let trainableParameters: Int

  private static let examples = 2

  /// One measurement for each length of text. The model is built once.
  /// - Parameters:
  ///   - outputs: classes or labels.
  ///   - side: of the images in pixels.
  public static func measure(
    _ method: Method, outputs: Int, lengths: [Int], side: Int, encoders: EncoderCatalogue
  ) throws -> [CostProbe] {
    let random = RandomStream(seed: 0)
    let recipe = Recipe.standard(method, on: .snliVE, tier: .paper)
    let before = TensorMemory.live
    let model = try method.model(outputs: outputs, encoders: encoders, random: random)
    let optimizer = AdamW(recipe.parameterGroups(of: model.store))
    let held = TensorMemory.live - before
    return try lengths.enumerated().map { place, tokens in
      try Interruption.check()
      let batch = batch(tokens: tokens, side: side, outputs: outputs, random)
      func step(_ index: Int) {
        let output = model(batch, .training(random.stream("training").stream(index)))
        let gradients = recipe.objective(of: output, batch).backward()
        optimizer.step(gradients, clipping: recipe.clipping)
      }
      if place == 0 { step(0) }  // warms up
      let start = TensorMemory.live
      TensorMemory.resetPeak()
      let clock = ContinuousClock()
      let trained = clock.measure { step(1) }.seconds
      let peak = TensorMemory.peak - start
      let judged = clock.measure { _ = model(batch, .evaluation) }.seconds
      let gradients = 4 * model.store.trainableCount
      return CostProbe(
        tokens: tokens, secondsPerTrainedExample: trained / Double(examples),
        secondsPerJudgedExample: judged / Double(examples), fixedBytes: held + gradients,
        bytesPerExample: max(0, peak - gradients) / examples,
        trainableParameters: model.store.trainableCount)
    }
  }

  private static func batch(
    tokens: Int, side: Int, outputs: Int, _ random: RandomStream
  ) -> Batch {
    var stream = random.stream("noise")
    let pixels = (0..<examples * 3 * side * side).map { _ in Float(stream.uniform(-1, 1)) }
    // Ids that every vocabulary has; the first is BERT's [CLS].
    let ids = (0..<examples * tokens).map { $0 % tokens == 0 ? 101 : Int32(104 + $0 * 37 % 70) }
    return Batch(
      size: examples, images: Tensor(pixels, [examples, 3, side, side]),
      text: TokenIds(
        ids: ids, mask: [Float](repeating: 1, count: ids.count), batch: examples, tokens: tokens),
      labels: .classes((0..<examples).map { Int32($0 % outputs) }))
  }
}

extension Method {
  /// This method without what changes no cost worth predicting: methods of one class are measured once.
  public var costClass: Method {
    var method = self
    method.promptDropout = 0
    guard case .mope(var configuration, let main) = fusion else { return method }
    let standard = MoPEConfiguration()
    configuration.experts = standard.experts
    configuration.router = standard.router
    configuration.gating = standard.gating
    configuration.learnsKeys = standard.learnsKeys
    configuration.noise = standard.noise
    configuration.mapperSharing = standard.mapperSharing
    configuration.mapperNorm = standard.mapperNorm
    method.fusion = .mope(configuration, main: main)
    return method
  }
}
