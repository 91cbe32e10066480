import Determinism
import Encoders
import NN

/// A public checkpoint on the Hugging Face hub that the papers use.
public struct PublishedWeights: Sendable, Hashable {
  public struct File: Sendable, Hashable {
    public let name: String
    /// As several public repositories that do not know one another quote it for the listed revision. Nil where fewer than two
    /// were found; then the digest that the hub states is used while downloading.
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
      files: encoder(), expected: .swin(.base), use: "images", hint: nil),
    PublishedWeights(
      name: "swin-base-384-22k", repository: "microsoft/swin-base-patch4-window12-384-in22k",
      revision: "refs/pr/1",
      files: encoder(), expected: .swin(.base384), use: "referring segmentation",
      hint: "the main branch has pytorch_model.bin alone; pull request 1 adds model.safetensors"),
    PublishedWeights(
      name: "vit-base-21k", repository: "google/vit-base-patch16-224-in21k",
      revision: "b4569560a39a0f1af58e3ddaf17facf20ab919b0",
      files: encoder(weights: "fd4e1169c7aa6c2dbfa8a6448be13b35abc0ee256190857c90009d12c094619b"),
      expected: .vit(.base), use: "images and video frames", hint: nil),
    PublishedWeights(
      name: "vit-large-21k", repository: "google/vit-large-patch16-224-in21k", revision: "main",
      files: encoder(),
      expected: .vit(.large), use: "images, large", hint: nil),
    PublishedWeights(
      name: "bert-base", repository: "google-bert/bert-base-uncased",
      revision: "86b5e0934494bd15c9632b12f734a8a67f723594",
      files: encoder(weights: "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3")
        + wordPieces(words: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
      expected: .bert(.base), use: "texts", hint: nil),
    PublishedWeights(
      name: "bert-large", repository: "google-bert/bert-large-uncased", revision: "main",
      files: encoder() + wordPieces(),
      expected: .bert(.large), use: "texts, large", hint: nil),
    PublishedWeights(
      name: "gpt2", repository: "openai-community/gpt2",
      revision: "607a30d783dfa663caf39e06633721c8d4cfcd7e",
      files: encoder(weights: "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707")
        + bytePairs(
          words: "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
          merges: "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
      expected: .gpt2(.small), use: "texts, causal", hint: nil),
    PublishedWeights(
      name: "longformer-base", repository: "allenai/longformer-base-4096", revision: "main",
      files: encoder() + bytePairs(),
      expected: .longformer(.base), use: "long texts",
      hint:
        "the main branch had pytorch_model.bin alone when this was written; save it again with transformers: "
        + "LongformerModel.from_pretrained(NAME).save_pretrained(FOLDER)"),
    PublishedWeights(
      name: "wav2vec2-base-960h", repository: "facebook/wav2vec2-base-960h",
      revision: "22aad52d435eb6dbaf354bdad9b0da84ce7d6156",
      files: encoder(
        weights: "8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a",
        configuration: "d3ec255c063d9f95057b553b19c20135b259875834a4fe9deb218a6be25b4cf3"),
      expected: .wav2vec2(.base), use: "speech", hint: nil),
  ]

  private static func encoder(weights: String? = nil, configuration: String? = nil) -> [File] {
    [
      File(name: "config.json", sha256: configuration, isOptional: false),
      File(name: "model.safetensors", sha256: weights, isOptional: false),
    ]
  }
  private static func wordPieces(words: String? = nil) -> [File] {
    [File(name: "vocab.txt", sha256: words, isOptional: false)] + tokenizer
  }
  private static func bytePairs(words: String? = nil, merges: String? = nil) -> [File] {
    [
      File(name: "vocab.json", sha256: words, isOptional: false),
      File(name: "merges.txt", sha256: merges, isOptional: false),
    ] + tokenizer
  }
  private static let tokenizer = ["tokenizer_config.json", "tokenizer.json"].map {
    File(name: $0, sha256: nil, isOptional: true)
  }

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
