import Autograd
import Datasets
import Determinism
import Foundation
import Laboratory
import PaperTier
import Reporting
import Training

/// `mope plan --tier paper`: what the runs would cost here and on 64 cores.
struct PublishedPlan {
  private let laboratory: Laboratory
  private let selected: [Experiment]
  private let options: CommonOptions
  /// Of the titles of the runs that are meant; nil for all.
  private let pattern: String?
  /// Whether data and checkpoints are named, or published sizes stand in for them.
  private let hasSource: Bool
  /// Whether stored runs would be trained again.
  private let retrains: Bool

  init(
    _ options: CommonOptions, _ ids: [String], matching pattern: String?, retrains: Bool
  ) throws {
    self.options = options
    self.retrains = retrains
    self.pattern = pattern
    hasSource = options.published.data != nil || options.published.weights != nil
    (laboratory, _, selected) = try options.laboratory(ids, needsData: hasSource)
  }

  private struct Entry: Encodable {
    let method: String
    let data: String
    let runs: Int
    let hoursPerRun: Double
    let secondsPerStep: Double
    let wholeBatchBytes: Int
    let microBatchHere: Int?
    let trainableParameters: [Int]
  }

  func answer() throws {
    Interruption.catchSignals()
    options.applyThreads()
    var runs: [TrainingRun] = []
    var experiments: [(id: String, runs: [TrainingRun])] = []
    var absent: [String] = []
    for experiment in selected where experiment.trains {
      do {
        let planned = try laboratory.plan(experiment).filter { run in
          pattern.map { Wildcards($0).matches(run.title) } ?? true
        }
        experiments.append((experiment.info.id, planned))
        for run in planned where !runs.contains(run) { runs.append(run) }
      } catch let failure as Failure where failure.kind == .configuration {
        absent.append("\(experiment.info.id): \(failure.description)")
      }
    }
    guard !runs.isEmpty else { throw Failure(.noMatch, "no run is meant, so nothing is measured") }
    let source = hasSource ? try options.published.source() : nil
    let stored = hasSource && !retrains ? try runs.filter { try laboratory.runner.stored($0) != nil } : []
    runs.removeAll { stored.contains($0) }
    guard !runs.isEmpty else {
      if options.json { return try Console.answer(json: [Entry]()) }
      return Console.answer("all \(stored.count) runs are stored: nothing to train")
    }
    let table = try CostTable(runs, source: source) { title in
      if !options.quiet && !options.json { Console.note("measuring \(title)") }
    }
    if options.json { return try Console.answer(json: table.rows.map(entry)) }
    if !stored.isEmpty {
      Console.answer("\(stored.count) runs are stored and not in the table.")
    }
    Console.answer(
      text(table.rows).terminalText(width: Console.outputWidth, color: options.usesColor))
    if experiments.count > 1 {
      Console.answer(
        text(experiments, table.hoursOfRun).terminalText(
          width: Console.outputWidth, color: options.usesColor))
    }
    Console.answer(basis)
    for machine in [Machine.this, Machine.many] {
      Console.answer(summary(table, machine))
    }
    Console.answer(disk(table))
    for line in absent { Console.answer("not in the table: \(line)") }
  }

  private func entry(_ row: CostTable.Row) -> Entry {
    Entry(
      method: row.title, data: row.data.rawValue, runs: row.runs, hoursPerRun: row.hours,
      secondsPerStep: Double(row.batchSize) * row.probe.secondsPerTrainedExample,
      wholeBatchBytes: row.bytes(batch: row.batchSize),
      microBatchHere: row.microBatch(fitting: Machine.this.memoryPerRun),
      trainableParameters: Set(row.trainableParameters).sorted())
  }

  private func text(_ rows: [CostTable.Row]) -> Table {
    var table = Table([
      Table.Column("Method", .leading), Table.Column("Data", .leading), Table.Column("Runs"),
      Table.Column("Batch"), Table.Column("s/step"), Table.Column("h/run"),
      Table.Column("h in all"),
      Table.Column("GB, whole batch"), Table.Column("fits here"),
    ])
    for row in rows {
      let fitting = row.microBatch(fitting: Machine.this.memoryPerRun)
      table.append([
        .text(row.title), .text(row.data.rawValue), .text("\(row.runs)"), .text("\(row.batchSize)"),
        .text(fixed(Double(row.batchSize) * row.probe.secondsPerTrainedExample, 1)),
        .text(hours(row.hours)), .text(hours(Double(row.runs) * row.hours)),
        .text(fixed(Double(row.bytes(batch: row.batchSize)) / 1e9, 1)),
        .text(fitting.map { $0 == row.batchSize ? "whole" : "--micro-batch \($0)" } ?? "no"),
      ])
    }
    return table
  }

