import Determinism
import Encoders
import Fusion
import Testing

/// A method with tiny encoders and 3 classes, and what of it must train.
struct MethodCase: CustomTestStringConvertible, Sendable {
  let name: String
  /// First two components of the names of all trainable parameters.
  let trains: Set<String>
  let make: @Sendable (RandomStream) throws -> any FusionModel

  var testDescription: String { name }

  init(
    _ name: String, trains: Set<String>,
    _ make: @escaping @Sendable (RandomStream) throws -> any FusionModel
  ) {
    self.name = name
    self.trains = trains
    self.make = make
  }

  func model(seed: UInt64 = 7) throws -> any FusionModel { try make(RandomStream(seed: seed)) }

  static let all = singles + concatenations + products + experts + sentences + streams + clips

  static let singles = [
    MethodCase("ImgOnly", trains: ["vision.encoder", "head"]) {
      try SingleModality(visionPlan(.full), outputs: 3, promptDropout: 0, random: $0)
    },
    MethodCase("TextOnly", trains: ["text.encoder", "head"]) {
      try SingleModality(textPlan(.full), outputs: 3, promptDropout: 0, random: $0)
    },
    MethodCase("TextOnly, biases", trains: ["text.encoder", "head"]) {
      try SingleModality(textPlan(.biases), outputs: 3, promptDropout: 0, random: $0)
    },
    MethodCase("P-ImgOnly", trains: ["vision.prompts", "head"]) {
      try SingleModality(visionPlan(prompts: 6), outputs: 3, promptDropout: 0.1, random: $0)
    },
    MethodCase("P-TextOnly", trains: ["text.prompts", "head"]) {
      try SingleModality(textPlan(prompts: 4), outputs: 3, promptDropout: 0.1, random: $0)
    },
  ]

  static let concatenations = [
    MethodCase("LateConcat", trains: ["vision.encoder", "text.encoder", "head"]) {
      try LateConcat(
        [visionPlan(.full), textPlan(.full)], outputs: 3, promptDropout: 0, random: $0)
    },
    MethodCase("P-LateConcat", trains: ["vision.prompts", "text.prompts", "head"]) {
      try LateConcat(
        [visionPlan(prompts: 6), textPlan(prompts: 4)], outputs: 3, promptDropout: 0.1, random: $0)
    },
    MethodCase(
      "P-LateConcat, hidden layer", trains: ["vision.prompts", "text.prompts", "hidden", "head"]
    ) {
      try LateConcat(
        [visionPlan(prompts: 6), textPlan(prompts: 4)], hiddenWidth: 32, outputs: 3,
        promptDropout: 0.1, random: $0)
    },
  ]

  /// Late fusion that is not a sum.
  static let products = [
    MethodCase("Gated late fusion", trains: ["gated.gate", "gated.first", "gated.second", "head"]) {
      try GatedLateFusion(visionPlan(), textPlan(), outputs: 3, random: $0)
    },
    MethodCase("Bilinear late fusion", trains: ["bilinear.first", "bilinear.second", "head"]) {
      try BilinearLateFusion(visionPlan(), textPlan(), outputs: 3, random: $0)
    },
  ]

  /// The image among the words of a sentence.
  static let sentences = [
    mmbt("MMBT", .feature, tuning: .full),
    mmbt("MMBT, patches", .patches, tuning: .full),
    mmbt("P-MMBT", .feature, tuning: .frozen),
    mmbt("P-MMBT, patches", .patches, tuning: .frozen),
    promptFuse("PromptFuse", .original),
    promptFuse("PromptFuse without norms") {
      var configuration = PromptFuseConfiguration.original
      configuration.normalizesInput = false
      return configuration
    },
    promptFuse("BlindPrompt", .blind),
    promptFuse("PromptFuse, deep", .deep),
    MethodCase("Frozen", trains: ["vision.encoder", "vision.prefix", "head"]) {
      try Frozen(vision: visionPlan(.full), text: textPlan(), outputs: 3, random: $0)
    },
  ]

  static let streams = [
    MethodCase("PMF", trains: ["vision.fusion", "vision.head", "text.fusion", "text.head"]) {
      try PMF(PMFConfiguration(), visionPlan(), textPlan(), outputs: 3, random: $0)
    }
  ]

