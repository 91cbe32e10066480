import Datasets
import Encoders
import Fusion

extension Recipe {
  /// The recipe of a method on a dataset.
  ///
  /// `mini`: the papers' recipe, shortened to 1500 steps with ten times the prompts' learning rate (a run has 1500
  /// steps where theirs have more than 10 000). `paper`: MoPE, arXiv 2403.10568v1: training recipe. `smoke`: two epochs.
  /// - Parameter rateFactor: of the learning rates at tier mini, where nil takes what the search chose (`SearchedRates`),
  ///   and of fine-tuning at tier paper; the papers' rates of prompts stay.
  public static func standard(
    _ method: Method, on data: DataChoice.Name, tier: Tier, rateFactor: Float? = nil
  ) -> Recipe {
    switch tier {
    case .smoke:
      return Recipe(
        batchSize: 16, epochs: 2, learningRate: 4e-3, textLearningRate: 5e-3, weightDecay: 0.01,
        milestones: [1])
    case .mini:
      return mini(method, on: data, rateFactor ?? SearchedRates.factor(method, on: data))
    case .paper:
      let batch =
        switch data {
        case .food101: 38
        case .mmIMDB, .refCOCO, .refCOCOPlus: 16
        case .snliVE, .vqaV2: 64
        case .mustard: 16  // not printed: the smallest of the papers'
        }
      // The papers state no rate for fine-tuning, and the prompts' rate destroys encoders; MMBT's is 5e-5.
      func rate(_ tuning: Tuning, prompts: Float) -> Float {
        tuning == .frozen ? prompts : 5e-5 * (rateFactor ?? 1)
      }
      return Recipe(
        batchSize: batch, epochs: 15, learningRate: rate(method.tuning, prompts: 4e-4),
        textLearningRate: rate(method.textTuning ?? method.tuning, prompts: 5e-4))
    }
  }

  private static func mini(
    _ method: Method, on data: DataChoice.Name, _ factor: Float
  ) -> Recipe {
    if data.isSegmentation { return miniMasks(method, factor) }
    func start(_ tuning: Tuning) -> Float {
      tuning == .frozen ? 4e-3 : data == .snliVE ? 2e-4 : 5e-4
    }
    let (epochs, milestones) =
      switch data {
      case .snliVE: (6, [3, 5])
      case .food101, .mmIMDB, .vqaV2, .refCOCO, .refCOCOPlus: (4, [2, 3])
      case .mustard: (5, [3, 4])
      }
    return Recipe(
      batchSize: 32, epochs: epochs, learningRate: factor * start(method.tuning),
      textLearningRate: 1.25 * factor * start(method.textTuning ?? method.tuning),
      weightDecay: 0.01, milestones: milestones)
  }
}

extension Recipe {
  /// 3000 steps of half the batch: the decoder starts from nothing, and steps are what it lacks. It trains with the image
  /// side's rate.
  private static func miniMasks(_ method: Method, _ factor: Float) -> Recipe {
    let rate = factor * (method.isPromptTuned ? 4e-3 : 5e-4)
    return Recipe(
      batchSize: 16, epochs: 6, learningRate: rate, textLearningRate: 1.25 * rate,
      weightDecay: 0.01, milestones: [4, 5])
  }
}

extension Method {
  /// The vanilla prompts of the mini tier: 6 per block of the image's encoder, 4 of the text's.
  private func prompted() -> Method {
    var method = self
    (method.visionPrompts, method.textPrompts) = (6, 4)
    return method
  }

  /// ImgOnly, TextOnly: one fine-tuned encoder.
  public static func fineTuned(_ modality: Modality) -> Method { Method(.single(modality), tuning: .full) }
  /// P-ImgOnly, P-TextOnly: one frozen encoder with prompts.
  public static func prompted(_ modality: Modality) -> Method {
    Method(.single(modality), tuning: .frozen).prompted()
  }
  public static let lateConcat = Method(.lateConcat, tuning: .full)
  public static let promptedLateConcat = Method(.lateConcat, tuning: .frozen).prompted()
  public static let mmbt = Method(
    .mmbt(MMBTConfiguration(separator: WordVocabulary.separator)), tuning: .full)
  public static let promptedMMBT = Method(
    .mmbt(MMBTConfiguration(separator: WordVocabulary.separator)), tuning: .frozen
  ).prompted()
  /// PromptFuse as the prototype has it: six prompts in the input, no norms of their own.
  public static let promptFuse = Method(
    .promptFuse(
      PromptFuseConfiguration(
        placement: .input, length: 6, normalizesInput: false, keepsEncoderDropout: true)),
    tuning: .frozen)
  public static let blindPrompt = Method(
    .promptFuse(
      PromptFuseConfiguration(
        placement: .blindInput, length: 6, normalizesInput: false, keepsEncoderDropout: true)),
    tuning: .frozen)
  public static let deepPromptFuse = Method(.promptFuse(.deep), tuning: .frozen)
  /// Frozen: two image tokens in a language model that does not train, from an image encoder that does.
  public static var frozenLanguageModel: Method {
    var method = Method(.frozen(length: 2), tuning: .full)
    method.textTuning = .frozen
    return method
  }
  public static let pmf = Method(.pmf(PMFConfiguration()), tuning: .frozen)
  /// PMF with the larger encoders.
  public static var largePMF: Method {
    var method = pmf
    (method.vision, method.text) = (.largeViT, .largeBERT)
    return method
  }
  /// SequentialFuse: the mapped prompt alone, everything fine-tuned.
  public static var sequentialFuse: Method {
    var method = mope(.mapped)
    method.tuning = .full
    method.textPrompts = 0
    return method
  }
  /// P-SequentialFuse: MoPE without its dynamic prompt.
  public static let promptedSequentialFuse = mope([.fixed, .mapped])

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

extension Method {
  /// This MoPE method with other choices; every other method as it is.
  public func with(_ change: (inout MoPEConfiguration) -> Void) -> Method {
    guard case .mope(var configuration, let main) = fusion else { return self }
    change(&configuration)
    var method = self
    method.fusion = .mope(configuration, main: main)
    return method
  }

  /// This method with another image encoder.
  public func seeing(with encoder: EncoderChoice) -> Method {
    var method = self
    method.vision = encoder
    return method
  }

  /// This method with another text encoder, tuned in its own way, with vanilla prompts only where it is frozen and
  /// `prompts` says so.
  public func reading(with encoder: EncoderChoice, _ tuning: Tuning, prompts: Int = 0) -> Method {
    var method = self
    (method.text, method.textTuning, method.textPrompts) = (encoder, tuning == self.tuning ? nil : tuning, prompts)
    return method
  }
}
