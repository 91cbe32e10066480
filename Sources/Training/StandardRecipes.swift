import Datasets
import Encoders
import Fusion

extension Recipe {
  /// The recipe of a method on a dataset.
  ///
  /// `mini`: the papers' recipe, shortened (`CompactTraining`), at the rate that the search chose. `paper`: METHOD.md §11.
  /// `smoke`: two epochs.
  /// - Parameter rateFactor: of the learning rates at tier mini, where nil takes what the search chose (`SearchedRates`),
  ///   and of fine-tuning at tier paper; the papers' rates of prompts stay.
  public static func standard(
    _ method: Method, on id: DatasetID, tier: Tier, rateFactor: Float? = nil
  ) -> Recipe {
    let data = id.descriptor
    let (text, others) = method.tunings
    switch tier {
    case .smoke:
      return Recipe(
        batchSize: 16, epochs: 2, learningRate: 4e-3, textLearningRate: 5e-3, weightDecay: 0.01,
        milestones: [1])
    case .mini:
      let factor = rateFactor ?? SearchedRates.rate(method, on: id, tier).factor
      func start(_ tuning: Tuning) -> Float { tuning == .frozen ? promptRate : data.training.fineTuningRate }
      return Recipe(
        batchSize: data.training.batchSize, epochs: data.training.epochs, learningRate: factor * start(others),
        textLearningRate: 1.25 * factor * start(text), weightDecay: 0.01, milestones: data.training.milestones)
    case .paper:
      // The papers state no rate for fine-tuning, and the prompts' rate destroys encoders; MMBT's is 5e-5.
      func rate(_ tuning: Tuning, prompts: Float) -> Float {
        tuning == .frozen ? prompts : 5e-5 * (rateFactor ?? 1)
      }
      return Recipe(
        batchSize: data.papersBatchSize, epochs: 15, learningRate: rate(others, prompts: 4e-4),
        textLearningRate: rate(text, prompts: 5e-4))
    }
  }

  /// The rate of prompts that the search of the small networks starts from: ten times the papers'.
  static let promptRate: Float = 4e-3
}
