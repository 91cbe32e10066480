import Reporting
import Training

/// The finished runs behind a table, by row, dataset and seed. Runs that are not there are missing, not an error.
public struct RunResults: Sendable {
  private let found: [(cell: Workbench.Cell, bySeed: [Int: FinishedRun])]
  public let seeds: [Int]

  /// The runs that were asked for, there or not.
  let asked: [TrainingRun]

  init(
    _ found: [(cell: Workbench.Cell, bySeed: [Int: FinishedRun])], asked: [TrainingRun], seeds: [Int]
  ) {
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
  public func runs(_ row: String, on data: DataChoice.Name) -> [FinishedRun] {
    found.filter { $0.cell.row.id == row && $0.cell.data.name == data }
      .flatMap { cell in seeds.compactMap { cell.bySeed[$0] } }
  }

  /// Every metric of every dataset as a column, in percent.
  /// - Parameter paperTable: the table of `Golden/paper.json` these stand beside.
  public func measurements(paperTable: String? = nil) -> Measurements {
    let columns = datasets.flatMap { data in data.name.metrics.map { Self.column($0, data) } }
    var measurements = Measurements(rows: rows, columns: columns, paperTable: paperTable)
    for (cell, bySeed) in found {
      for metric in cell.data.name.metrics {
        let column = Self.columnId(metric, cell.data)
        for (seed, run) in bySeed.sorted(by: { $0.key < $1.key }) {
          guard let value = run.metric(metric) else { continue }
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

  /// The row's trainable parameters on a dataset, if a run is there.
  public func trainableParameters(_ row: String, on data: DataChoice.Name) -> Int? {
    runs(row, on: data).first?.record.trainableParameters
  }

  /// "snli-ve:accuracy"
  public static func columnId(_ metric: Metric.Name, _ data: DataChoice) -> String {
    "\(data.name.rawValue):\(metric.rawValue)"
  }

  private static func column(_ metric: Metric.Name, _ data: DataChoice) -> Measurements.Column {
    let paperNames = [
      DataChoice.Name.snliVE: "SNLI-VE", .food101: "UPMC Food-101", .mmIMDB: "MM-IMDB",
    ]
    let (title, paper) =
      switch metric {
      case .accuracy: ("accuracy", "accuracy")
      case .f1: ("F1", "f1")
      case .f1Macro: ("F1-macro", "f1_macro")
      case .f1Micro: ("F1-micro", "f1_micro")
      }
    return Measurements.Column(
      columnId(metric, data), title: "\(data.title) \(title)", unit: "%", digits: 1,
      resolution: 100 / Double(data.judgedCount), paper: paperNames[data.name].map { "\($0):\(paper)" })
  }
}

extension DataChoice.Name {
  /// The metrics of the dataset's task, in the order of the papers' columns.
  public var metrics: [Metric.Name] {
    switch self {
    case .snliVE, .food101, .vqaV2: [.accuracy]
    case .mustard: [.accuracy, .f1]
    case .mmIMDB: [.f1Macro, .f1Micro]
    }
  }
}

extension DataChoice {
  /// Examples of the judged split of the stand-in, the step of its metrics.
  var judgedCount: Int { 2000 }
}

extension Measurements {
  /// A cell as a chart shows it; nil where there is no value.
  public func estimate(row: String, column: String) -> Estimate? {
    let values = ordered(row: row, column: column)
    return values.isEmpty ? nil : Estimate(values)
  }
}
