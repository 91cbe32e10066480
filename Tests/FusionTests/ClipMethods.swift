import Encoders
import Fusion

/// Methods on clips: sound and frames beside text.
extension MethodCase {
  static let clips =
    [
      MethodCase("AudioOnly", trains: ["audio.encoder", "head"]) {
        try SingleModality(audioPlan(.full), outputs: 3, promptDropout: 0, random: $0)
      },
      MethodCase("P-AudioOnly", trains: ["audio.prompts", "head"]) {
        try SingleModality(audioPlan(prompts: 4), outputs: 3, promptDropout: 0.1, random: $0)
      },
      MethodCase("VideoOnly", trains: ["video.encoder", "head"]) {
        try SingleModality(videoPlan(.full), outputs: 3, promptDropout: 0, random: $0)
      },
      MethodCase("P-VideoOnly", trains: ["video.prompts", "head"]) {
        try SingleModality(videoPlan(prompts: 6), outputs: 3, promptDropout: 0.1, random: $0)
      },
      MethodCase(
        "LateConcat, clips", trains: ["text.encoder", "audio.encoder", "video.encoder", "head"]
      ) {
        try LateConcat(
          [textPlan(.full), audioPlan(.full), videoPlan(.full)], outputs: 3, promptDropout: 0,
          random: $0)
      },
      MethodCase(
        "P-LateConcat, clips, hidden layer",
        trains: ["text.prompts", "audio.prompts", "video.prompts", "hidden", "head"]
      ) {
        try LateConcat(
          [textPlan(prompts: 4), audioPlan(prompts: 4), videoPlan(prompts: 6)], hiddenWidth: 32,
          outputs: 3, promptDropout: 0.1, random: $0)
      },
      MethodCase(
        "SequentialFuse, clips",
        trains: ["text.encoder", "audio.encoder", "video.encoder", "mope.mapper", "head"]
      ) {
        try MoPE(
          configured { $0.prompts = .mapped }, main: textPlan(.full),
          complements: [audioPlan(.full), videoPlan(.full)], outputs: 3, random: $0)
      },
      MethodCase(
        "P-SequentialFuse, clips",
        trains: ["mope.static", "mope.mapper", "audio.prompts", "video.prompts", "head"]
      ) {
        try MoPE(
          configured { $0.prompts = [.fixed, .mapped] }, main: textPlan(),
          complements: [audioPlan(prompts: 4), videoPlan(prompts: 6)], outputs: 3, random: $0)
      },
      MethodCase(
        "MoPE k=4, clips",
        trains: promptParts.union(["audio.prompts", "video.prompts", "head"])
      ) {
        try MoPE(
          configured { $0.experts = 4 }, main: textPlan(),
          complements: [audioPlan(prompts: 4), videoPlan(prompts: 6)], outputs: 3, random: $0)
      },
      MethodCase("MoPE, video main", trains: promptParts.union(["audio.prompts", "head"])) {
        try MoPE(
          MoPEConfiguration(), main: videoPlan(), complementary: audioPlan(prompts: 4), outputs: 3,
          random: $0)
      },
    ]

  private static let promptParts: Set = ["mope.static", "mope.experts", "mope.router", "mope.mapper"]
}

extension Sizes {
  /// Eight states of 40 samples, with dropout.
  static let tinyWav2Vec2 = Wav2Vec2Configuration(
    channels: [4, 8], kernels: [4, 4], strides: [2, 2], convolutionBias: false, width: 20,
    layers: 2,
    heads: 2, hiddenWidth: 24, positionKernel: 4, positionGroups: 2, epsilon: 1e-5,
    featureDropout: 0.1, hiddenDropout: 0.1, attentionDropout: 0.1, activationDropout: 0.1)
}

func audioPlan(_ tuning: Tuning = .frozen, prompts: Int = 0) -> EncoderPlan {
  EncoderPlan(name: "audio", tuning: tuning, promptLength: prompts) {
    Wav2Vec2(Sizes.tinyWav2Vec2, $0)
  }
}

func videoPlan(_ tuning: Tuning = .frozen, prompts: Int = 0) -> EncoderPlan {
  EncoderPlan(name: "video", tuning: tuning, promptLength: prompts) {
    FramePool(ViT(Sizes.tinyViT, $0))
  }
}
