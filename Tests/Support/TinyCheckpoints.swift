import Autograd
import Determinism
import Encoders
import Foundation
import NN

/// Checkpoint folders in the Hugging Face layout: the papers' architectures, a few thousand random weights each.
public enum TinyCheckpoints {
  public static let swin = SwinConfiguration(
    imageSize: 32, patchSize: 4, width: 16, depths: [2, 2], heads: [2, 4], window: 4)
  public static let vit = ViTConfiguration(
    imageSize: 32, patchSize: 8, width: 32, layers: 4, heads: 4, hiddenWidth: 64, epsilon: 1e-12)
  public static let bert = BERTConfiguration(
    vocabulary: vocabulary.count, positions: 64, width: 32, layers: 4, heads: 4, hiddenWidth: 64)

  /// For masks: larger images, and a last map that UperNet's grids of 6 × 6 cells fit.
  public static let largerSwin = SwinConfiguration(
    imageSize: 48, patchSize: 4, width: 16, depths: [2, 2], heads: [2, 4], window: 6)
  public static let wav2vec2 = Wav2Vec2Configuration(
    channels: [8, 16], kernels: [10, 8], strides: [5, 4], convolutionBias: false,
    width: 32, layers: 2, heads: 4, hiddenWidth: 64, positionKernel: 8, positionGroups: 4,
    epsilon: 1e-5, featureDropout: 0.1, hiddenDropout: 0.1, attentionDropout: 0.1,
    activationDropout: 0.1)

  /// Special tokens where `bert-base-uncased` has them; then every letter, alone and inside of a word.
  public static let vocabulary: [String] = {
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) } + (0...9).map(String.init)
    return ["[PAD]"] + (0..<99).map { "[unused\($0)]" } + ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
      + letters + [".", ",", "!", "?", "'"] + letters.map { "##\($0)" }
  }()

  private static func gpt2(vocabulary: Int) -> GPT2Configuration {
    GPT2Configuration(vocabulary: vocabulary, positions: 64, width: 32, layers: 2, heads: 4)
  }
  private static func longformer(vocabulary: Int) -> LongformerConfiguration {
    LongformerConfiguration(
      vocabulary: vocabulary, positions: 66, width: 32, layers: 2, heads: 4, hiddenWidth: 64,
      window: 8, padding: 1)
  }

  /// Writes `swin-base-22k`, `swin-base-384-22k`, `wav2vec2-base-960h`, `gpt2`, `longformer-base`, and ViT and BERT in
  /// both sizes' folders.
  public static func write(to root: String) throws {
    let gpt2 = gpt2(vocabulary: try copyBytePairs(of: "gpt2", to: "\(root)/gpt2"))
    try write("\(root)/gpt2", "gpt2", gpt2) { _ = GPT2(gpt2, $0) }
    let longformer = longformer(
      vocabulary: try copyBytePairs(of: "roberta", to: "\(root)/longformer-base"))
    try write("\(root)/longformer-base", "longformer", longformer) { _ = Longformer(longformer, $0) }
    try write("\(root)/swin-base-22k", "swin", swin) { _ = Swin(swin, $0) }
    try write("\(root)/swin-base-384-22k", "swin", largerSwin) { _ = Swin(largerSwin, $0) }
    try write("\(root)/wav2vec2-base-960h", "wav2vec2", wav2vec2) { _ = Wav2Vec2(wav2vec2, $0) }
    for size in ["base", "large"] {
      try write("\(root)/vit-\(size)-21k", "vit", vit) { _ = ViT(vit, pools: true, $0) }
      try write("\(root)/bert-\(size)", "bert", bert) { _ = BERT(bert, output: .pooler, $0) }
      try AtomicFile.write(
        vocabulary.joined(separator: "\n") + "\n", to: "\(root)/bert-\(size)/vocab.txt")
    }
  }

  /// The files of a fixture's tokenizer.
  /// - Returns: its number of tokens.
  private static func copyBytePairs(of name: String, to folder: String) throws -> Int {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in ["vocab.json", "merges.txt"] {
      let path = Fixture("tokenizers/\(name)").folder + "/\(file)"
      try AtomicFile.write(try String(contentsOfFile: path, encoding: .utf8), to: "\(folder)/\(file)")
    }
    let text = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/vocab.json"))
    return (try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]).count
  }

  private static func write(
    _ folder: String, _ modelType: String, _ configuration: some Encodable, _ make: (Scope) -> Void
  ) throws {
    let store = ParameterStore(random: RandomStream(seed: 0).stream(modelType))
    make(store.root)
    let tensors = store.parameters.flatMap { parameter -> [(name: String, tensor: Tensor)] in
      let rows = parameter.shape[0] / parameter.parts.count
      let value = parameter.value.detached
      return parameter.parts.enumerated().map { i, part in
        (part, parameter.parts.count == 1 ? value : value.slice(i * rows..<(i + 1) * rows))
      }
    }
    try SafetensorsWriter.write(tensors, to: "\(folder)/model.safetensors")
    var fields =
      try JSONSerialization.jsonObject(with: try JSONEncoder().encode(configuration))
      as? [String: Any] ?? [:]
    fields["model_type"] = modelType
    let data = try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys])
    try AtomicFile.write(String(decoding: data, as: UTF8.self), to: "\(folder)/config.json")
  }
}
