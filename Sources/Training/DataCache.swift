import Datasets
import Determinism
import Synchronization

/// The splits that runs of this process have asked for, each made once.
public final class DataCache: Sendable {
  private struct Key: Hashable {
    let choice: DataChoice
    let split: Split
  }

  private let tier: Tier
  private let splits = Mutex<[Key: PreparedSplit]>([:])

  public init(tier: Tier) { self.tier = tier }

  /// The examples to train on.
  public func training(_ choice: DataChoice) throws -> PreparedSplit { try split(choice, .train) }

  /// The examples to judge by: `choice.judgedOn`.
  public func judged(_ choice: DataChoice) throws -> PreparedSplit {
    guard let split = Split(rawValue: choice.judgedOn) else {
      throw Failure(.usage, "\(choice.judgedOn): no such split; use test or validation")
    }
    return try self.split(choice, split)
  }

  /// A digest of the first examples of every split: changes when the generator does.
  public func probe(_ choice: DataChoice) throws -> String {
    let dataset = try choice.dataset(tier)
    var hash = ContentHash()
    for split in [Split.train, .validation, .test] {
      hash.update(
        try PreparedSplit(dataset, split, tokenizer: WordVocabulary.standIns, limit: 8).contentHash)
    }
    return hash.finish()
  }

  private func split(_ choice: DataChoice, _ split: Split) throws -> PreparedSplit {
    var key = Key(choice: choice, split: split)
    if split == .train { key = Key(choice: choice.judging("train"), split: split) }
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
  /// The dataset of this choice at a tier.
  public func dataset(_ tier: Tier) throws -> any Dataset {
    guard tier != .paper else {
      throw Failure(.configuration, "the paper tier has no readers yet; use --tier mini")
    }
    guard dataSeed >= 0 else {
      throw Failure(.usage, "--data-seed: expected a number from 0, found \(dataSeed)")
    }
    let seed = UInt64(dataSeed)
    let small = tier == .smoke
    func sizes(_ train: Int) -> SplitSizes {
      small ? SplitSizes(train: 64, validation: 32, test: 32) : SplitSizes(train: train)
    }
    switch name {
    case .snliVE: return SNLIVEStandIn(dataSeed: seed, sizes: sizes(8000))
    case .food101:
      return FoodStandIn(dataSeed: seed, sizes: sizes(12_000), interaction: interaction)
    case .mmIMDB:
      return IMDBStandIn(dataSeed: seed, sizes: sizes(12_000), interaction: interaction)
    case .mustard:
      // Many more than the 334 of the real one: BERT knows which words are friendly, BERT-mini has to learn it here.
      return MUStARDStandIn(dataSeed: seed, sizes: sizes(6000))
    case .vqaV2: return VQAStandIn(dataSeed: seed, sizes: sizes(10_000))
    }
  }

  func judging(_ split: String) -> DataChoice {
    var choice = self
    choice.judgedOn = split
    return choice
  }
}
