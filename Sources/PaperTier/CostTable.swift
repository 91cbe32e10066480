import Autograd
import Datasets
import Determinism
import Foundation
import Published
import Training

/// What runs of the paper tier would cost: time, memory and disk, from short measurements.
public struct CostTable: Sendable {
  /// The runs of one class of methods on one dataset.
  public struct Row: Sendable {
    public let title: String
    public let data: DataChoice.Name
    public let runs: Int
    /// Examples that are trained on, over all epochs, and that are judged, of one run.
    public let trained: Int
    public let judged: Int
    public let batchSize: Int
    public let probe: CostProbe

    /// Of one run on one core.
    public var hours: Double {
      (Double(trained) * probe.secondsPerTrainedExample
        + Double(judged) * probe.secondsPerJudgedExample) / 3600
    }
    /// Of one run that passes so many examples at once.
    public func bytes(batch: Int) -> Int { probe.fixedBytes + batch * probe.bytesPerExample }
    /// The largest micro-batch that fits, at most the batch; nil if two examples do not.
    public func microBatch(fitting bytes: Int) -> Int? {
      let count = min(batchSize, (bytes - probe.fixedBytes) / max(1, probe.bytesPerExample))
      return count >= 2 ? count : nil
    }
    /// The trained tensors of a finished run, and the checkpoint of an unfinished one with its moments.
    public var diskBytes: (stored: Int, checkpoint: Int) {
      (4 * probe.trainableParameters, 12 * probe.trainableParameters)
    }
  }

  public let rows: [Row]
  /// Runs that cannot be trained at this tier yet, by dataset.
  public let unsupported: [(data: DataChoice.Name, runs: Int)]

  /// Datasets that can be trained on.
  public static let supported: [DataChoice.Name] = [.snliVE, .food101, .mmIMDB]

  /// Measures every class of methods among these runs.
  /// - Parameters:
  ///   - source: data and checkpoints; nil takes published sizes, random weights and usual lengths of texts.
  ///   - watching: told which class is measured.
  public init(
    _ runs: [TrainingRun], source: (data: PublishedData, encoders: CheckpointEncoders)?,
    watching: (String) -> Void
  ) throws {
    let encoders =
      source.map { EncoderCatalogue($0.encoders) } ?? EncoderCatalogue(PublishedSizes())
    unsupported = DataChoice.Name.allCases.compactMap { name in
      let count = runs.count { $0.data.name == name }
      return Self.supported.contains(name) || count == 0 ? nil : (name, count)
    }
    let possible = runs.filter { Self.supported.contains($0.data.name) }
    var classes: [Method] = []
    for run in possible where !classes.contains(run.method.costClass) {
      classes.append(run.method.costClass)
    }
    var rows: [Row] = []
    for method in classes {
      let members = possible.filter { $0.method.costClass == method }
      let names = Self.supported.filter { name in members.contains { $0.data.name == name } }
      watching(method.title)
      let lengths = try names.map { name in
        try source.map { try $0.data.tokensPerText(DataChoice(name, dataSeed: 1), for: method) }
          ?? name.usualTokens
      }
      let probes = try CostProbe.measure(
        method, outputs: 101, lengths: lengths,
        side: try source?.data.side(of: method) ?? 224, encoders: encoders)
      for (name, probe) in zip(names, probes) {
        // Runs of one class and dataset differ in their number of examples at most.
        let alike = members.filter { $0.data.name == name }
        for choice in Set(alike.map(\.data)).sorted(by: {
          ($0.trainLimit ?? 0) < ($1.trainLimit ?? 0)
        }) {
          let those = alike.filter { $0.data == choice }
          let (train, judged) = try Self.sizes(choice, source?.data)
          let recipe = those[0].recipe
          let batch = min(recipe.batchSize, train)
          rows.append(
            Row(
              title: "\(method.title)\(choice.trainLimit.map { ", \($0) examples" } ?? "")",
              data: name, runs: those.count, trained: train / batch * batch * recipe.epochs,
              judged: judged, batchSize: batch, probe: probe))
        }
      }
    }
    self.rows = rows
  }

  private static func sizes(
    _ choice: DataChoice, _ data: PublishedData?
  ) throws -> (train: Int, judged: Int) {
    let judgedOn = Split(rawValue: choice.judgedOn) ?? .test
    if let data {
      let sizes = try data.sizes(choice)
      func count(_ split: Split) -> Int { sizes.first { $0.split == split }?.count ?? 0 }
      return (count(.train), count(judgedOn))
    }
    let published = PublishedKind(rawValue: choice.name.rawValue)?.publishedSizes ?? []
    func count(_ split: Split) -> Int { published.first { $0.split == split }?.count ?? 0 }
    return (min(choice.trainLimit ?? .max, count(.train)), count(judgedOn))
  }

  /// Hours of one core for all runs.
  public var hours: Double { rows.reduce(0) { $0 + Double($1.runs) * $1.hours } }
  /// Hours of one core for the longest run, which is never split.
  public var longestHours: Double { rows.map(\.hours).max() ?? 0 }
  /// What all finished runs keep.
  public var diskBytes: Int { rows.reduce(0) { $0 + $1.runs * $1.diskBytes.stored } }
}

/// A machine that trains several runs at once, each on some cores of which one decodes images.
public struct Machine: Sendable {
  public let cores: Int
  public let memoryBytes: Int
  /// How much faster a training is on `n` cores than on one, as a share of `n`: an assumption, see `mope plan`.
  public static let efficiency = 0.85

  public init(cores: Int, memoryBytes: Int) {
    self.cores = cores
    self.memoryBytes = memoryBytes
  }

  public static var this: Machine {
    Machine(
      cores: ProcessInfo.processInfo.activeProcessorCount,
      memoryBytes: Int(ProcessInfo.processInfo.physicalMemory))
  }

  /// Runs at a time: four cores each, or as many as there are.
  public var jobs: Int { max(1, cores / 4) }
  /// Threads of each run; one core more decodes.
  public var threads: Int { max(1, cores / jobs - 1) }
  /// What a run may hold while `jobs` run, with a tenth left to the system.
  public var memoryPerRun: Int { memoryBytes / 10 * 9 / jobs }

  /// How often faster than one core it is on one run, and on many.
  public var speed: (one: Double, all: Double) {
    let one = threads == 1 ? 1 : Double(threads) * Self.efficiency
    return (one, one * Double(jobs))
  }
}

extension DataChoice.Name {
  /// Tokens of a text in a padded batch where no data are there to measure: SNLI-VE's hypotheses are short, MM-IMDB's
  /// longest plots a paragraph, and of Food-101's pages most are longer than BERT takes.
  fileprivate var usualTokens: Int {
    switch self {
    case .snliVE: 24
    case .mmIMDB: 256
    default: 512
    }
  }
}