  /// What each experiment would take by itself.
  private func text(
    _ experiments: [(id: String, runs: [TrainingRun])], _ hoursOfRun: [TrainingRun: Double]
  ) -> Table {
    let many = Machine.many
    var table = Table([
      Table.Column("Experiment alone", .leading), Table.Column("Runs"), Table.Column("h, one core"),
      Table.Column("days, \(Machine.this.cores) cores"), Table.Column("days, \(many.cores) cores"),
    ])
    for (id, planned) in experiments {
      let runs = planned.filter { hoursOfRun[$0] != nil }
      guard !runs.isEmpty else { continue }
      let sum = runs.reduce(0) { $0 + (hoursOfRun[$1] ?? 0) }
      table.append([
        .text(id), .text("\(runs.count)"), .text(hours(sum)),
        .text(fixed(sum / 24 / Machine.this.speed.all, 1)), .text(fixed(sum / 24 / many.speed.all, 1)),
      ])
    }
    return table
  }

  private var basis: String {
    let lengths = DatasetCatalogue.all.compactMap { data in
      data.id.published.map { "\($0.usual.tokens) (\(data.id.rawValue))" }
    }
    let what =
      hasSource
      ? "Sizes and lengths of texts and sounds are those of the data."
      : "No --data and --weights: published sizes, random weights, texts of \(lengths.joined(separator: ", ")) tokens, "
        + "sounds of \(DatasetID.usualSeconds) seconds."
    return
      "One core of this machine (\(Environment.current.className)), two examples a step, scaled to the batch. \(what) "
      + "Methods that differ in routing or in the number of experts alone are measured once. Judging the test split is included, and so is computing, once a run, those features of images that are kept (runs share them)."
  }

  private func summary(_ table: CostTable, _ machine: Machine) -> String {
    let largest = table.rows.map { $0.bytes(batch: $0.batchSize) }.max() ?? 0
    let needed = Double(largest * machine.jobs) / 1e9
    let days = table.hours / machine.speed.all / 24
    let longest = table.longestHours / machine.speed.one / 24
    let cores = "\(machine.cores) cores of this speed"
    let assumption =
      machine.threads == 1
      ? "one run at a time, one core training, one decoding"
      : "\(machine.jobs) runs at a time, each \(machine.threads) cores training at \(fixed(100 * Machine.efficiency, 0)) % (assumed) and one decoding"
    var text =
      "\(cores) (mope run -j \(machine.jobs) --threads \(machine.threads)): \(assumption): all \(table.rows.reduce(0) { $0 + $1.runs }) runs in \(fixed(days, 1)) days, the longest run \(fixed(longest, 1)) days; "
      + "whole batches need up to \(fixed(needed, 0)) GB of memory."
    let affordable = 30.0
    if days > affordable {
      text +=
        " That outgrows one machine: runs are independent, so \(Int((days / affordable).rounded(.up))) such machines do it in \(fixed(affordable, 0)) days "
        + "(mope run --runs PATTERN on each, then copy the folders under .mope/runs together)."
    }
    return text
  }

  private func disk(_ table: CostTable) -> String {
    let checkpoint = table.rows.map(\.checkpointBytes).max() ?? 0
    return
      "Disk: \(fixed(Double(table.tensorBytes) / 1e9, 1)) GB for trained tensors, up to \(fixed(Double(checkpoint) / 1e9, 1)) GB for the state of each unfinished run, "
      + "\(fixed(Double(table.featureBytes) / 1e9, 1)) GB for features of images that are kept; datasets and checkpoints as published."
  }

  private func hours(_ value: Double) -> String {
    value < 10 ? fixed(value, 2) : grouped(Int(value.rounded()))
  }
}
