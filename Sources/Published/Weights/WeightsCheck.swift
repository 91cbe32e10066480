import Determinism
import Encoders
import Foundation

/// What of a checkpoint is in a folder.
public struct WeightsPresence: Sendable {
  public enum State: Sendable, Hashable {
    /// There is no folder of it.
    case absent
    /// Files that are needed are not there.
    case incomplete(missing: [String])
    /// It is something else than it should be, or broken; the reason.
    case wrong(String)
    /// Complete, of the right architecture, every tensor there and finite.
    case good(parameters: Int)
  }

  public let weights: PublishedWeights
  /// Where it is, or would be.
  public let folder: String
  public let state: State
}

extension PublishedWeights {
  /// The folder of these weights: under this program's name for them, or under the hub's.
  public func folder(in root: String) -> String {
    let candidates = [name, repository, String(repository.split(separator: "/").last ?? "")]
    let found = candidates.first {
      FileManager.default.fileExists(atPath: "\(root)/\($0)/config.json")
    }
    return "\(root)/\(found ?? name)"
  }

  /// Checks the weights in a folder of checkpoints. Everything is read once: files, sizes, shapes and values.
  public func check(in root: String) -> WeightsPresence {
    let folder = folder(in: root)
    return WeightsPresence(weights: self, folder: folder, state: state(folder))
  }

  private func state(_ folder: String) -> WeightsPresence.State {
    let manager = FileManager.default
    guard manager.fileExists(atPath: folder) else { return .absent }
    let hasWeights = ["model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"].contains {
      manager.fileExists(atPath: "\(folder)/\($0)")
    }
    let hasTokenizer = manager.fileExists(atPath: "\(folder)/tokenizer.json")
    let missing = files.filter { file in
      if file.isOptional || manager.fileExists(atPath: "\(folder)/\(file.name)") { return false }
      switch file.name {
      case "model.safetensors": return !hasWeights
      case "vocab.txt", "vocab.json", "merges.txt": return !hasTokenizer
      default: return true
      }
    }.map(\.name)
    guard missing.isEmpty else { return .incomplete(missing: missing) }
    do {
      let checkpoint = try CheckpointFolder(path: folder)
      if let difference = try difference(checkpoint.configuration) {
        return .wrong("\(folder)/config.json: \(difference); is it \(repository)?")
      }
      for file in files where manager.fileExists(atPath: "\(folder)/\(file.name)") {
        guard let expected = file.sha256 else { continue }
        let found = try SourceFingerprint.digest("\(folder)/\(file.name)").sha256
        guard found == expected else {
          return .wrong(
            "\(folder)/\(file.name): expected SHA-256 \(expected), that of \(repository) at \(revision), found \(found); was it "
              + "saved again? remove it and run: mope weights download \(name) --to FOLDER")
        }
      }
      return .good(parameters: try PretrainedEncoder(checkpoint).store.count)
    } catch let failure as Failure {
      return .wrong(failure.description)
    } catch { return .wrong("\(error)") }
  }

  /// The first field in which a configuration differs from the expected one; how much is dropped in training is not
  /// compared.
  public func difference(_ found: EncoderConfiguration) throws -> String? {
    let (a, b) = (try Self.fields(expected), try Self.fields(found))
    guard a.type == b.type else { return "model_type: expected \(a.type), found \(b.type)" }
    for name in Set(a.values.keys).union(b.values.keys).sorted() where !name.contains("drop") {
      if a.values[name] != b.values[name] {
        return
          "\(name): expected \(a.values[name] ?? "nothing"), found \(b.values[name] ?? "nothing")"
      }
    }
    return nil
  }

  private static func fields(_ configuration: EncoderConfiguration) throws -> (
    type: String, values: [String: String]
  ) {
    let (type, data): (String, Data)
    let encoder = JSONEncoder()
    switch configuration {
    case .vit(let c): (type, data) = ("vit", try encoder.encode(c))
    case .swin(let c): (type, data) = ("swin", try encoder.encode(c))
    case .bert(let c): (type, data) = ("bert", try encoder.encode(c))
    case .longformer(let c): (type, data) = ("longformer", try encoder.encode(c))
    case .gpt2(let c): (type, data) = ("gpt2", try encoder.encode(c))
    case .wav2vec2(let c): (type, data) = ("wav2vec2", try encoder.encode(c))
    }
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    return (type, object.mapValues { "\($0)" })
  }
}
