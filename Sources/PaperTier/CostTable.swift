import Autograd
import Cost
import Datasets
import Determinism
import Foundation
import Fusion
import Published
import Training

/// What runs of the paper tier would cost: time, memory and disk, from short measurements.
public struct CostTable: Sendable {
  /// The runs of one class of methods on one dataset.
  public struct Row: Sendable {
    /// Of the first method of the class, and how many cost the same.
    public let title: String
    public let data: DatasetID
    public let counts: ExampleCounts
    public let epochs: Int
    public let batchSize: Int
    public let probe: CostProbe
    /// Images whose feature is computed once and kept.
    public let keptImages: Int
    /// Of each run: they differ within a class, as with the number of experts.
    public let trainableParameters: [Int]
    /// Names what features are kept under: runs of one dataset and image encoder share them.
    fileprivate let imageEncoder: String

    public var runs: Int { trainableParameters.count }
    /// Of one run on one core.
    public var hours: Double {
      let trained = counts.train / batchSize * batchSize * epochs
      return
        (Double(trained) * probe.secondsPerTrainedExample
        + Double(counts.judged) * probe.secondsPerJudgedExample
        + Double(keptImages) * (probe.keptFeature?.secondsPerImage ?? 0)) / 3600
    }
    /// Of one run that passes so many examples at once.
    public func bytes(batch: Int) -> Int { probe.fixedBytes + batch * probe.bytesPerExample }
    /// The largest micro-batch that fits, at most the batch; nil if two examples do not.
    public func microBatch(fitting bytes: Int) -> Int? {
      let count = min(batchSize, (bytes - probe.fixedBytes) / max(1, probe.bytesPerExample))
      return count >= 2 ? count : nil
    }
    /// The state of an unfinished run: trained tensors and their moments.
    public var checkpointBytes: Int { 12 * (trainableParameters.max() ?? 0) }
    fileprivate var featureBytes: Int { 4 * keptImages * (probe.keptFeature?.width ?? 0) }
  }

  public let rows: [Row]
  /// Hours of one core for each run.
  public let hoursOfRun: [TrainingRun: Double]

  /// Measures every class of methods among these runs.
  /// - Parameters:
  ///   - source: data and checkpoints; nil takes published sizes, random weights and usual lengths of texts.
  ///   - watching: told which class is measured.
  public init(
    _ runs: [TrainingRun], source: (data: PublishedData, encoders: CheckpointEncoders)?,
    watching: (String) -> Void
  ) throws {
    let encoders = EncoderCatalogue(source.map { $0.encoders } ?? UntrainedEncoders.published)
    let counting = EncoderCatalogue(
      UntrainedEncoders(
        onlyCounts: true, sizes: source.map { $0.encoders.configuration } ?? UntrainedEncoders.published.sizes))
    var classes: [CostClass] = []
    for run in runs where !classes.contains(CostClass(run)) { classes.append(CostClass(run)) }
    var rows: [Row] = []
    var hoursOfRun: [TrainingRun: Double] = [:]
    for one in classes {
      let method = one.method
      let members = runs.filter { CostClass($0) == one }
      let names = DatasetCatalogue.all.map(\.id).filter { name in members.contains { $0.data.name == name } }
      watching(Self.title(members))
      let keepsFeatures = method.fixedImageFeature != nil
      let shapes = try names.map { name in
        var shape =
          try source.map { try $0.data.exampleShape(DataChoice(name, dataSeed: 1), for: method) }
          ?? name.usualShape(for: method)
        shape.keepsFeatures = keepsFeatures && !name.drawsImages
        return shape
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
        for limit in Set(alike.map { $0.data.trainLimit ?? .max }).sorted() {
          let those = alike.filter { $0.data.trainLimit ?? .max == limit }
          let choice = those[0].data
          let counts = try source?.data.counts(choice) ?? choice.publishedCounts
          let judgedImages = keepsFeatures ? counts.judgedImages : 0
          let row = Row(
            title: Self.title(those) + (choice.trainLimit.map { ", \($0) examples" } ?? ""),
            data: name, counts: counts, epochs: those[0].recipe.epochs,
            batchSize: min(those[0].recipe.batchSize, counts.train), probe: probe,
            keptImages: judgedImages + (shape.keepsFeatures ? counts.trainImages : 0),
            trainableParameters: try Self.trainable(those, one.task, counting),
            imageEncoder: "\(name.rawValue) \(method.imageSlot.map { "\($0.encoder.rawValue) \($0.pools)" } ?? "")")
          rows.append(row)
          for run in those { hoursOfRun[run] = row.hours }
        }
      }
    }
    self.rows = rows
    self.hoursOfRun = hoursOfRun
  }

