import Autograd
import Determinism
import Encoders
import Fusion
import NN

/// What one pass of a full-size network costs, with random weights.
public struct FullSizeTiming: Encodable, Sendable {
  public let name: String
  /// Samples in a pass.
  public let batch: Int
  /// The median over the timed passes.
  public let seconds: Double
  public let best: Double
  public let samplesPerSecond: Double
  /// Of products of matrices, at the median.
  public let gigaflops: Double
  /// The most that tensors held at once.
  public let tensorMegabytes: Double
  public let trainableParameters: Int

  /// Every encoder's forward pass at its published size: eight images of 224 pixels, texts of 64 tokens, or waveforms of
  /// one second.
  public static func encoders(passes: Int) throws -> [FullSizeTiming] {
    let random = RandomStream(seed: 0)
    func scope() -> Scope { ParameterStore(random: random).root.frozen }
    let images = Batch(size: 8, images: Tensor.full([8, 3, 224, 224], 0.1))
    let texts = Batch(size: 8, text: text(batch: 8, tokens: 64))
    let sounds = Batch(size: 8, audio: waveforms(batch: 8, samples: 16_000, random))
    let forwards: [(String, Batch, () -> any Encoder)] = [
      ("Swin-B, 224", images, { Swin(.base, scope()) }),
      ("ViT-B/16, 224", images, { ViT(.base, scope()) }),
      ("BERT-base, 64 tokens", texts, { BERT(.base, output: .cls, scope()) }),
      ("GPT-2, 64 tokens", texts, { GPT2(.small, scope()) }),
      ("Longformer-base, 64 tokens", texts, { Longformer(.base, scope()) }),
      ("wav2vec 2.0 base, 1 s", sounds, { Wav2Vec2(.base, scope()) }),
    ]
    return try forwards.map { name, batch, make in
      let encoder = make()
      return try FullSizeTiming("\(name), forward", batch: batch.size, trainable: 0, passes: passes) { _ in
        _ = encoder.feature(batch, .evaluation, prompts: nil)
      }
    }
  }

  /// A training step of MoPE on Swin-B and BERT-base: eight pairs, 64 tokens, forward, loss, backward, clipping, AdamW;
  /// and the forward pass alone for several numbers of experts.
  public static func mope(passes: Int, experts: [Int] = [2, 4, 16, 64]) throws -> [FullSizeTiming] {
    let random = RandomStream(seed: 0)
    let batch = Batch(
      size: 8, images: noise([8, 3, 224, 224], random), text: text(batch: 8, tokens: 64),
      labels: .classes((0..<8).map { Int32($0 % 3) }))
    var recipe = Recipe()
    recipe.batchSize = 8
    let step = try model(experts: 4, random)
    let optimizer = AdamW(recipe.parameterGroups(of: step.store))
    var timings = [
      try FullSizeTiming(
        "MoPE k=4, Swin-B + BERT-base, training step", batch: 8, trainable: step.store.trainableCount, passes: passes
      ) { pass in
        let output = step(batch, .training(random.stream("training").stream(pass)))
        let objective = recipe.objective(of: output, batch)
        optimizer.step(objective.backward(), clipping: recipe.clipping, rateFactor: 1)
      }
    ]
    for count in experts {
      let model = try model(experts: count, random)
      timings.append(
        try FullSizeTiming(
          "MoPE k=\(count), Swin-B + BERT-base, forward", batch: 8, trainable: model.store.trainableCount, passes: passes
        ) { _ in _ = model(batch, .evaluation) })
    }
    return timings
  }

  /// The papers' network for three classes, with random weights.
  private static func model(experts: Int, _ random: RandomStream) throws -> MoPE {
    var configuration = MoPEConfiguration()
    configuration.experts = experts
    configuration.mapperSharing = .perWidth
    return try MoPE(
      configuration, main: EncoderPlan(name: "vision", tuning: .frozen) { Swin(.base, $0) },
      complementary: EncoderPlan(name: "text", tuning: .frozen, promptLength: 4) {
        BERT(.base, output: .cls, $0)
      }, outputs: 3, random: random)
  }

  private init(
    _ name: String, batch: Int, trainable: Int, passes: Int, _ pass: (Int) throws -> Void
  ) throws {
    try pass(0)  // warms up
    let clock = ContinuousClock()
    let operations = Work.operations
    TensorMemory.resetPeak()
    var times: [Double] = []
    for index in 1...passes {
      try Interruption.check()
      let start = clock.now
      try pass(index)
      times.append((clock.now - start).seconds)
    }
    let median = times.sorted()[times.count / 2]
    self.name = name
    self.batch = batch
    seconds = median
    best = times.min() ?? .nan
    samplesPerSecond = Double(batch) / median
    gigaflops = Double(Work.operations - operations) / Double(passes) / median * 1e-9
    tensorMegabytes = Double(TensorMemory.peak) * 1e-6
    trainableParameters = trainable
  }

  private static func text(batch: Int, tokens: Int) -> TokenIds {
    TokenIds(
      ids: (0..<batch * tokens).map { Int32(1000 + $0 * 37 % 20_000) }, mask: [Float](repeating: 1, count: batch * tokens),
      batch: batch, tokens: tokens)
  }

  private static func waveforms(batch: Int, samples: Int, _ random: RandomStream) -> Tensor {
    noise([batch, samples], random)
  }

  private static func noise(_ shape: [Int], _ random: RandomStream) -> Tensor {
    var stream = random.stream("noise")
    return Tensor((0..<shape.reduce(1, *)).map { _ in Float(stream.normal()) }, shape)
  }
}
