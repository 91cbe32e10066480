import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import NN
import Training

/// The cost of a training step of a mini method: forward, loss, backward, clipping, AdamW.
public struct StepTiming: Encodable, Sendable {
  public let name: String
  /// The median over the timed steps.
  public let milliseconds: Double
  public let best: Double
  /// Of products of matrices, at the median.
  public let gigaflops: Double
  /// The most that tensors held at once.
  public let tensorMegabytes: Double
  public let trainableParameters: Int

  /// MoPE with 16 and with 4 experts and P-SequentialFuse, or every method of the papers' comparison, on the SNLI-VE
  /// stand-in; encoders with random weights.
  public static func all(steps: Int, everyMethod: Bool) throws -> [StepTiming] {
    var plans: [MethodPlan] = [
      .mope(experts: 16), .mope(experts: 4), .promptedSequentialFuse,
    ]
    if everyMethod {
      plans += [
        .sequentialFuse, .promptedLateConcat, .lateConcat, .prompted(.text), .fineTuned(.text),
        .prompted(.vision), .fineTuned(.vision), .promptFuse, .deepPromptFuse, .blindPrompt,
        .promptedMMBT, .mmbt, .pmf, .gatedLateFusion, .bilinearLateFusion,
      ]
    }
    var prepared: [Int: PreparedSplit] = [:]  // by samples: drawing them takes longer than the steps
    return try plans.map { plan in
      let method = plan(in: Tier.mini.profile())
      let count = Recipe.standard(method, on: .snliVE, tier: .mini).batchSize * (steps + warmUp)
      let split =
        try prepared[count]
        ?? PreparedSplit(
          SNLIVEStandIn(sizes: SplitSizes(train: count, validation: 0, test: 0)), .train,
          tokenizer: WordVocabulary.standIns)
      prepared[count] = split
      return try StepTiming(method, split)
    }
  }

  private static let warmUp = 10

  private init(_ method: Method, _ data: PreparedSplit) throws {
    let warmUp = Self.warmUp
    let recipe = Recipe.standard(method, on: .snliVE, tier: .mini)
    var once = recipe
    once.epochs = 1
    let run = TrainingRun(
      method: method, data: DataChoice(.snliVE, dataSeed: 1), recipe: once, tier: .mini, seed: 0)
    let random = RandomStream(seed: 0)
    let model = try method.model(
      outputs: 3, encoders: EncoderCatalogue.untrained, random: random)
    let trainer = Trainer(run, model, data, random)
    let clock = ContinuousClock()
    var times: [Double] = []
    var last = clock.now
    var operations = 0
    TensorMemory.resetPeak()
    try trainer.train { progress in
      let now = clock.now
      if progress.step > warmUp { times.append((now - last).seconds) }
      if progress.step == warmUp { operations = Work.operations }
      last = now
    }
    let perStep = Double(Work.operations - operations) / Double(times.count)
    let median = times.sorted()[times.count / 2]
    name = "\(method.title(in: run.profile)), mini, batch \(recipe.batchSize)"
    milliseconds = 1000 * median
    best = 1000 * (times.min() ?? .nan)
    gigaflops = perStep / median * 1e-9
    tensorMegabytes = Double(TensorMemory.peak) * 1e-6
    trainableParameters = model.store.trainableCount
  }
}
