import Determinism
import Encoders
import NN

/// A public checkpoint on the Hugging Face hub that the papers use.
public struct PublishedWeights: Sendable, Hashable {
  public struct File: Sendable, Hashable {
    public let name: String
    /// Nil if it is not known; then the digest that the hub states is used while downloading.
    public let sha256: String?
    /// Whether the encoder runs without it.
    public let isOptional: Bool

    public init(name: String, sha256: String?, isOptional: Bool) {
      self.name = name
      self.sha256 = sha256
      self.isOptional = isOptional
    }
  }

  /// What this program calls it; the name of its folder.
  public let name: String
  /// Owner and name on the hub.
  public let repository: String
  /// A commit, branch or pull request of the repository.
  public let revision: String
  public let files: [File]
  /// Architecture and sizes; what concerns dropout alone is not compared.
  public let expected: EncoderConfiguration
  /// What the papers use it for.
  public let use: String
  /// What to do where the hub's main branch has no safetensors; nil where it has.
  public let hint: String?

  public init(
    name: String, repository: String, revision: String, files: [File],
    expected: EncoderConfiguration, use: String,
    hint: String?
  ) {
    self.name = name
    self.repository = repository
    self.revision = revision
    self.files = files
    self.expected = expected
    self.use = use
    self.hint = hint
  }

  /// Where a file is published.
  /// - Parameter site: of the hub or of a mirror.
  public func address(_ file: File, site: String = PublishedWeights.hub, revision: String? = nil)
    -> String
  {
    let revision = (revision ?? self.revision).replacing("/", with: "%2F")
    return "\(site)/\(repository)/resolve/\(revision)/\(file.name)"
  }

  public static let hub = "https://huggingface.co"

  /// All of them.
  ///
  /// The Swin weights are the hub's copies of the authors' `swin_base_patch4_window7_224_22k.pth` and
  /// `swin_base_patch4_window12_384_22k.pth`; those files themselves are not read.
  public static let all: [PublishedWeights] = [
    PublishedWeights(
      name: "swin-base-22k", repository: "microsoft/swin-base-patch4-window7-224-in22k",
      revision: "main",
      files: encoder, expected: .swin(.base), use: "images", hint: nil),
    PublishedWeights(
      name: "swin-base-384-22k", repository: "microsoft/swin-base-patch4-window12-384-in22k",
      revision: "refs/pr/1",
      files: encoder, expected: .swin(.base384), use: "referring segmentation",
      hint: "the main branch has pytorch_model.bin alone; pull request 1 adds model.safetensors"),
    PublishedWeights(
      name: "vit-base-21k", repository: "google/vit-base-patch16-224-in21k", revision: "main",
      files: encoder,
      expected: .vit(.base), use: "images and video frames", hint: nil),
    PublishedWeights(
      name: "vit-large-21k", repository: "google/vit-large-patch16-224-in21k", revision: "main",
      files: encoder,
      expected: .vit(.large), use: "images, large", hint: nil),
    PublishedWeights(
      name: "bert-base", repository: "google-bert/bert-base-uncased", revision: "main",
      files: encoder + wordPieces,
      expected: .bert(.base), use: "texts", hint: nil),
    PublishedWeights(
      name: "bert-large", repository: "google-bert/bert-large-uncased", revision: "main",
      files: encoder + wordPieces,
      expected: .bert(.large), use: "texts, large", hint: nil),
    PublishedWeights(
      name: "gpt2", repository: "openai-community/gpt2", revision: "main",
      files: encoder + bytePairs,
      expected: .gpt2(.small), use: "texts, causal", hint: nil),
    PublishedWeights(
      name: "longformer-base", repository: "allenai/longformer-base-4096", revision: "main",
      files: encoder + bytePairs,
      expected: .longformer(.base), use: "long texts",
      hint:
        "the main branch had pytorch_model.bin alone when this was written; save it again with transformers: "
        + "LongformerModel.from_pretrained(NAME).save_pretrained(FOLDER)"),
    PublishedWeights(
      name: "wav2vec2-base-960h", repository: "facebook/wav2vec2-base-960h", revision: "main",
      files: encoder,
      expected: .wav2vec2(.base), use: "speech", hint: nil),
  ]

  private static let encoder = [
    File(name: "config.json", sha256: nil, isOptional: false),
    File(name: "model.safetensors", sha256: nil, isOptional: false),
  ]
  private static let wordPieces = [
    File(name: "vocab.txt", sha256: nil, isOptional: false),
    File(name: "tokenizer_config.json", sha256: nil, isOptional: true),
    File(name: "tokenizer.json", sha256: nil, isOptional: true),
  ]
  private static let bytePairs = [
    File(name: "vocab.json", sha256: nil, isOptional: false),
    File(name: "merges.txt", sha256: nil, isOptional: false),
    File(name: "tokenizer_config.json", sha256: nil, isOptional: true),
    File(name: "tokenizer.json", sha256: nil, isOptional: true),
  ]

  /// Parameters of the encoder alone: no pooler, no task head.
  public var parameterCount: Int {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let scope = store.root.undefined
    switch expected {
    case .vit(let c): _ = ViT(c, scope)
    case .swin(let c): _ = Swin(c, scope)
    case .bert(let c): _ = BERT(c, scope)
    case .longformer(let c): _ = Longformer(c, scope)
    case .gpt2(let c): _ = GPT2(c, scope)
    case .wav2vec2(let c): _ = Wav2Vec2(c, scope)
    }
    return store.count
  }

  /// About the size of its largest file: four bytes per parameter. The Swin files also hold a head for 21 841 classes
  /// (another 90 MB).
  public var approximateBytes: Int { 4 * parameterCount }
}
