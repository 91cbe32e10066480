import Determinism
import NN

/// How a method is trained on a dataset (METHOD.md §11).
public struct Recipe: SparselyCodable, Hashable, Sendable {
  public var batchSize: Int
  public var epochs: Int
  /// Of everything but the text side: prompts, experts, mapper, router, head, and the vision encoder if it trains.
  public var learningRate: Float
  /// Of parameters whose name begins with "text.".
  public var textLearningRate: Float
  public var weightDecay: Float
  /// The largest norm of all gradients together.
  public var clipping: Float
  /// The learning rates are multiplied by `decay` at the start of these epochs, counted from 0.
  public var milestones: [Int]
  public var decay: Float
  /// λ, the weight of the importance loss.
  public var importanceWeight: Float
  /// γ, below which the importance loss of a block is 0.
  public var importanceThreshold: Float
  /// At most so many examples pass through the model at once; a batch's gradients are summed over its parts. Nil: the
  /// whole batch. Equal to the whole batch but for what looks at several examples, see `Trainer`.
  public var microBatch: Int?

  public init(
    batchSize: Int, epochs: Int, learningRate: Float, textLearningRate: Float,
    weightDecay: Float = 1e-3, clipping: Float = 1, milestones: [Int] = [3, 6], decay: Float = 0.4,
    importanceWeight: Float = 0.01, importanceThreshold: Float = 0.1
  ) {
    self.batchSize = batchSize
    self.epochs = epochs
    self.learningRate = learningRate
    self.textLearningRate = textLearningRate
    self.weightDecay = weightDecay
    self.clipping = clipping
    self.milestones = milestones
    self.decay = decay
    self.importanceWeight = importanceWeight
    self.importanceThreshold = importanceThreshold
  }

  /// The papers' recipe with their smallest batch.
  public init() {
    self.init(batchSize: 16, epochs: 15, learningRate: 4e-4, textLearningRate: 5e-4)
  }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("batchSize", \.batchSize), CodedField("epochs", \.epochs),
      CodedField("learningRate", \.learningRate),
      CodedField("textLearningRate", \.textLearningRate),
      CodedField("weightDecay", \.weightDecay), CodedField("clipping", \.clipping),
      CodedField("milestones", \.milestones), CodedField("decay", \.decay),
      CodedField("importanceWeight", \.importanceWeight),
      CodedField("importanceThreshold", \.importanceThreshold),
      CodedField("microBatch", \.microBatch),
    ]
  }

  public var schedule: Schedule { .multiStep(epochs: milestones, factor: decay) }
}
