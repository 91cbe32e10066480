import Autograd
import Determinism
import Encoders
import Fusion
import NN

/// Encoders of the tests. Mini: the sizes of `EncoderCatalogue`. Tiny: for gradients and steps.
enum Sizes {
  static let miniViT = ViTConfiguration(
    imageSize: 36, patchSize: 9, width: 64, layers: 4, heads: 4, hiddenWidth: 256, epsilon: 1e-6)
  static let miniBERT = BERTConfiguration(
    vocabulary: 235, positions: 32, width: 64, layers: 3, heads: 4, hiddenWidth: 256,
    hiddenDropout: 0, attentionDropout: 0)
  static let tinyViT = ViTConfiguration(
    imageSize: 12, patchSize: 4, width: 16, layers: 3, heads: 2, hiddenWidth: 24, epsilon: 1e-6)
  /// As wide as `tinyBERT`, so that its feature can be a word.
  static let wideViT = ViTConfiguration(
    imageSize: 12, patchSize: 4, width: 24, layers: 2, heads: 2, hiddenWidth: 24, epsilon: 1e-6)
  /// Of another width than `tinyViT`, with dropout.
  static let tinyBERT = BERTConfiguration(
    vocabulary: 20, positions: 32, width: 24, layers: 4, heads: 3, hiddenWidth: 32,
    hiddenDropout: 0.1, attentionDropout: 0.1)
}

/// How plans are made here: name, tuning, vanilla prompts per block.
func visionPlan(
  _ tuning: Tuning = .frozen, prompts: Int = 0, _ size: ViTConfiguration = Sizes.tinyViT
) -> EncoderPlan {
  EncoderPlan(name: "vision", tuning: tuning, promptLength: prompts) { ViT(size, $0) }
}

func textPlan(
  _ tuning: Tuning = .frozen, prompts: Int = 0, _ size: BERTConfiguration = Sizes.tinyBERT,
  output: TextFeature = .pooler
) -> EncoderPlan {
  EncoderPlan(name: "text", tuning: tuning, promptLength: prompts) {
    BERT(size, output: output, $0)
  }
}

/// Encoders equal to those of a model with this seed: initial values come from seed and name.
func frozenEncoders(_ seed: UInt64) -> (vision: ViT, text: BERT, store: ParameterStore) {
  let store = ParameterStore(random: RandomStream(seed: seed))
  return (
    ViT(Sizes.wideViT, store.root.frozen / "vision" / "encoder"),
    BERT(Sizes.tinyBERT, output: .pooler, store.root.frozen / "text" / "encoder"), store
  )
}

/// What two ways to the same numbers may differ by, relative to the largest: their sums are taken in another order,
/// which costs a few roundings of 6e-8 per layer.
let reorderingTolerance = 2e-6

/// A frozen encoder of which only the widths exist, and whose layers do nothing: enough to count what a method trains
/// beside it.
struct FrozenWidths: LayeredEncoder {
  let blockWidths: [Int]
  let featureWidth: Int
  let promptBound: Float = 0.1

  func input(_ batch: Batch, _ mode: Mode) -> TokenState {
    TokenState(tokens: .zeros([batch.size, 1, blockWidths[0]]), bias: nil)
  }
  func layer(
    _ index: Int, _ state: TokenState, prompts: Tensor?, onlyFirst: Bool, _ mode: Mode
  ) -> Tensor { state.tokens }
  func finished(_ tokens: Tensor) -> Tensor { tokens }
  func pooled(_ states: Tensor) -> Tensor { states.reshaped(states.shape[0], featureWidth) }

  static let swinBase = FrozenWidths(
    blockWidths: [2, 2, 18, 2].enumerated().flatMap { [Int](repeating: 128 << $0, count: $1) },
    featureWidth: 1024)
  /// ViT-B and BERT-base.
  static let base = FrozenWidths(blockWidths: [Int](repeating: 768, count: 12), featureWidth: 768)
  /// ViT-L and BERT-large.
  static let large = FrozenWidths(
    blockWidths: [Int](repeating: 1024, count: 24), featureWidth: 1024)

  func plan(_ name: String, prompts: Int = 0) -> EncoderPlan {
    EncoderPlan(name: name, tuning: .frozen, promptLength: prompts) { _ in self }
  }
}

/// An encoder whose feature is the batch's sound.
struct SoundFeature: Encoder {
  let featureWidth: Int
  var blockWidths: [Int] { [] }
  var promptBound: Float { 0 }
  func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    batch.audio ?? .zeros([batch.size, featureWidth])
  }
}

/// One sample of a batch.
struct Sample {
  let image: [Float]
  let text: [Int32]
  /// 40 samples of a waveform.
  var sound: [Float] = []
  /// Two frames of the image's size.
  var frames: [Float] = []

  /// Token 2 is [CLS], 3 is [SEP], as in the word-level vocabulary; words are 5 … 19.
  init(seed: UInt64, imageSize: Int = Sizes.tinyViT.imageSize, words: Int = 4) {
    var random = RandomStream(seed: seed)
    image = (0..<3 * imageSize * imageSize).map { _ in Float(random.normal()) }
    text = [2] + (0..<words).map { _ in Int32(5 + random.integer(below: 15)) } + [3]
    sound = (0..<40).map { _ in Float(random.normal()) }
    frames = (0..<2 * 3 * imageSize * imageSize).map { _ in Float(random.normal()) }
  }

  init(image: [Float], text: [Int32]) {
    self.image = image
    self.text = text
  }
}

extension Batch {
  init(_ samples: [Sample], imageSize: Int = Sizes.tinyViT.imageSize) {
    let isOfClips = samples.allSatisfy { !$0.sound.isEmpty }
    self.init(
      size: samples.count,
      images: Tensor(samples.flatMap(\.image), [samples.count, 3, imageSize, imageSize]),
      text: TokenIds(padding: samples.map(\.text), with: 0),
      audio: isOfClips ? Tensor(samples.flatMap(\.sound), [samples.count, 40]) : nil,
      video: isOfClips
        ? Tensor(samples.flatMap(\.frames), [samples.count, 2, 3, imageSize, imageSize]) : nil)
  }

  /// `count` samples with texts of different lengths.
  static func random(_ count: Int, seed: UInt64 = 1) -> Batch {
    Batch((0..<count).map { Sample(seed: seed &* 1000 &+ UInt64($0), words: 3 + $0 % 4) })
  }
}

/// Training with streams of this step.
func training(_ step: Int = 0) -> Mode { .training(RandomStream(seed: 99).stream(step)) }

/// One AdamW step on a fixed batch, without weight decay: what moves, moves by its gradient.
@discardableResult
func takeStep(_ model: any FusionModel, batch: Batch = .random(6), step: Int = 0) -> Gradients {
  let output = model(batch, training(step))
  let labels = (0..<batch.size).map { Int32($0 % 3) }
  let gradients = crossEntropy(output.logits, labels).backward()
  let optimizer = AdamW([
    ParameterGroup(model.store.trainable, learningRate: 0.01, weightDecay: 0)
  ])
  optimizer.step(gradients, clipping: nil)
  return gradients
}

extension ParameterStore {
  /// The parameter of this name.
  func named(_ name: String) -> Parameter? { parameters.first { $0.name == name } }
}
