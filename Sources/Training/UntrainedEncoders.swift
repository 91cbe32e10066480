import Autograd
import Determinism
import Encoders
import NN

/// Encoders without their weights: what a training costs can be measured, and parameters counted, by sizes alone.
package struct UntrainedEncoders: EncoderSource {
  package let sizes: @Sendable (EncoderChoice) throws -> EncoderConfiguration
  private let onlyCounts: Bool

  /// - Parameter onlyCounts: leaves weights undefined, which takes neither time nor memory.
  package init(
    onlyCounts: Bool = false, sizes: @escaping @Sendable (EncoderChoice) throws -> EncoderConfiguration
  ) {
    (self.sizes, self.onlyCounts) = (sizes, onlyCounts)
  }

  /// In their published sizes.
  package static let published = UntrainedEncoders { $0.publishedConfiguration }

  package func make(
    _ choice: EncoderChoice, windowPrompts: WindowPrompts, pools: Bool
  ) throws -> (Scope) -> any Encoder {
    let build = try encoderBuilder(
      try sizes(choice), as: choice, windowPrompts: windowPrompts, pools: pools, weights: nil,
      source: choice.rawValue)
    return { [onlyCounts] scope in onlyCounts ? build(scope.undefined) : scope.untrained(build) }
  }

  package func digest(_ choice: EncoderChoice) throws -> String { "random" }
}

extension EncoderCatalogue {
  /// The papers' encoders without weights: models of them can be built and counted, not run.
  public static let published = EncoderCatalogue(
    UntrainedEncoders(onlyCounts: true) { $0.publishedConfiguration })
}

extension EncoderChoice {
  /// The sizes of the public checkpoint that the papers have for this encoder.
  public var publishedConfiguration: EncoderConfiguration {
    switch self {
    case .vit: .vit(.base)
    case .largeViT: .vit(.large)
    case .swin: .swin(.base)
    case .swin384: .swin(.base384)
    case .bert, .bagOfWords: .bert(.base)
    case .largeBERT: .bert(.large)
    case .gpt2: .gpt2(.small)
    case .longformer: .longformer(.base)
    case .wav2vec2: .wav2vec2(.base)
    }
  }
}

/// Builds an encoder of these sizes.
/// - Parameter weights: gives a bag of words its word vectors; all others take them from their scope.
/// - Throws: `Failure(.badInput)` if the sizes are those of another architecture.
package func encoderBuilder(
  _ configuration: EncoderConfiguration, as choice: EncoderChoice, windowPrompts: WindowPrompts,
  pools: Bool, weights: (any Checkpoint)?, source: String
) throws -> (Scope) -> any Encoder {
  let output: TextFeature = pools ? .pooler : .cls
  switch (choice, configuration) {
  case (.vit, .vit(let c)), (.largeViT, .vit(let c)): return { ViT(c, pools: pools, $0) }
  case (.swin, .swin(let plain)), (.swin384, .swin(let plain)):
    var c = plain
    // The papers fine-tune with 0.5 at 224 pixels and 0.2 at 384; configurations have the pretraining's.
    c.dropPath = c.imageSize >= 384 ? 0.2 : 0.5
    return { [c] in Swin(c, sharing: windowPrompts, $0) }
  case (.bert, .bert(let c)), (.largeBERT, .bert(let c)): return { BERT(c, output: output, $0) }
  case (.longformer, .longformer(let c)): return { Longformer(c, output: output, $0) }
  case (.gpt2, .gpt2(let c)): return { GPT2(c, $0) }
  case (.wav2vec2, .wav2vec2(let c)): return { Wav2Vec2(c, $0) }
  case (.bagOfWords, .bert(let c)):
    return { scope in
      BagOfWords(
        BagOfWordsConfiguration(vocabulary: c.vocabulary, width: c.width), vectors: weights, scope)
    }
  default:
    throw Failure(
      .badInput,
      "\(source)/config.json: model_type: expected \(choice.rawValue), found another network")
  }
}
