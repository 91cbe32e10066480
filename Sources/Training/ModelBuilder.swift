import Determinism
import Encoders
import Fusion
import NN

extension Method {
  /// The model of this method.
  /// - Parameters:
  ///   - outputs: classes or labels.
  ///   - random: of the run; initial weights come from its stream "initial values".
  ///   - wrapping: puts something around the image's encoder, to look into it.
  public func model(
    outputs: Int, encoders: EncoderCatalogue, random: RandomStream,
    wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
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
    case .mope(let configuration, let main):
      return try MoPE(
        configuration, main: try plan(main, prompted: false, encoders, wrapping),
        complements: try modalities.filter { $0 != main }.map {
          try plan($0, prompted: true, encoders, wrapping)
        }, outputs: outputs, random: random)
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
    let make = try encoders.make(encoder(of: modality), windowPrompts: windowPrompts)
    let placed: (Scope) -> any Encoder =
      switch modality {
      case .vision: { wrapping(make($0)) }
      case .video: { FrameMean(wrapping(make($0))) }
      case .text, .audio: make
      }
    return EncoderPlan(
      name: modality.rawValue, tuning: modality == .text ? textTuning ?? tuning : tuning,
      promptLength: prompted ? length : 0, make: placed)
  }
}
