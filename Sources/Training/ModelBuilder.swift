import Datasets
import Determinism
import Encoders
import Fusion
import NN

extension Method {
  /// The model of this method for classes or labels.
  /// - Parameters:
  ///   - random: of the run; initial weights come from its stream "initial values".
  ///   - wrapping: puts something around the image's encoder, to look into it (methods of the MoPE family).
  public func model(
    outputs: Int, encoders: EncoderCatalogue, random: RandomStream,
    wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
  ) throws -> any FusionModel {
    try model(.linear(outputs: outputs), encoders, random, wrapping)
  }

  /// The model of this method for a task.
  /// - Parameter random: of the run; initial weights come from its stream "initial values".
  /// - Throws: `Failure(.configuration)` if the method cannot do it: masks need MoPE or one of its ablations.
  public func model(
    for task: DatasetTask, encoders: EncoderCatalogue, random: RandomStream,
    wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
  ) throws -> any FusionModel {
    try model(encoders.head(task, maskHead), encoders, random, wrapping)
  }

  private func model(
    _ head: HeadPlan, _ encoders: EncoderCatalogue, _ random: RandomStream,
    _ wrapping: @escaping (any Encoder) -> any Encoder
  ) throws -> any FusionModel {
    if case .mope(let configuration, let main) = fusion {
      return try MoPE(
        configuration, main: try plan(main, prompted: false, encoders, wrapping),
        complements: try modalities.filter { $0 != main }.map {
          try plan($0, prompted: true, encoders, wrapping)
        }, head: head, random: random.stream("initial values"))
    }
    guard case .linear(let outputs) = head else {
      throw Failure(
        .configuration, "\(title) has no maps to make masks of; use MoPE or one of its ablations")
    }
    return try classifier(outputs: outputs, encoders, random)
  }

  private func classifier(
    outputs: Int, _ encoders: EncoderCatalogue, _ random: RandomStream
  ) throws -> any FusionModel {
    let random = random.stream("initial values")
    switch fusion {
    case .single(let modality):
      return try SingleModality(
        try plan(modality, prompted: true, encoders), outputs: outputs,
        promptDropout: promptDropout, random: random)
    case .lateConcat:
      return try LateConcat(
        try modalities.map { try plan($0, prompted: true, encoders) }, hiddenWidth: hiddenWidth,
        outputs: outputs, promptDropout: promptDropout, random: random)
    case .mmbt(let configuration):
      return try MMBT(
        configuration, vision: try plan(.vision, prompted: true, encoders),
        text: try plan(.text, prompted: true, encoders), outputs: outputs, random: random)
    case .promptFuse(let configuration):
      return try PromptFuse(
        configuration, vision: try plan(.vision, prompted: false, encoders),
        text: try plan(.text, prompted: false, encoders), outputs: outputs, random: random)
    case .pmf(let configuration):
      return try PMF(
        configuration, try plan(.vision, prompted: false, encoders),
        try plan(.text, prompted: false, encoders), outputs: outputs, random: random)
    case .frozen(let length):
      return try Frozen(
        vision: try plan(.vision, prompted: false, encoders),
        text: try plan(.text, prompted: false, encoders), length: length, outputs: outputs,
        random: random)
    case .mope: fatalError("MoPE is built with any head")
    }
  }

  private func plan(
    _ modality: Modality, prompted: Bool, _ encoders: EncoderCatalogue,
    _ wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
  ) throws -> EncoderPlan {
    let length =
      switch modality {
      case .vision, .video: visionPrompts
      case .text: textPrompts
      case .audio: audioPrompts
      }
    let make = try encoders.make(
      encoder(of: modality), windowPrompts: windowPrompts, pools: usesPoolers)
    let placed: (Scope) -> any Encoder =
      switch modality {
      case .vision: { wrapping(make($0)) }
      case .video: { FramePool(wrapping(make($0)), framePooling) }
      case .text, .audio: make
      }
    return EncoderPlan(
      name: modality.rawValue, tuning: modality == .text ? textTuning ?? tuning : tuning,
      promptLength: prompted ? length : 0, make: placed)
  }
}
