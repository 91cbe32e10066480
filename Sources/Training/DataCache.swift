import Datasets
import Determinism
import Fusion
import Synchronization

/// The splits of stand-ins that runs of this process have asked for, each made once.
public final class DataCache: DataProvider {
  private struct Key: Hashable {
    var choice: DataChoice
    let split: Split
  }

  private let tier: Tier
  private let splits = Mutex<[Key: PreparedSplit]>([:])

  public init(tier: Tier) { self.tier = tier }

  public func training(_ choice: DataChoice, for method: Method) throws -> any BatchSource {
    try choice.check(method)
    return try split(choice, .train)
  }

  public func judged(_ choice: DataChoice, for method: Method) throws -> [any BatchSource] {
    try choice.check(method)
    return try judged(choice)
  }

  /// The examples to judge by, split by split. Stand-ins are the same for all methods.
  func judged(_ choice: DataChoice) throws -> [PreparedSplit] {
    try choice.judgedSplits().map { try split(choice, $0) }
  }

  public func task(_ choice: DataChoice) throws -> DatasetTask { try choice.dataset(tier).task }

  public func count(_ choice: DataChoice, of split: Split) throws -> Int {
    try choice.dataset(tier).count(split)
  }

  public func examples(_ choice: DataChoice, pictures: Int) throws -> [Example] {
    guard let split = Split(rawValue: choice.judgedOn) else { return [] }
    let dataset = try choice.dataset(tier)
    return try (0..<dataset.count(split)).map { try dataset.example($0, of: split) }
  }

  public func firstExamples(
    _ choice: DataChoice, of split: Split, count: Int
  ) throws -> [Example] {
    let dataset = try choice.dataset(tier)
    return try (0..<min(count, dataset.count(split))).map { try dataset.example($0, of: split) }
  }

  /// A digest of the first examples of every split: changes when the generator does.
  public func probe(_ choice: DataChoice) throws -> String {
    let dataset = try choice.dataset(tier)
    var hash = ContentHash()
    for split in choice.descriptor.splits.probed {
      hash.update(
        try PreparedSplit(dataset, split, tokenizer: WordVocabulary.standIns, limit: 8).contentHash)
    }
    return hash.finish()
  }

  private func split(_ choice: DataChoice, _ split: Split) throws -> PreparedSplit {
    var key = Key(choice: choice, split: split)
    // What is judged does not change a split, how much is trained on changes the training split alone.
    if split == .train || choice.descriptor.makesMasks { key = Key(choice: choice.judging("train"), split: split) }
    if split != .train { key.choice.trainLimit = nil }
    return try splits.withLock { splits in
      if let known = splits[key] { return known }
      let made = try PreparedSplit(
        try choice.dataset(tier), split, tokenizer: WordVocabulary.standIns,
        limit: split == .train ? choice.trainLimit : nil)
      splits[key] = made
      return made
    }
  }
}

extension DataChoice {
  /// - Throws: `Failure(.configuration)` if a method reads what the dataset does not have.
  public func check(_ method: Method) throws {
    guard let strange = method.inputs.first(where: { !descriptor.modalities.contains($0) }) else { return }
    throw Failure(.configuration, "\(method.choices.name) reads \(strange.rawValue), which \(title) does not have")
  }

  /// The dataset of this choice at a tier.
  public func dataset(_ tier: Tier) throws -> any Dataset {
    guard tier != .paper else {
      throw Failure(
        .configuration,
        "\(title): this experiment looks at how examples were drawn, which says nothing about published ones; run it at the tier mini"
      )
    }
    guard dataSeed >= 0 else {
      throw Failure(.usage, "--data-seed: expected a number from 0, found \(dataSeed)")
    }
    guard let source = descriptor.standIn else {
      throw Failure(.configuration, "\(title): has no stand-in; run it at the tier paper with its data")
    }
    let sizes = tier == .smoke ? SplitSizes(train: 64, validation: 32, test: 32) : source.sizes
    return source.make(UInt64(dataSeed), sizes, interaction)
  }

  /// The splits a run is judged on, in the order of its decisions.
  /// - Throws: `Failure(.usage)` if there is no split of this name.
  public func judgedSplits() throws -> [Split] {
    if judgedOn == Split.test.rawValue { return descriptor.splits.judged }
    guard let split = Split(rawValue: judgedOn) else {
      throw Failure(.usage, "\(judgedOn): no such split; use test or validation")
    }
    return [split]
  }

  /// Training examples that masks are judged on at most, to see whether they were memorised.
  public static let judgedTrainingMasks = 1000

  func judging(_ split: String) -> DataChoice {
    var choice = self
    choice.judgedOn = split
    return choice
  }
}
