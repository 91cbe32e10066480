import Encoders
import Fusion

extension Recipe {
  /// The recipe of a method on a dataset.
  ///
  /// `mini`: the papers' recipe, shortened to 1500 steps with ten times the prompts' learning rate (a run has 1500
  /// steps where theirs have more than 10 000). `paper`: `method.md` §12. `smoke`: two steps.
  public static func standard(_ method: Method, on data: DataChoice.Name, tier: Tier) -> Recipe {
    switch tier {
    case .smoke:
      return Recipe(
        batchSize: 16, epochs: 2, learningRate: 4e-3, textLearningRate: 5e-3, weightDecay: 0.01,
        milestones: [1])
    case .mini: return mini(method, on: data)
    case .paper:
      let batch =
        switch data {
        case .food101: 38
        case .mmIMDB: 16
        case .snliVE: 64
        }
      return Recipe(batchSize: batch, epochs: 15, learningRate: 4e-4, textLearningRate: 5e-4)
    }
  }

  private static func mini(_ method: Method, on data: DataChoice.Name) -> Recipe {
    let rate: Float = method.isPromptTuned ? 4e-3 : data == .snliVE ? 2e-4 : 5e-4
    let isVE = data == .snliVE
    return Recipe(
      batchSize: 32, epochs: isVE ? 6 : 4, learningRate: rate, textLearningRate: 1.25 * rate,
      weightDecay: 0.01, milestones: isVE ? [3, 5] : [2, 3])
  }
}

extension Method {
  /// MoPE and its ablations as the mini tier runs them: the papers' defaults, with the choices of the PyTorch
  /// prototype that the stand-ins were designed with. The router pools the mean of a block's tokens, one linear
  /// up-projection serves all blocks of equal width, prompts are not dropped, and the noise is the authors' 1/256.
  public static func mope(
    _ prompts: PromptKinds, experts: Int = 16, length: Int = 6, main: Modality = .vision
  ) -> Method {
    var configuration = MoPEConfiguration()
    configuration.prompts = prompts
    configuration.experts = experts
    configuration.length = length
    configuration.routingFeature = .mean
    configuration.mapperSharing = .perWidth
    configuration.mapperOutputGELU = false
    configuration.dropsPrompts = .none
    configuration.noise = .constant(1 / 256)
    var method = Method(.mope(configuration, main: main), tuning: .frozen)
    method.textPrompts = main == .vision ? 4 : 0
    method.visionPrompts = main == .vision ? 0 : 6
    return method
  }
}
