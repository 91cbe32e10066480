import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import NN
import Training

/// How the small encoders are pretrained, each on one modality alone (no image is ever paired with a text).
public struct PretrainingRecipe: Codable, Hashable, Sendable {
  public var steps: Int
  public var batchSize = 64
  public var learningRate: Float = 1e-3
  public var warmUp = 200
  public var weightDecay: Float = 0.05
  public var beta1: Float = 0.9
  public var beta2: Float = 0.98
  public var clipping: Float = 1
  public var seed: UInt64 = 1

  /// Steps for about nine passes over the images, eight over the sounds, or eleven over the (longer) corpus.
  public init(_ encoder: EncoderChoice) {
    switch encoder {
    case .vit, .largeViT, .swin, .swin384: steps = 7000
    case .wav2vec2: (steps, batchSize) = (4000, 32)
    case .bert, .largeBERT, .gpt2, .longformer, .bagOfWords: steps = 8600
    }
  }
}

/// What a pretraining reports of itself.
public struct PretrainingProgress: Sendable {
  public let step: Int
  public let steps: Int
  public let loss: Float
}

/// What a finished pretraining leaves beside the weights.
public struct PretrainingRecord: Codable, Sendable {
  public let encoder: String
  public let objective: String
  public let recipe: PretrainingRecipe
  public let parameters: Int
  public let environment: Environment
  public let seconds: Double
  /// Losses, the mean over each hundredth of the training.
  public let losses: [Float]
  /// What the encoder knows: scores in percent on examples it has not seen.
  public let probes: [String: Double]
}

/// Pretrains one of the small encoders and writes it with its record.
public struct Pretraining {
  public let encoder: EncoderChoice
  public let recipe: PretrainingRecipe
  /// Where `<encoder>-mini/model.safetensors` and `record.json` go.
  public let folder: String

  public init(_ encoder: EncoderChoice, recipe: PretrainingRecipe, folder: String) {
    self.encoder = encoder
    self.recipe = recipe
    self.folder = folder
  }

  public func run(watching: (PretrainingProgress) -> Void) throws -> PretrainingRecord {
    let random = RandomStream(seed: recipe.seed).stream("pretraining").stream(encoder.rawValue)
    let store = ParameterStore(random: random.stream("initial values"))
    let task: any PretrainingTask =
      switch encoder {
      case .vit, .largeViT, .swin: try Tagging.images(encoder, store, recipe)
      case .wav2vec2: try Tagging.sounds(store, recipe)
      case .bert, .largeBERT, .longformer: MaskedWords(encoder, store, recipe)
      case .gpt2: NextWord(store, recipe)
      case .bagOfWords, .swin384:
        throw Failure(
          .usage,
          "\(encoder.rawValue): has no pretraining of its own; it takes the weights of \(encoder.weightsOwner.rawValue)"
        )
      }
    try store.validate()
    let optimizer = AdamW(
      [ParameterGroup(store.trainable, learningRate: recipe.learningRate, weightDecay: recipe.weightDecay)],
      beta1: recipe.beta1, beta2: recipe.beta2)
    let schedule = Schedule.cosine(steps: recipe.steps, warmUp: recipe.warmUp)
    let order = BatchOrder(count: task.count, batchSize: recipe.batchSize)
    let clock = ContinuousClock()
    let start = clock.now
    var losses: [Float] = []
    var (sum, count): (Float, Int) = (0, 0)
    var batches: [[Int]] = []
    for step in 0..<recipe.steps {
      try Interruption.check()
      let place = step % order.trainingBatches
      if place == 0 { batches = order.training(epoch: step / order.trainingBatches, random) }
      let loss = try optimizer.step(
        of: "pretraining \(encoder.rawValue)", clipping: recipe.clipping,
        rateFactor: schedule.factor(epoch: 0, step: step)
      ) { _ in task.loss(batches[place], .training(random.stream("training").stream(step))) }
      (sum, count) = (sum + loss, count + 1)
      if (step + 1) % max(1, recipe.steps / 100) == 0 {
        losses.append(sum / Float(count))
        (sum, count) = (0, 0)
        watching(PretrainingProgress(step: step + 1, steps: recipe.steps, loss: losses.last ?? 0))
      }
    }
    let kept = store.parameters.filter { $0.name.hasPrefix("encoder.") }
    let record = PretrainingRecord(
      encoder: "\(encoder.rawValue)-mini", objective: task.objective, recipe: recipe,
      parameters: kept.reduce(0) { $0 + $1.count }, environment: .current,
      seconds: (clock.now - start).seconds, losses: losses, probes: task.probes())
    try write(kept, record)
    return record
  }

  /// The encoder under the names of its architecture; the heads are thrown away.
  private func write(_ parameters: [Parameter], _ record: PretrainingRecord) throws {
    let path = "\(folder)/\(encoder.rawValue)-mini"
    let tensors = parameters.flatMap { parameter -> [(name: String, tensor: Tensor)] in
      let rows = parameter.shape[0] / parameter.parts.count
      return parameter.parts.enumerated().map { i, part in
        let tensor = parameter.value.detached
        let name = String(part.dropFirst("encoder.".count))
        return (name, parameter.parts.count == 1 ? tensor : tensor.slice(i * rows..<(i + 1) * rows))
      }
    }
    try SafetensorsWriter.write(tensors, to: "\(path)/model.safetensors")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(
      String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", to: "\(path)/record.json")
  }
}

/// One objective on one modality.
package protocol PretrainingTask {
  /// In words, for the record.
  var objective: String { get }
  /// Number of training examples.
  var count: Int { get }
  func loss(_ indices: [Int], _ mode: Mode) -> Tensor
  func probes() -> [String: Double]
}
