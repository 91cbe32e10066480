import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import NN
import Published
import Synchronization
import Text
import Training

/// The encoders in a folder of checkpoints, each in a folder of its own, as `mope weights` names them.
///
/// Sizes are those of each `config.json`: small networks in the same layout run the same way.
public final class CheckpointEncoders: EncoderSource {
  public let root: String
  private let digests = Mutex<[String: String]>([:])

  public init(_ root: String) { self.root = root }

  public func make(
    _ choice: EncoderChoice, windowPrompts: WindowPrompts, pools: Bool
  ) throws -> (Scope) -> any Encoder {
    let folder = try CheckpointFolder(path: try folder(choice))
    let build = try encoderBuilder(
      folder.configuration, as: choice, windowPrompts: windowPrompts, pools: pools, weights: folder,
      source: folder.source)
    let needsPooler = pools && !choice.isSwin
    guard !needsPooler || folder.names.contains("pooler.dense.weight") else {
      throw Failure(
        .badInput,
        "\(folder.source): pooler.dense.weight: missing; MMBT reads the pooler, which this checkpoint was saved without"
      )
    }
    return { plain in
      // A bag of words takes one tensor of its file and says so itself.
      if choice == .bagOfWords { return build(plain) }
      return build(plain.loading(folder, ignoring: { !needsPooler && $0.hasPrefix("pooler.") }))
    }
  }

  /// SHA-256 over the files that decide what an encoder is given and what it makes of it.
  public func digest(_ choice: EncoderChoice) throws -> String {
    let folder = try folder(choice)
    if let known = digests.withLock({ $0[folder] }) { return known }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter {
      $0.hasSuffix(".safetensors") || Self.textFiles.contains($0)
    }
    var hash = ContentHash()
    for name in names {
      hash.update(name)
      guard
        let bytes = try? Data(
          contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"), options: .alwaysMapped)
      else { throw Failure(.io, "\(folder)/\(name): cannot read") }
      bytes.withUnsafeBytes { hash.update($0) }
    }
    let digest = hash.finish()
    digests.withLock { $0[folder] = digest }
    return digest
  }

  private static let textFiles: Set<String> = [
    "config.json", "model.safetensors.index.json", "vocab.txt", "vocab.json", "merges.txt",
    "tokenizer.json", "tokenizer_config.json", "added_tokens.json",
  ]

  /// The sizes of an encoder.
  func configuration(_ choice: EncoderChoice) throws -> EncoderConfiguration {
    try EncoderConfiguration(file: "\(try folder(choice))/config.json")
  }

  func tokenizer(_ choice: EncoderChoice) throws -> any Tokenizer {
    try loadTokenizer(folder: try folder(choice))
  }

  /// What of the encoders that are there is not as published, a line each; empty where all are.
  public func departures() throws -> [String] {
    try EncoderChoice.allCases.compactMap { choice in
      let weights = try choice.publishedWeights
      let path = "\(weights.folder(in: root))/config.json"
      guard choice != .bagOfWords, FileManager.default.fileExists(atPath: path) else { return nil }
      // Named without its folder: the sentence goes into reports, which know no machine.
      return try weights.difference(try EncoderConfiguration(file: path)).map {
        "\(weights.name)/config.json: \($0)"
      }
    }
  }

  /// - Throws: `Failure(.missingInput)` that says how to get it.
  private func folder(_ choice: EncoderChoice) throws -> String {
    let weights = try choice.publishedWeights
    let folder = weights.folder(in: root)
    guard FileManager.default.fileExists(atPath: "\(folder)/config.json") else {
      throw Failure(
        .missingInput,
        "\(folder)/config.json: no such file; expected the checkpoint \(weights.name); "
          + "run: mope weights download \(weights.name) --to \(root)")
    }
    return folder
  }
}

extension EncoderChoice {
  /// The checkpoint that the papers have for this encoder.
  var publishedWeights: PublishedWeights {
    get throws {
      let name =
        switch self {
        case .vit: "vit-base-21k"
        case .largeViT: "vit-large-21k"
        case .swin: "swin-base-22k"
        case .swin384: "swin-base-384-22k"
        case .bert, .bagOfWords: "bert-base"
        case .largeBERT: "bert-large"
        case .gpt2: "gpt2"
        case .longformer: "longformer-base"
        case .wav2vec2: "wav2vec2-base-960h"
        }
      guard let weights = PublishedWeights.all.first(where: { $0.name == name }) else {
        throw Failure(.internal, "\(name): not in the table of weights")
      }
      return weights
    }
  }
}
