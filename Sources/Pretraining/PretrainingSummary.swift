import Determinism
import Encoders
import Foundation
import Training

/// What a reader wants to know of a `PretrainingRecord`, of one that an earlier version wrote, too.
public struct PretrainingSummary: Decodable, Sendable {
  public let encoder: String
  public let objective: String
  public let recipe: PretrainingRecipe
  public let parameters: Int
  public let probes: [String: Double]
}

extension EncoderCatalogue {
  /// The records beside the weights, by name; empty where encoders start from random weights.
  /// - Throws: `Failure` if one is missing or cannot be read.
  public func pretrainingRecords() throws -> [PretrainingSummary] {
    try EncoderChoice.pretrained.compactMap { choice -> PretrainingSummary? in
      guard let weights = weights(choice) else { return nil }
      let path = weights.replacing("model.safetensors", with: "record.json")
      guard let data = FileManager.default.contents(atPath: path) else {
        throw Failure(.missingInput, "\(path): no such file; make the encoders with: mope pretrain")
      }
      do { return try JSONDecoder().decode(PretrainingSummary.self, from: data) } catch {
        throw Failure(.badInput, "\(path): not a pretraining's record: \(error)")
      }
    }.sorted { $0.encoder < $1.encoder }
  }
}
