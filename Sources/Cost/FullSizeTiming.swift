import Autograd
import Determinism
import Encoders
import Foundation
import Fusion
import NN
import Training

/// What one pass of a full-size network costs, with random weights.
public struct FullSizeTiming: Encodable, Sendable {
  public let name: String
  /// Whether a pass is a step of a training; else it is a forward pass.
  public let isTrainingStep: Bool
  /// What a sample is: "pairs" of an image and a text, or "samples" of one modality.
  public let unit: String
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

  /// The most memory the process held during the passes, in megabytes; nil where the system does not tell.
  public let peakMemoryMegabytes: Double?
  /// Where the time of one pass goes, on demand.
  public let profile: [Profile.Entry]?

  /// All networks whose name contains one of `selection`; all if it is empty. One after the other, so that each has the
  /// memory for itself.
  /// - Parameter profiles: one more pass of each is watched by operation.
  public static func all(
    passes: Int, selection: [String] = [], profiles: Bool = false
  ) throws -> [FullSizeTiming] {
    let selected = try chosen(selection)
    return try selected.map { network in
      TensorMemory.releaseFree()
      PeakMemory.reset()
      let (pass, trainable) = try network.make()
      return try FullSizeTiming(network, trainable: trainable, passes: passes, profiles: profiles, pass)
    }
  }

  /// - Throws: `Failure(.noMatch)` with the names there are if `selection` is of none.
  public static func check(_ selection: [String]) throws { _ = try chosen(selection) }

  private static func chosen(_ selection: [String]) throws -> [Network] {
    let chosen = networks().filter { network in
      selection.isEmpty || selection.contains { network.name.localizedCaseInsensitiveContains($0) }
    }
    guard chosen.isEmpty else { return chosen }
    throw Failure(
      .noMatch,
      "\(selection.joined(separator: ", ")): no such network; there are:\n  "
        + networks().map(\.name).joined(separator: "\n  "))
  }

  /// A network, and how to make it with a closure that runs one pass.
  private struct Network {
    let name: String
    var isTrainingStep = false
    var unit = "pairs"
    let batch: Int
    let make: () throws -> (pass: (Int) throws -> Void, trainable: Int)
  }

  /// The training step; the forward pass for several numbers of experts; every encoder's forward pass at its published
  /// size: eight images of 224 pixels, texts of 64 tokens, or waveforms of one second.
  private static func networks() -> [Network] {
    let random = RandomStream(seed: 0)
    let texts = Batch(size: 8, text: text(batch: 8, tokens: 64))
    var networks = [trainingStep(random)]
    for experts in [2, 4, 16, 64] {
      networks.append(
        Network(name: "MoPE k=\(experts), Swin-B + BERT-base, forward", batch: 8) {
          let model = try model(experts: experts, isFrozen: true, random)
          let batch = pairs(random)
          return ({ _ in _ = model(batch, .evaluation) }, model.store.trainableCount)
        })
    }
    let encoders: [(String, () -> Batch, (Scope) -> any Encoder)] = [
      ("Swin-B, 224", { images(random) }, { Swin(.base, $0) }),
      ("ViT-B/16, 224", { images(random) }, { ViT(.base, $0) }),
      ("BERT-base, 64 tokens", { texts }, { BERT(.base, output: .cls, $0) }),
      ("GPT-2, 64 tokens", { texts }, { GPT2(.small, $0) }),
      ("Longformer-base, 64 tokens", { texts }, { Longformer(.base, $0) }),
      ("wav2vec 2.0 base, 1 s", { sounds(random) }, { Wav2Vec2(.base, $0) }),
    ]
    return networks
      + encoders.map { name, batch, make in
        Network(name: "\(name), forward", unit: "samples", batch: 8) {
          let (encoder, batch) = (untrained(make), batch())
          return ({ _ in _ = encoder.feature(batch, .evaluation, prompts: nil) }, 0)
        }
      }
  }

  /// A training step of MoPE on Swin-B and BERT-base: eight pairs, 64 tokens, forward with dropout, loss with importance
  /// loss, backward, clipping, AdamW.
  private static func trainingStep(_ random: RandomStream) -> Network {
    Network(name: "MoPE k=4, Swin-B + BERT-base, training step", isTrainingStep: true, batch: 8) {
      let (model, batch) = (try model(experts: 4, random), pairs(random))
      var recipe = Recipe()
      recipe.batchSize = 8
      let (settings, optimizer) = (recipe, AdamW(recipe.parameterGroups(of: model)))
      return (
        { pass in
          try optimizer.step(of: "a training step", clipping: settings.clipping) { _ in
            settings.objective(of: model(batch, .training(random.stream("training").stream(pass))), batch)
          }
        }, model.store.trainableCount
      )
    }
  }

  /// The papers' network for three classes, with random weights.
  private static func model(
    experts: Int, isFrozen: Bool = false, _ random: RandomStream
  ) throws -> MoPE {
    var configuration = MoPEConfiguration(in: Tier.paper.profile())
    configuration.experts = experts
    return try MoPE(
      configuration,
      main: EncoderPlan(name: "vision", tuning: .frozen) { _ in untrained { Swin(.base, $0) } },
      complements: [
        EncoderPlan(name: "text", tuning: .frozen, promptLength: 4) { _ in
          untrained { BERT(.base, output: .cls, $0) }
        }
      ], head: .linear(outputs: 3), isFrozen: isFrozen, random: random)
  }

  /// A frozen encoder of its own store.
  private static func untrained(_ make: (Scope) -> any Encoder) -> any Encoder {
    ParameterStore(random: RandomStream(seed: 0)).root.frozen.untrained(make)
  }

  private init(
    _ network: Network, trainable: Int, passes: Int, profiles: Bool, _ pass: (Int) throws -> Void
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
    name = network.name
    isTrainingStep = network.isTrainingStep
    unit = network.unit
    batch = network.batch
    seconds = median
    best = times.min() ?? .nan
    samplesPerSecond = Double(batch) / median
    gigaflops = Double(Work.operations - operations) / Double(passes) / median * 1e-9
    tensorMegabytes = Double(TensorMemory.peak) * 1e-6
    trainableParameters = trainable
    peakMemoryMegabytes = PeakMemory.megabytes
    guard profiles else {
      profile = nil
      return
    }
    Profile.start()
    try pass(passes + 1)
    profile = Profile.stop()
  }

  private static func pairs(_ random: RandomStream) -> Batch {
    Batch(
      size: 8, images: noise([8, 3, 224, 224], random), text: text(batch: 8, tokens: 64),
      labels: .classes((0..<8).map { Int32($0 % 3) }))
  }

  private static func images(_ random: RandomStream) -> Batch {
    Batch(size: 8, images: noise([8, 3, 224, 224], random))
  }

  private static func sounds(_ random: RandomStream) -> Batch {
    Batch(size: 8, audio: noise([8, 16_000], random))
  }

  private static func text(batch: Int, tokens: Int) -> TokenIds {
    TokenIds(
      ids: (0..<batch * tokens).map { Int32(1000 + $0 * 37 % 20_000) },
      mask: [Float](repeating: 1, count: batch * tokens),
      batch: batch, tokens: tokens)
  }

  private static func noise(_ shape: [Int], _ random: RandomStream) -> Tensor {
    var stream = random.stream("noise")
    return Tensor((0..<shape.reduce(1, *)).map { _ in Float(stream.normal()) }, shape)
  }
}
