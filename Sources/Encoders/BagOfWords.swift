import Autograd
import Determinism
import NN

/// Sizes of a bag of words.
public struct BagOfWordsConfiguration: Codable, Hashable, Sendable {
  public var vocabulary: Int
  public var width: Int
  /// Whether padding is left out of the mean. The authors' code counts it.
  public var skipsPadding: Bool

  public init(vocabulary: Int, width: Int, skipsPadding: Bool = true) {
    self.vocabulary = vocabulary
    self.width = width
    self.skipsPadding = skipsPadding
  }

  /// On the words of `bert-base-uncased`.
  public static let base = BagOfWordsConfiguration(vocabulary: 30_522, width: 768)
}

/// The mean of word vectors and a linear map: a text encoder without order (METHOD.md §6).
public struct BagOfWords: Encoder {
  public let configuration: BagOfWordsConfiguration
  private let words: Embedding
  private let projection: Linear

  /// - Parameter vectors: gives the word vectors under BERT's name, `embeddings.word_embeddings.weight`; nil takes them
  ///   from where the scope takes the rest.
  public init(
    _ configuration: BagOfWordsConfiguration, vectors: Checkpoint? = nil, _ scope: Scope
  ) {
    self.configuration = configuration
    let source = vectors.map { scope.loading($0, ignoring: { _ in true }) } ?? scope
    words = Embedding(
      configuration.vocabulary, configuration.width, source / "embeddings" / "word_embeddings")
    projection = Linear(configuration.width, configuration.width, scope / "projection")
  }

  /// None: there is no block to prompt.
  public var blockWidths: [Int] { [] }
  public var featureWidth: Int { configuration.width }
  public var promptBound: Float { 0 }

  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let text = batch.text else { fatalError("BagOfWords: the batch has no text") }
    require(prompts == nil, "BagOfWords: there is no block to prompt")
    let (b, n) = text.shape
    let vectors = words(text.ids).reshaped(b, n, configuration.width)
    return projection(
      configuration.skipsPadding ? maskedMean(vectors, text.mask) : mean(vectors, axis: 1))
  }
}
