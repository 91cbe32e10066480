import Datasets
import Reporting
import Training

/// The finished runs behind a table, by row, dataset and seed. Runs that are not there are missing, not an error.
public struct RunResults: Sendable {
  private let found: [(cell: Workbench.Cell, bySeed: [Int: FinishedRun])]
  public let seeds: [Int]

  /// The runs that were asked for, there or not.
  let asked: [TrainingRun]
  private let tier: Tier

  init(
    _ found: [(cell: Workbench.Cell, bySeed: [Int: FinishedRun])], asked: [TrainingRun],
    seeds: [Int], tier: Tier
  ) {
    self.tier = tier
    self.found = found
    self.asked = asked
    self.seeds = seeds
  }

  /// Rows in the order in which they were asked for.
  public var rows: [Measurements.Row] {
    var rows: [Measurements.Row] = []
    for (cell, _) in found where !rows.contains(cell.row) { rows.append(cell.row) }
    return rows
  }

  /// Datasets in the order in which they were asked for.
  public var datasets: [DataChoice] {
    var datasets: [DataChoice] = []
    for (cell, _) in found where !datasets.contains(cell.data) { datasets.append(cell.data) }
    return datasets
  }

  /// All runs that are there.
  public var all: [FinishedRun] {
    found.flatMap { cell in seeds.compactMap { cell.bySeed[$0] } }
  }

  /// The runs of a row on a dataset, in the order of the seeds.
  public func runs(_ row: String, on data: DatasetID) -> [FinishedRun] {
    found.filter { $0.cell.row.id == row && $0.cell.data.name == data }
      .flatMap { cell in seeds.compactMap { cell.bySeed[$0] } }
  }

  /// Scores of every dataset as columns, in percent.
  /// - Parameters:
  ///   - paperTable: the table of `Golden/paper.json` these stand beside.
  ///   - scores: which of a dataset; the papers' by default.
  public func measurements(
    paperTable: String? = nil, scores: (DatasetDescriptor) -> [Score] = \.scores
  ) -> Measurements {
    let columns = datasets.flatMap { data in scores(data.descriptor).map { column($0, data) } }
    var measurements = Measurements(rows: rows, columns: columns, paperTable: paperTable)
    for (cell, bySeed) in found {
      for score in scores(cell.data.descriptor) {
        let column = Self.columnId(score, cell.data)
        for (seed, run) in bySeed.sorted(by: { $0.key < $1.key }) {
          guard let value = run.metric(score.metric, on: score.split) else { continue }
          measurements.set(value, row: cell.row.id, column: column, seed: seed)
        }
        if bySeed.isEmpty {
          measurements.set(
            .notRun("no stored run fits; train with: mope run"), row: cell.row.id, column: column)
        }
      }
    }
    return measurements
  }

  /// Examples of a judged split, the step of its metrics: of a stand-in its size, of published data what was judged.
  /// - Parameter split: nil where there is one.
  private func judgedCount(_ data: DataChoice, _ split: Split?) -> Int {
    guard tier == .paper else { return data.judgedCount }
    let runs = found.filter { $0.cell.data == data }.flatMap { $0.bySeed.values }
    let counts = runs.map { run in
      split.flatMap { run.predictions.decisions(on: $0)?.count } ?? run.predictions.decisions.count
    }
    return max(1, counts.max() ?? data.judgedCount)
  }

  /// The row's trainable parameters on a dataset, if a run is there.
  public func trainableParameters(_ row: String, on data: DatasetID) -> Int? {
    runs(row, on: data).first?.record.trainableParameters
  }

  /// "snli-ve:accuracy", "refcoco:meanIoU:testA"
  public static func columnId(_ score: Score, _ data: DataChoice) -> String {
    let split = score.split.map { ":\($0.rawValue)" } ?? ""
    return "\(data.name.rawValue):\(score.metric.rawValue)\(split)"
  }

  private func column(_ score: Score, _ data: DataChoice) -> Measurements.Column {
    let split = score.split.map { " \($0.shortName)" } ?? ""
    return Measurements.Column(
      Self.columnId(score, data), title: "\(data.title)\(split) \(score.metric.title)", unit: "%",
      digits: tier == .paper ? 2 : 1, resolution: 100 / Double(judgedCount(data, score.split)),
      paper: score.metric.paperName.flatMap { metric in
        data.descriptor.paperName.map { "\($0)\(split):\(metric)" }
      })
  }
}

/// A metric, and the split it is measured on where a run is judged on several.
public struct Score: Hashable, Sendable {
  public let metric: Metric.Name
  public let split: Split?

  public init(_ metric: Metric.Name, on split: Split? = nil) {
    self.metric = metric
    self.split = split
  }
}

extension Split {
  /// As in the papers' columns: "val", "testA".
  public var shortName: String { self == .validation ? "val" : rawValue }
}

extension Metric.Name {
  fileprivate var title: String {
    switch self {
    case .accuracy: "accuracy"
    case .f1: "F1"
    case .f1Macro: "F1-macro"
    case .f1Micro: "F1-micro"
    case .meanIoU: "mIoU"
    case .found: "IoU > 0.5"
    case .apart: "different masks"
    }
  }

  /// As in `Golden/paper.json`; nil where the papers have no such number.
  fileprivate var paperName: String? {
    switch self {
    case .accuracy: "accuracy"
    case .f1: "f1"
    case .f1Macro: "f1_macro"
    case .f1Micro: "f1_micro"
    case .meanIoU: "miou"
    case .found, .apart: nil
    }
  }
}

extension DatasetDescriptor {
  /// The columns of tables, the papers' first.
  public var scores: [Score] {
    metrics.flatMap { metric in
      splits.reported.isEmpty ? [Score(metric)] : splits.reported.map { Score(metric, on: $0) }
    }
  }
}

extension DataChoice {
  /// Examples of a judged split of the stand-in, the step of its metrics; one where there is no stand-in.
  var judgedCount: Int { descriptor.standIn?.sizes.test ?? 1 }
}

extension Measurements {
  /// A cell as a chart shows it; nil where there is no value.
  public func estimate(row: String, column: String) -> Estimate? {
    let values = ordered(row: row, column: column)
    return values.isEmpty ? nil : Estimate(values)
  }
}
