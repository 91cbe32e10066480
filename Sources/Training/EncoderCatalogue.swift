import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import NN

/// The encoders of a tier: how large they are, and where their weights are.
public struct EncoderCatalogue: Sendable {
  public let tier: Tier
  /// Holds one folder per pretrained encoder, with `model.safetensors`; nil: random weights.
  public let folder: String?
  /// Gives the encoders of the paper tier; nil at the others.
  private let published: (any EncoderSource)?

  /// - Parameter folder: nil leaves every encoder with random weights.
  public init(tier: Tier, folder: String?) {
    self.tier = tier
    self.folder = folder
    published = nil
  }

  /// The paper tier's.
  public init(_ published: any EncoderSource) {
    tier = .paper
    folder = nil
    self.published = published
  }

  /// The mini encoders with random weights, for timings.
  package static let untrained = EncoderCatalogue(tier: .mini, folder: nil)

  /// ViT-mini: 16 patches of 9×9, width 64, 4 layers.
  public static let miniViT = ViTConfiguration(
    imageSize: 36, patchSize: 9, width: 64, layers: 4, heads: 4, hiddenWidth: 256, epsilon: 1e-6)

  /// BERT-mini: width 64, 3 layers, a word-level vocabulary, no dropout.
  public static let miniBERT = BERTConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 64, layers: 3, heads: 4,
    hiddenWidth: 256, hiddenDropout: 0, attentionDropout: 0)

  /// ViT-large-mini: the patches of ViT-mini, width 96, 6 layers.
  public static let miniLargeViT = ViTConfiguration(
    imageSize: 36, patchSize: 9, width: 96, layers: 6, heads: 6, hiddenWidth: 384, epsilon: 1e-6)

  /// BERT-large-mini: the words of BERT-mini, width 96, 5 layers, no dropout.
  public static let miniLargeBERT = BERTConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 96, layers: 5, heads: 6,
    hiddenWidth: 384, hiddenDropout: 0, attentionDropout: 0)

  /// Swin-mini: 36 patches of 6×6, windows of 3×3 (shifted in one block), width 48 in two blocks and 96 in four.
  public static let miniSwin = SwinConfiguration(
    imageSize: 36, patchSize: 6, width: 48, depths: [2, 4], heads: [3, 6], window: 3)

  /// GPT-2-mini: the size of BERT-mini, causal.
  public static let miniGPT2 = GPT2Configuration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 64, layers: 3, heads: 4,
    embeddingDropout: 0, attentionDropout: 0, residualDropout: 0)

  /// Longformer-mini: the size of BERT-mini; a word sees three to each side, [CLS] sees all.
  public static let miniLongformer = LongformerConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 34, width: 64, layers: 3, heads: 4,
    hiddenWidth: 256, window: 6, padding: Int(WordVocabulary.padding), hiddenDropout: 0,
    attentionDropout: 0)

  /// wav2vec2-mini: three convolutions that make 23 states of 2000 samples, width 64, 3 layers, no dropout.
  public static let miniWav2Vec2 = Wav2Vec2Configuration(
    channels: [32, 64, 64], kernels: [20, 8, 8], strides: [5, 4, 4], convolutionBias: false,
    width: 64, layers: 3, heads: 4, hiddenWidth: 256, positionKernel: 8, positionGroups: 4,
    epsilon: 1e-5, featureDropout: 0, hiddenDropout: 0, attentionDropout: 0, activationDropout: 0)

  static let smokeWav2Vec2 = Wav2Vec2Configuration(
    channels: [8, 16], kernels: [20, 16], strides: [10, 10], convolutionBias: false, width: 16,
    layers: 2, heads: 2, hiddenWidth: 32, positionKernel: 4, positionGroups: 2, epsilon: 1e-5,
    featureDropout: 0, hiddenDropout: 0, attentionDropout: 0, activationDropout: 0)

  static let smokeSwin = SwinConfiguration(
    imageSize: 36, patchSize: 6, width: 8, depths: [2, 1], heads: [2, 2], window: 3)

  static let smokeGPT2 = GPT2Configuration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 16, layers: 2, heads: 2,
    embeddingDropout: 0, attentionDropout: 0, residualDropout: 0)

  static let smokeLongformer = LongformerConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 34, width: 16, layers: 2, heads: 2,
    hiddenWidth: 32, window: 4, padding: Int(WordVocabulary.padding), hiddenDropout: 0,
    attentionDropout: 0)

  static let smokeViT = ViTConfiguration(
    imageSize: 36, patchSize: 9, width: 16, layers: 2, heads: 2, hiddenWidth: 32, epsilon: 1e-6)

  static let smokeBERT = BERTConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 16, layers: 2, heads: 2,
    hiddenWidth: 32, hiddenDropout: 0, attentionDropout: 0)

  /// The file with the weights of an encoder, or nil where it starts from random ones.
  public func weights(_ choice: EncoderChoice) -> String? {
    guard tier == .mini, let folder else { return nil }
    return "\(folder)/\(choice.weightsOwner.rawValue)-mini/model.safetensors"
  }

  /// SHA-256 of the weights of the encoders a method uses, by name.
  public func hashes(_ method: Method) throws -> [String: String] {
    var hashes: [String: String] = [:]
    for choice in method.slots.map(\.encoder) {
      if let published {
        hashes[choice.rawValue] = try published.digest(choice)
        continue
      }
      guard let path = weights(choice) else {
        hashes[choice.rawValue] = "random"
        continue
      }
      guard let bytes = FileManager.default.contents(atPath: path) else {
        throw Failure(.missingInput, "\(path): no such file; make the encoders with: mope pretrain")
      }
      hashes[choice.rawValue] = ContentHash.of(Array(bytes))
    }
    return hashes
  }

  /// Builds an encoder in a scope, with its pretrained weights where it has any.
  /// - Parameters:
  ///   - windowPrompts: for Swin, whose prompts a window sees.
  ///   - pools: whether the feature goes through a pooler; the small text encoders always have one.
  public func make(
    _ choice: EncoderChoice, windowPrompts: WindowPrompts = .ownImage, pools: Bool = false
  ) throws -> (Scope) -> any Encoder {
    if let published {
      return try published.make(choice, windowPrompts: windowPrompts, pools: pools)
    }
    guard tier != .paper else {
      throw Failure(.configuration, "the paper tier needs the folder of its checkpoints: --weights DIR")
    }
    let file = try weights(choice).map(SafetensorsFile.init(path:))
    let small = tier == .smoke
    return { plain in
      // A bag of words takes one tensor of its file and says so itself.
      let scope = choice == .bagOfWords ? plain : file.map { plain.loading($0) } ?? plain
      switch choice {
      case .vit: return ViT(small ? Self.smokeViT : Self.miniViT, scope)
      case .largeViT: return ViT(small ? Self.smokeViT : Self.miniLargeViT, scope)
      case .largeBERT: return BERT(small ? Self.smokeBERT : Self.miniLargeBERT, output: .pooler, scope)
      case .swin, .swin384: return Swin(small ? Self.smokeSwin : Self.miniSwin, sharing: windowPrompts, scope)
      case .bert: return BERT(small ? Self.smokeBERT : Self.miniBERT, output: .pooler, scope)
      case .gpt2: return GPT2(small ? Self.smokeGPT2 : Self.miniGPT2, scope)
      case .longformer:
        return Longformer(
          small ? Self.smokeLongformer : Self.miniLongformer, output: .pooler, scope)
      case .wav2vec2: return Wav2Vec2(small ? Self.smokeWav2Vec2 : Self.miniWav2Vec2, scope)
      case .bagOfWords:
        let sizes = small ? Self.smokeBERT : Self.miniBERT
        return BagOfWords(
          BagOfWordsConfiguration(vocabulary: sizes.vocabulary, width: sizes.width), vectors: file, scope)
      }
    }
  }
}

extension EncoderChoice {
  /// The encoder whose weights file it reads at the mini tier.
  package var weightsOwner: EncoderChoice {
    switch self {
    case .bagOfWords: .bert
    case .swin384: .swin
    default: self
    }
  }

  /// The encoders with a pretraining of their own.
  public static let pretrained: [EncoderChoice] = allCases.filter { $0.weightsOwner == $0 }
}
