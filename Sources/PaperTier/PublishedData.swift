import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import Images
import Published
import Synchronization
import Training

/// The published datasets under a folder, for training: prepared where they are not yet, their images in the size that
/// a method's encoder sees, their texts in the tokens of its text encoder.
public final class PublishedData: DataProvider {
  private let store: PublishedStore
  private let encoders: CheckpointEncoders
  private let workers: Int
  private let datasets = Mutex<[PublishedKind: PublishedDataset]>([:])

  /// - Parameters:
  ///   - folder: of the datasets, as `mope data` takes it; `prepared`: where their prepared form is or will be.
  ///   - workers: decoding threads for each training.
  public init(
    _ folder: String, prepared: String? = nil, encoders: CheckpointEncoders, workers: Int = 1
  ) {
    store = PublishedStore(data: folder, folder: prepared)
    self.encoders = encoders
    self.workers = workers
  }

  public func training(_ choice: DataChoice, for method: Method) throws -> any BatchSource {
    try split(choice, .train, method)
  }

  public func judged(_ choice: DataChoice, for method: Method) throws -> [any BatchSource] {
    guard let split = Split(rawValue: choice.judgedOn) else {
      throw Failure(.usage, "\(choice.judgedOn): no such split; use test or validation")
    }
    return [try self.split(choice, split, method)]
  }

  public func task(_ choice: DataChoice) throws -> DatasetTask {
    try task(try dataset(try kind(choice)))
  }

  public func examples(_ choice: DataChoice, pictures: Int) throws -> [Example] {
    guard let split = Split(rawValue: choice.judgedOn) else { return [] }
    let dataset = try dataset(try kind(choice))
    return try selected(dataset.records(split), choice, split).enumerated().map { index, record in
      let image = index < pictures ? try record.image.map { try thumbnail(dataset.path($0)) } : nil
      return Example(
        image: image, text: record.text, label: try PublishedSplit.label(record, dataset.name),
        attributes: record.attributes)
    }
  }

  /// An image with its shorter side scaled to 128 pixels.
  private func thumbnail(_ path: String) throws -> Pixels {
    let image = try RasterImage(contentsOf: path).resized(shorterSide: 128)
    return Pixels(width: image.width, height: image.height, bytes: image.pixels)
  }

