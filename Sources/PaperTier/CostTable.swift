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
    var classes: [CostClass] = []
    for run in runs where !classes.contains(CostClass(run)) { classes.append(CostClass(run)) }
    var rows: [Row] = []
    for one in classes {
      let method = one.method
      let members = runs.filter { CostClass($0) == one }
      let names = DataChoice.Name.allCases.filter { name in members.contains { $0.data.name == name } }
      watching(method.title)
      let shapes = try names.map { name in
        try source.map { try $0.data.exampleShape(DataChoice(name, dataSeed: 1), for: method) }
          ?? name.usualShape(for: method)
      }
      // Datasets with examples of one shape, as RefCOCO and RefCOCO+ usually are, are measured once.
      let distinct = shapes.enumerated().filter { shapes.firstIndex(of: $1) == $0 }.map(\.element)
      let probes = Dictionary(
        uniqueKeysWithValues: zip(
          distinct,
          try CostProbe.measure(method, for: one.task, shapes: distinct, encoders: encoders)))
      for (name, shape) in zip(names, shapes) {
        guard let probe = probes[shape] else { continue }
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

  /// Methods that cost the same on the same examples, and what they predict.
  private struct CostClass: Equatable {
    let method: Method
    let task: DatasetTask

    init(_ run: TrainingRun) {
      method = run.method.costClass
      func labels(_ count: Int) -> [String] { (0..<count).map(String.init) }
      task =
        switch run.data.name {
        case .refCOCO, .refCOCOPlus: .segmentation
        case .vqaV2: .answering(labels: labels(3129))
        // Three or a hundred classes cost the same.
        case .snliVE, .food101, .mmIMDB, .mustard: .classification(labels: labels(101))
        }
    }
  }

  private static func sizes(
    _ choice: DataChoice, _ data: PublishedData?
  ) throws -> (train: Int, judged: Int) {
    if let data { return try data.sizes(choice) }
    let sizes = choice.name.publishedSizes
    return (min(choice.trainLimit ?? .max, sizes.train), sizes.judged)
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
  /// Tokens of a text in a padded batch where no data are there to measure: hypotheses, questions and expressions are
  /// short, MM-IMDB's longest plots a paragraph, and of Food-101's pages most are longer than BERT takes.
  public var usualTokens: Int {
    switch self {
    case .refCOCO, .refCOCOPlus, .vqaV2: 16
    case .snliVE, .mustard: 24
    case .mmIMDB: 256
    case .food101: 512
    }
  }

  /// Seconds of a sound in a padded batch where no data are there to measure.
  public static let usualSeconds = 8

  /// The shape of examples where no data are there to measure.
  fileprivate func usualShape(for method: Method) -> ExampleShape {
    let isClip = self == .mustard
    return ExampleShape(
      tokens: usualTokens, side: method.vision == .swin384 ? 384 : 224,
      frames: isClip ? FramePreparation.count : 0,
      samples: isClip ? Self.usualSeconds * WaveFile.speechRate : 0)
  }

  /// The examples a run trains on and is judged on, by the sizes that papers print.
  fileprivate var publishedSizes: (train: Int, judged: Int) {
    let published = PublishedKind(rawValue: rawValue)?.publishedSizes ?? []
    func count(_ split: Split) -> Int { published.first { $0.split == split }?.count ?? 0 }
    switch self {
    case .refCOCO, .refCOCOPlus:
      // RefCOCO has 142 209 expressions of 50 000 objects, and the tests are judged by expression. Pairs are some of them.
      let perObject = 142_209.0 / 50_000
      let tests = Double(count(.testA) + count(.testB)) * perObject
      return (
        count(.train), count(.validation) + Int(tests) + DataChoice.judgedTrainingMasks
      )
    case .vqaV2: return (count(.train), 35_000)
    case .snliVE, .food101, .mmIMDB, .mustard: return (count(.train), count(.test))
    }
  }
}