  private static func mmbt(
    _ name: String, _ tokens: MMBTConfiguration.ImageTokens, tuning: Tuning
  ) -> MethodCase {
    let part = tuning == .full ? "encoder" : "prompts"
    return MethodCase(
      name, trains: ["vision.\(part)", "text.\(part)", "mmbt.projection", "head"]
    ) {
      var configuration = MMBTConfiguration(separator: 3)
      configuration.imageTokens = tokens
      let length = tuning == .full ? 0 : 4
      return try MMBT(
        configuration, vision: visionPlan(tuning, prompts: length),
        text: textPlan(tuning, prompts: length), outputs: 3, random: $0)
    }
  }

  private static func promptFuse(
    _ name: String, _ configuration: PromptFuseConfiguration
  ) -> MethodCase {
    MethodCase(name, trains: ["text.promptfuse", "head"]) {
      try PromptFuse(
        configuration, vision: visionPlan(), text: textPlan(), outputs: 3, random: $0)
    }
  }

  private static func promptFuse(
    _ name: String, _ configuration: () -> PromptFuseConfiguration
  ) -> MethodCase { promptFuse(name, configuration()) }

  static let experts =
    [
      mope("MoPE", trains: ["mope.static", "mope.experts", "mope.router", "mope.mapper"]) { _ in },
      mope("MoPE k=4", trains: ["mope.static", "mope.experts", "mope.router", "mope.mapper"]) {
        $0.experts = 4
      },
      mope("MoPE, unimodal", trains: ["mope.static", "mope.experts", "mope.router", "mope.mapper"]) {
        $0.router = .unimodal
      },
      mope(
        "MoPE, learned keys", trains: ["mope.static", "mope.experts", "mope.router", "mope.mapper"]
      ) { $0.learnsKeys = true },
      mope("MoPE, top 1", trains: ["mope.static", "mope.experts", "mope.router", "mope.mapper"]) {
        $0.gating = .topOne
        $0.experts = 2
      },
      mope(
        "MoPE, mapper as released",
        trains: ["mope.static", "mope.experts", "mope.router", "mope.mapper"]
      ) {
        $0.mapperNorm = .frozenStatistics
        $0.dropsPrompts = .mapped
      },
      mope("[Ps]", trains: ["mope.static"], usesText: false) { $0.prompts = .fixed },
      mope("[Pd]", trains: ["mope.experts", "mope.router"]) { $0.prompts = .dynamic },
      mope("[Pd,Pm]", trains: ["mope.experts", "mope.router", "mope.mapper"]) {
        $0.prompts = [.dynamic, .mapped]
      },
      mope("P-SequentialFuse", trains: ["mope.static", "mope.mapper"]) {
        $0.prompts = [.fixed, .mapped]
      },
      MethodCase(
        "SequentialFuse", trains: ["vision.encoder", "text.encoder", "mope.mapper", "head"]
      ) {
        var configuration = MoPEConfiguration()
        configuration.prompts = .mapped
        return try MoPE(
          configuration, main: visionPlan(.full), complementary: textPlan(.full), outputs: 3,
          random: $0)
      },
      MethodCase(
        "MoPE, text main",
        trains: [
          "mope.static", "mope.experts", "mope.router", "mope.mapper", "vision.prompts", "head",
        ]
      ) {
        try MoPE(
          MoPEConfiguration(), main: textPlan(), complementary: visionPlan(prompts: 6), outputs: 3,
          random: $0)
      },
    ]

  /// MoPE with the image as main modality and 4 prompts per text layer.
  /// - Parameter usesText: whether any prompt depends on the text; else its prompts get no gradient.
  private static func mope(
    _ name: String, trains: Set<String>, usesText: Bool = true,
    _ change: @escaping @Sendable (inout MoPEConfiguration) -> Void
  ) -> MethodCase {
    MethodCase(name, trains: trains.union(usesText ? ["text.prompts", "head"] : ["head"])) {
      try MoPE(
        configured(change), main: visionPlan(),
        complementary: textPlan(prompts: usesText ? 4 : 0), outputs: 3, random: $0)
    }
  }
}

/// The default configuration with some entries changed.
func configured(_ change: (inout MoPEConfiguration) -> Void) -> MoPEConfiguration {
  var configuration = MoPEConfiguration()
  change(&configuration)
  return configuration
}
