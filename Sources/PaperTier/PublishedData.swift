import Cost
import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import ImageFiles
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
  private let titles: Bool
  private let datasets = Mutex<[PublishedKind: PublishedDataset]>([:])
  private let pipelines = Mutex<[PublishedKind: String]>([:])

  /// - Parameters:
  ///   - folder: of the datasets, as `mope data` takes it; `prepared`: where their prepared form is or will be.
  ///   - titles: takes Food-101's titles for its texts.
  ///   - workers: decoding threads for each training.
  public init(
    _ folder: String, prepared: String? = nil, titles: Bool = false, encoders: CheckpointEncoders,
    workers: Int = 1
  ) {
    store = PublishedStore(data: folder, folder: prepared)
    self.encoders = encoders
    self.workers = workers
    self.titles = titles
  }

  public func training(_ choice: DataChoice, for method: Method) throws -> any BatchSource {
    try split(choice, .train, method)
  }

  public func judged(_ choice: DataChoice, for method: Method) throws -> [any BatchSource] {
    try dataset(try kind(choice)).judgedSplits(choice).map { try split(choice, $0, method) }
  }

  public func task(_ choice: DataChoice) throws -> DatasetTask {
    try dataset(try kind(choice)).task
  }

  public func count(_ choice: DataChoice, of split: Split) throws -> Int {
    selected(try dataset(try kind(choice)), choice, split).count
  }

  public func examples(_ choice: DataChoice, pictures: Int) throws -> [Example] {
    let dataset = try dataset(try kind(choice))
    guard let split = try dataset.judgedSplits(choice).first else { return [] }
    let labels = dataset.task.labels
    return try selected(dataset, choice, split).enumerated().map { index, record in
      let image = index < pictures ? try record.image.map { try thumbnail(dataset.path($0)) } : nil
      let label = try record.exampleLabel(dataset.name)
      let answer = label.indices.first.map { [Attribute("answer", labels[$0])] } ?? []
      return Example(
        image: image, text: record.text, label: label, attributes: record.attributes + answer)
    }
  }

  public func firstExamples(
    _ choice: DataChoice, of split: Split, count: Int
  ) throws -> [Example] {
    let dataset = try dataset(try kind(choice))
    func picture(_ file: String) throws -> RasterImage { try RasterImage(contentsOf: dataset.path(file)) }
    return try selected(dataset, choice, split).prefix(count).map { record in
      Example(
        image: try record.image.map(picture), text: record.text,
        frames: try record.frames.prefix(1).map(picture),
        label: try record.exampleLabel(dataset.name), attributes: record.attributes)
    }
  }

  /// An image with its shorter side scaled to 128 pixels.
  private func thumbnail(_ path: String) throws -> RasterImage {
    try RasterImage(contentsOf: path).resized(shorterSide: 128)
  }

  /// Of the prepared records, and of what becomes of a record's image on its way into a network.
  public func probe(_ choice: DataChoice) throws -> String {
    let kind = try kind(choice)
    _ = try dataset(kind)
    guard let manifest = try store.manifest(kind) else {
      throw Failure(.internal, "\(store.path(kind)): no manifest after preparation")
    }
    return ContentHash.of("\(try manifest.identity()) \(try pipeline(kind))")
  }

  private func pipeline(_ kind: PublishedKind) throws -> String {
    try pipelines.withLock { known in
      if let digest = known[kind] { return digest }
      let digest = try PipelineProbe.digest(kind)
      known[kind] = digest
      return digest
    }
  }

  /// Of a run's examples.
  func counts(_ choice: DataChoice) throws -> ExampleCounts {
    let dataset = try dataset(try kind(choice))
    let trained = selected(dataset, choice, .train)
    var judged: [PublishedRecord] = []
    for split in try dataset.judgedSplits(choice) {
      let records = selected(dataset, choice, split)
      judged += split == .train ? records.prefix(DataChoice.judgedTrainingMasks) : records[...]
    }
    func images(_ records: [PublishedRecord]) -> Int {
      Set(records.map { $0.image ?? $0.frames.first ?? "" }).count
    }
    return ExampleCounts(
      train: trained.count, judged: judged.count, trainImages: images(trained),
      judgedImages: images(judged))
  }

  /// Width and height of the images that a method sees.
  func side(of method: Method) throws -> Int {
    switch try method.imageSlot.map({ try encoders.configuration($0.encoder) }) {
    case .vit(let c): c.imageSize
    case .swin(let c): c.imageSize
    default: 224
    }
  }

  /// The shape of examples in a padded batch: over some batches the mean of their longest text and sound.
  func exampleShape(_ choice: DataChoice, for method: Method) throws -> ExampleShape {
    let dataset = try dataset(try kind(choice))
    let records = dataset.records(.train).prefix(512)
    func padded(_ lengths: [Int]) -> Int {
      let longest = stride(from: 0, to: lengths.count, by: 16).map {
        lengths[$0..<min($0 + 16, lengths.count)].max() ?? 0
      }
      return longest.reduce(0, +) / max(1, longest.count)
    }
    let words = try text(method)
    var shape = ExampleShape(
      tokens: try words.map { words in padded(try records.map { try words.ids($0.text).count }) } ?? 0,
      side: try side(of: method))
    if choice.descriptor.modalities.contains(.video) {
      shape.frames = FramePreparation.count
      shape.samples = padded(
        try records.prefix(64).map { record in
          try record.audio.map { try WaveFile(path: dataset.path($0)).resampled().count } ?? 0
        })
    }
    return shape
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
    let records = selected(dataset, choice, split)
    guard records.count >= (split == .train ? 2 : 1) else {
      throw Failure(
        .badInput,
        "\(kind.title): split \(split.rawValue): expected at least \(split == .train ? 2 : 1) records, found \(records.count)"
      )
    }
    let inputs = try inputs(kind, choice, method)
    var hash = ContentHash()
    hash.update(try probe(choice))
    hash.update(split.rawValue)
    hash.update(records.count)
    hash.update(choice.trainLimit ?? 0)
    hash.update("\(inputs.images.map { "\($0)" } ?? "no images")")
    let reader = method.slot(.text)?.encoder.rawValue ?? ""
    hash.update("\(inputs.words.map { "\($0.limit) tokens of \(reader)" } ?? "no texts")")
    if let referring = inputs.referring { hash.update("\(referring)") }
    if let frames = inputs.frames { hash.update("\(frames)") }
    if let sounds = inputs.sounds { hash.update("\(sounds)") }
    return try PublishedSplit(
      dataset, split, records: records, task: dataset.task, digest: hash.finish(),
      inputs: inputs, workers: workers)
  }

  /// What a method reads of this dataset's records, and how.
  private func inputs(_ kind: PublishedKind, _ choice: DataChoice, _ method: Method) throws -> PublishedInputs {
    let read = method.inputs
    try choice.check(method)
    var inputs = PublishedInputs()
    inputs.words = try text(method)
    if read.contains(.vision) {
      let side = try side(of: method)
      inputs.images = kind.preparation?.scaled(to: side)
      if choice.descriptor.makesMasks { inputs.referring = ReferringPreparation(side: side) }
    }
    if read.contains(.video) { inputs.frames = FramePreparation(side: try side(of: method)) }
    if let slot = method.slot(.audio), case .wav2vec2(let c) = try encoders.configuration(slot.encoder) {
      inputs.sounds = SoundPreparation(least: c.shortestSound)
    }
    return inputs
  }

  /// The training records of a low-shot run are drawn once for all methods and seeds (METHOD.md §13.2;
  /// the authors' global seed is 42); a dry run takes the first of every split.
  private func selected(
    _ dataset: PublishedDataset, _ choice: DataChoice, _ split: Split
  ) -> [PublishedRecord] {
    let records = dataset.examples(split)
    var chosen = records
    if split == .train, let limit = choice.trainLimit, limit < records.count {
      chosen = Self.lowShotPlaces(limit, of: records.count).map { records[$0] }
    }
    return choice.limit.map { Array(chosen.prefix($0)) } ?? chosen
  }

  /// Which records a low-shot run trains on, in order.
  static func lowShotPlaces(_ limit: Int, of count: Int) -> [Int] {
    var random = RandomStream(seed: 42).stream("low-shot examples")
    return random.permutation(count).prefix(limit).sorted()
  }

  /// - Returns: nil for a method that reads no text.
  private func text(_ method: Method) throws -> TextPreparation? {
    guard let encoder = method.slot(.text)?.encoder else { return nil }
    let tokenizer = try encoders.tokenizer(encoder)
    let (positions, vocabulary) =
      switch try encoders.configuration(encoder) {
      case .bert(let c): (c.positions, c.vocabulary)
      case .gpt2(let c): (c.positions, c.vocabulary)
      case .longformer(let c): (c.positions - c.padding - 1, c.vocabulary)
      default: (512, tokenizer.vocabularyCount)
      }
    guard tokenizer.vocabularyCount <= vocabulary else {
      throw Failure(
        .badInput,
        "\(encoders.root): \(encoder.rawValue): the tokenizer has \(tokenizer.vocabularyCount) tokens, config.json "
          + "\(vocabulary); expected files of one checkpoint")
    }
    if let separator = method.choices.separator, tokenizer.frame.after != [separator] {
      throw Failure(
        .badInput,
        "\(encoders.root): \(encoder.rawValue): expected [SEP] at \(separator), as in "
          + "bert-base-uncased, found \(tokenizer.frame.after)")
    }
    return TextPreparation(tokenizer: tokenizer, limit: min(512, positions))
  }

  // MARK: Datasets

  private func kind(_ choice: DataChoice) throws -> PublishedKind {
    let kinds = PublishedKind.allCases.filter { $0.dataset == choice.name }
    guard let kind = kinds.first else {
      throw Failure(.configuration, "\(choice.title): no published form of it is known; run it at the tier mini")
    }
    return titles ? kinds.first { $0 == .food101Titles } ?? kind : kind
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

extension ImagePreparation {
  /// For a network that sees `side` pixels: the papers' see 224 of 256.
  func scaled(to side: Int) -> ImagePreparation {
    var scaled = self
    let length = { (length: Int) in length * side / self.side }
    switch resizing {
    case .shorterSide(let shorter): scaled.resizing = .shorterSide(length(shorter))
    case .square(let edge): scaled.resizing = .square(length(edge))
    }
    scaled.side = side
    return scaled
  }
}