  /// "MoPE k=16", or "MoPE k=16 and 3 more".
  private static func title(_ runs: [TrainingRun]) -> String {
    let others = Set(runs.map(\.method)).count - 1
    return runs[0].method.title(in: runs[0].profile) + (others > 0 ? " and \(others) more" : "")
  }

  /// The trainable parameters of each run.
  private static func trainable(
    _ runs: [TrainingRun], _ task: DatasetTask, _ encoders: EncoderCatalogue
  ) throws -> [Int] {
    var known: [Method: Int] = [:]
    return try runs.map { run in
      if let count = known[run.method] { return count }
      let model = try run.method.model(
        for: task, encoders: encoders, random: RandomStream(seed: 0))
      known[run.method] = model.store.trainableCount
      return model.store.trainableCount
    }
  }

  /// Methods that cost the same on the same examples, and what they predict.
  private struct CostClass: Equatable {
    let method: Method
    let task: DatasetTask

    init(_ run: TrainingRun) {
      method = run.method.costClass
      func labels(_ count: Int) -> [String] { (0..<count).map(String.init) }
      task =
        switch run.data.descriptor.goal {
        case .masks: .segmentation
        case .answers: .answering(labels: labels(3129))
        // Three or a hundred classes cost the same.
        case .classes, .labels: .classification(labels: labels(101))
        }
    }
  }

  /// Hours of one core for all runs.
  public var hours: Double { rows.reduce(0) { $0 + Double($1.runs) * $1.hours } }
  /// Hours of one core for the longest run, which is never split.
  public var longestHours: Double { rows.map(\.hours).max() ?? 0 }
  /// What all finished runs keep.
  public var tensorBytes: Int { 4 * rows.reduce(0) { $0 + $1.trainableParameters.reduce(0, +) } }
  /// Features of images that are kept for all runs.
  public var featureBytes: Int {
    Dictionary(rows.map { ($0.imageEncoder, $0.featureBytes) }, uniquingKeysWith: max).values.reduce(
      0, +)
  }
}

/// How many examples a run of one choice of data has, and how many images they show.
public struct ExampleCounts: Sendable {
  public var train: Int
  public var judged: Int
  public var trainImages: Int
  public var judgedImages: Int
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

  /// A large workstation.
  public static let many = Machine(cores: 64, memoryBytes: 256 << 30)

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

extension DatasetID {
  /// Its published form, where it has one.
  public var published: PublishedKind? { PublishedKind.allCases.first { $0.dataset == self } }

  /// Seconds of a sound in a padded batch where no data are there to measure.
  public static let usualSeconds = 8

  /// The shape of examples where no data are there to measure.
  fileprivate func usualShape(for method: Method) -> ExampleShape {
    let isClip = descriptor.modalities.contains(.video)
    return ExampleShape(
      tokens: published?.usual.tokens ?? 512, side: method.imageSlot?.encoder == .swin384 ? 384 : 224,
      frames: isClip ? FramePreparation.count : 0,
      samples: isClip ? Self.usualSeconds * WaveFile.speechRate : 0)
  }

  /// Whether training sees other pixels of an image in each epoch. Preparations of masks and clips draw nothing.
  fileprivate var drawsImages: Bool { published?.preparation?.augmentation != nil }
}

extension DataChoice {
  /// By the sizes that papers print.
  fileprivate var publishedCounts: ExampleCounts {
    let published = name.published
    func count(_ split: Split) -> Int { published?.publishedSizes.first { $0.split == split }?.count ?? 0 }
    let judged: Int
    if let other = published?.testStandsFor {
      judged = other.records
    } else if descriptor.makesMasks {
      // The tests are judged by expression. Pairs are some of them.
      let tests = Double(count(.testA) + count(.testB)) * (published?.usual.textsPerObject ?? 1)
      judged = count(.validation) + Int(tests) + Self.judgedTrainingMasks
    } else {
      judged = count(.test)
    }
    var counts = ExampleCounts(
      train: count(.train), judged: judged, trainImages: published?.usual.trainImages ?? count(.train),
      judgedImages: published?.usual.judgedImages ?? judged)
    if let trainLimit {
      counts.train = min(counts.train, trainLimit)
      counts.trainImages = min(counts.trainImages, trainLimit)
    }
    return counts
  }
}
