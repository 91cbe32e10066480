import Datasets
import Determinism
import Encoders
import Foundation
import NN

/// The encoders of a tier: how large they are, and where their weights are.
public struct EncoderCatalogue: Sendable {
  public let tier: Tier
  /// Holds one folder per pretrained encoder, with `model.safetensors`; nil: random weights.
  public let folder: String?

  /// - Parameter folder: nil leaves every encoder with random weights.
  public init(tier: Tier, folder: String?) {
    self.tier = tier
    self.folder = folder
  }

  /// The mini encoders with random weights, for timings.
  static let untrained = EncoderCatalogue(tier: .mini, folder: nil)

  /// ViT-mini: 16 patches of 9×9, width 64, 4 layers.
  public static let miniViT = ViTConfiguration(
    imageSize: 36, patchSize: 9, width: 64, layers: 4, heads: 4, hiddenWidth: 256, epsilon: 1e-6)

  /// BERT-mini: width 64, 3 layers, a word-level vocabulary, no dropout.
  public static let miniBERT = BERTConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 64, layers: 3, heads: 4,
    hiddenWidth: 256, hiddenDropout: 0, attentionDropout: 0)

  static let smokeViT = ViTConfiguration(
    imageSize: 36, patchSize: 9, width: 16, layers: 2, heads: 2, hiddenWidth: 32, epsilon: 1e-6)

  static let smokeBERT = BERTConfiguration(
    vocabulary: WordVocabulary.standIns.count, positions: 32, width: 16, layers: 2, heads: 2,
    hiddenWidth: 32, hiddenDropout: 0, attentionDropout: 0)

  /// The file with the weights of an encoder, or nil where it starts from random ones.
  public func weights(_ choice: EncoderChoice) -> String? {
    guard tier == .mini, let folder else { return nil }
    return "\(folder)/\(choice.rawValue)-mini/model.safetensors"
  }

  /// SHA-256 of the weights of the encoders a method uses, by name.
  public func hashes(_ method: Method) throws -> [String: String] {
    var hashes: [String: String] = [:]
    for choice in method.encoders {
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
  public func make(_ choice: EncoderChoice) throws -> (Scope) -> any Encoder {
    guard tier != .paper else {
      throw Failure(.configuration, "the paper tier has no encoders yet; use --tier mini")
    }
    let file = try weights(choice).map(SafetensorsFile.init(path:))
    let small = tier == .smoke
    return { scope in
      let scope = file.map { scope.loading($0) } ?? scope
      switch choice {
      case .vit: return ViT(small ? Self.smokeViT : Self.miniViT, scope)
      case .bert: return BERT(small ? Self.smokeBERT : Self.miniBERT, output: .pooler, scope)
      }
    }
  }
}

extension Method {
  /// The encoders it uses.
  public var encoders: [EncoderChoice] {
    switch fusion {
    case .single(.vision): [vision]
    case .single(.text): [text]
    case .lateConcat, .mope, .mmbt, .promptFuse, .pmf: [vision, text]
    }
  }
}