  /// Of the manifest: sources and records with their digests.
  public func probe(_ choice: DataChoice) throws -> String {
    let kind = try kind(choice)
    _ = try dataset(kind)
    guard let manifest = try store.manifest(kind) else {
      throw Failure(.internal, "\(store.path(kind)): no manifest after preparation")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ContentHash.of(Array(try encoder.encode(manifest)))
  }

  /// Records of each split.
  public func sizes(_ choice: DataChoice) throws -> [(split: Split, count: Int)] {
    let dataset = try dataset(try kind(choice))
    return dataset.splits.map { split, records in
      (split, selected(records, choice, split).count)
    }
  }

  /// Image files of the training split, the first so many.
  public func imageFiles(_ choice: DataChoice, count: Int) throws -> [String] {
    let dataset = try dataset(try kind(choice))
    return dataset.records(.train).prefix(count).compactMap(\.image).map(dataset.path)
  }

  /// Width and height of the images that a method sees.
  func side(of method: Method) throws -> Int {
    switch try encoders.configuration(method.vision) {
    case .vit(let c): c.imageSize
    case .swin(let c): c.imageSize
    default: 224
    }
  }

  /// The mean over some batches of the longest text's tokens: what a padded batch has for each text.
  func tokensPerText(_ choice: DataChoice, for method: Method) throws -> Int {
    let words = try text(method)
    let texts = try dataset(try kind(choice)).records(.train).prefix(512).map(\.text)
    let counts = try texts.map { try words.ids($0).count }
    let longest = stride(from: 0, to: counts.count, by: 16).map {
      counts[$0..<min($0 + 16, counts.count)].max() ?? 0
    }
    return longest.reduce(0, +) / max(1, longest.count)
  }

  // MARK: Splits

  private func split(
    _ choice: DataChoice, _ split: Split, _ method: Method
  ) throws -> PublishedSplit {
    guard choice.interaction == 1 else {
      throw Failure(
        .configuration,
        "\(choice.title): the strength of an interaction belongs to stand-ins; real data have the one they have"
      )
    }
    let kind = try kind(choice)
    let dataset = try dataset(kind)
    let records = selected(dataset.records(split), choice, split)
    guard records.count >= (split == .train ? 2 : 1) else {
      throw Failure(
        .badInput,
        "\(kind.title): split \(split.rawValue): expected at least \(split == .train ? 2 : 1) records, found \(records.count)"
      )
    }
    let inputs = method.inputs
    let preparation = inputs.contains(.vision) ? try images(kind, method) : nil
    let words = inputs.contains(.text) ? try text(method) : nil
    var hash = ContentHash()
    hash.update(try probe(choice))
    hash.update(split.rawValue)
    hash.update(records.count)
    hash.update(choice.trainLimit ?? 0)
    hash.update("\(preparation.map { "\($0)" } ?? "no images")")
    hash.update("\(words.map { "\($0.limit) tokens of \(method.text.rawValue)" } ?? "no texts")")
    return try PublishedSplit(
      dataset, split, records: records, task: try task(dataset), digest: hash.finish(),
      preparation: preparation, words: words, workers: workers)
  }

  /// The training records of a low-shot run are drawn once for all methods and seeds (MoPE, arXiv 2403.10568v1: data
  /// scaling; the authors' global seed is 42); a dry run takes the first of every split.
  private func selected(
    _ records: [PublishedRecord], _ choice: DataChoice, _ split: Split
  ) -> [PublishedRecord] {
    var chosen = records
    if split == .train, let limit = choice.trainLimit, limit < records.count {
      var random = RandomStream(seed: 42).stream("low-shot examples")
      chosen = random.permutation(records.count).prefix(limit).sorted().map { records[$0] }
    }
    return choice.limit.map { Array(chosen.prefix($0)) } ?? chosen
  }

  private func images(_ kind: PublishedKind, _ method: Method) throws -> ImagePreparation {
    try kind.preparation(side: try side(of: method))
  }

  private func text(_ method: Method) throws -> TextPreparation {
    let tokenizer = try encoders.tokenizer(method.text)
    let (positions, vocabulary) =
      switch try encoders.configuration(method.text) {
      case .bert(let c): (c.positions, c.vocabulary)
      case .gpt2(let c): (c.positions, c.vocabulary)
      case .longformer(let c): (c.positions - c.padding - 1, c.vocabulary)
      default: (512, tokenizer.vocabularyCount)
      }
    guard tokenizer.vocabularyCount <= vocabulary else {
      throw Failure(
        .badInput,
        "\(encoders.root): \(method.text.rawValue): the tokenizer has \(tokenizer.vocabularyCount) tokens, config.json "
          + "\(vocabulary); expected files of one checkpoint")
    }
    if case .mmbt(let configuration) = method.fusion,
      tokenizer.frame.after != [configuration.separator]
    {
      throw Failure(
        .badInput,
        "\(encoders.root): \(method.text.rawValue): expected [SEP] at \(configuration.separator), as in "
          + "bert-base-uncased, found \(tokenizer.frame.after)")
    }
    return TextPreparation(tokenizer: tokenizer, limit: min(512, positions))
  }

  // MARK: Datasets

  private func kind(_ choice: DataChoice) throws -> PublishedKind {
    guard let kind = PublishedKind(rawValue: choice.name.rawValue) else {
      throw Failure(.internal, "\(choice.name.rawValue): no published dataset of this name")
    }
    switch kind {
    case .snliVE, .food101, .food101Titles, .mmIMDB: return kind
    case .refCOCO, .refCOCOPlus, .vqaV2, .mustard:
      throw Failure(
        .configuration,
        "\(kind.title): its files are read, but it is not trained on at the paper tier yet; SNLI-VE, Food-101 and MM-IMDB are"
      )
    }
  }

  private func task(_ dataset: PublishedDataset) throws -> DatasetTask {
    switch dataset.task {
    case .classification(let labels): return .classification(labels: labels)
    case .multiLabel(let labels): return .multiLabel(labels: labels)
    case .segmentation: return .segmentation
    case .answering:
      throw Failure(
        .configuration, "\(dataset.name): answers are not trained on at the paper tier yet")
    }
  }

  /// Prepared if it is not yet, and loaded once.
  private func dataset(_ kind: PublishedKind) throws -> PublishedDataset {
    try datasets.withLock { known in
      if let dataset = known[kind] { return dataset }
      try store.prepare(kind)
      let dataset = try store.load(kind)
      known[kind] = dataset
      return dataset
    }
  }
}

extension PublishedKind {
  /// The authors' image preparation for a network that sees `side` pixels: theirs is 256, then the centre 224.
  func preparation(side: Int) throws -> ImagePreparation {
    var preparation: ImagePreparation
    switch self {
    case .food101, .food101Titles: preparation = .food101
    case .mmIMDB: preparation = .mmIMDB
    case .snliVE: preparation = .snliVE
    case .vqaV2: preparation = .vqa
    case .refCOCO, .refCOCOPlus, .mustard:
      throw Failure(.configuration, "\(title): has no preparation for classification")
    }
    let scaled = { (length: Int) in length * side / preparation.side }
    switch preparation.resizing {
    case .shorterSide(let length): preparation.resizing = .shorterSide(scaled(length))
    case .square(let length): preparation.resizing = .square(scaled(length))
    }
    preparation.side = side
    return preparation
  }
}
