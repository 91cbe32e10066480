import ArgumentParser
import Determinism
import Experiments
import Foundation
import Laboratory
import Reporting
import Training

/// Whether an experiment's runs are there and fit today's code, encoders and data.
enum Freshness: String, Encodable {
  case fresh, stale, missing

  init(stored: Int, of all: Int, hasGolden: Bool) {
    self = stored == all ? .fresh : (stored > 0 || hasGolden) ? .stale : .missing
  }
}

/// `mope list`
struct List: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Lists the experiments with their state and verdicts.")

  @OptionGroup var options: CommonOptions
  @Argument(help: "Experiments; all if none is named.") var ids: [String] = []
  var kernel: KernelChoice { options.kernel }

  private struct Entry: Encodable {
    let id: String
    let title: String
    let reproduces: String
    let state: Freshness
    let runs: Int
    let storedRuns: Int
    let verdicts: [String: String]
  }

  func run() throws {
    let (laboratory, _, selected) = try options.laboratory(ids)
    let entries = try selected.map { experiment in
      let runs = try laboratory.plan(experiment)
      let stored = try runs.count(where: laboratory.runner.isStored)
      let golden = try laboratory.golden(experiment)
      return Entry(
        id: experiment.info.id, title: experiment.info.title,
        reproduces: experiment.info.reproduces,
        state: Freshness(stored: stored, of: runs.count, hasGolden: golden != nil),
        runs: runs.count, storedRuns: stored,
        verdicts: (golden?.verdicts ?? [:]).mapValues(\.rawValue))
    }
    if options.json {
      try Console.answer(json: entries)
      return
    }
    var table = Table([
      Table.Column("Experiment", .leading), Table.Column("State", .leading),
      Table.Column("Runs", .trailing), Table.Column("Verdicts", .leading),
    ])
    for entry in entries {
      let verdicts = Verdict.allCases.compactMap { verdict -> String? in
        let count = entry.verdicts.values.count { $0 == verdict.rawValue }
        return count > 0 ? "\(verdict.mark) \(count)" : nil
      }
      table.append([
        .text(entry.id), .text(entry.state.rawValue), .text("\(entry.storedRuns)/\(entry.runs)"),
        .text(verdicts.isEmpty ? "none yet" : verdicts.joined(separator: "  ")),
      ])
    }
    if ids.isEmpty && options.tier != .smoke {
      for draft in draftExperiments { table.append([.text(draft.info.id), "draft", "–", "no goldens yet"]) }
    }
    Console.answer(table.terminalText(width: Console.outputWidth, color: options.usesColor))
    Console.answer(Verdict.allCases.map(\.label).joined(separator: "   "))
  }
}

/// `mope plan`
struct Plan: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Says what would be trained, why, and how long it would take. Writes nothing.")

  @OptionGroup var options: CommonOptions
  @Argument(help: "Experiments; all if none is named.") var ids: [String] = []
  @Option(name: .shortAndLong, help: "Runs at the same time, for the prediction.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "As if nothing were stored.") var retrain = false
  @Option(help: "Only the runs whose title matches this pattern (* and ?).") var runs: String?
  var kernel: KernelChoice { options.kernel }

  private struct Entry: Encodable {
    let experiment: String
    let run: String
    let why: [String]
    let predictedSeconds: Double?
  }

  func validate() throws {
    guard jobs >= 1 else { throw ValidationError("--jobs: expected at least 1, found \(jobs)") }
  }

  func run() throws {
    if options.tier == .paper { return try PublishedPlan(options, ids, matching: runs, retrains: retrain).answer() }
    let (laboratory, _, selected) = try options.laboratory(ids)
    let records = try laboratory.runner.store.records()
    let wanted = try Set(laboratory.experiments.flatMap(laboratory.plan).map(laboratory.runner.key))
    let old = records.filter { !wanted.contains($0.key) }
    var entries: [Entry] = []
    var matching = 0
    for experiment in selected {
      for run in try laboratory.plan(experiment) where runs.map({ Wildcards($0).matches(run.title) }) ?? true {
        matching += 1
        var why = ["retraining was asked for"]
        if !retrain {
          if try laboratory.runner.isStored(run) { continue }
          why = try laboratory.runner.changes(run, from: old) ?? ["new"]
        }
        entries.append(
          Entry(
            experiment: experiment.info.id, run: run.title, why: why,
            predictedSeconds: Self.cost(run, records)))
      }
    }
    if let runs, matching == 0 {
      throw Failure(.noMatch, "--runs \(runs): matches no run of the selected experiments")
    }
    if options.json {
      try Console.answer(json: entries)
      return
    }
    guard !entries.isEmpty else {
      Console.answer("Nothing to train: every run is stored and fits today's code, encoders and data.")
      return
    }
    for entry in entries {
      let time = entry.predictedSeconds.map { "about \(fixed($0, 0)) s" } ?? "cost unknown"
      Console.answer("\(entry.experiment)  \(entry.run)  (\(time))")
      for change in entry.why.prefix(options.verbose ? 50 : 4) { Console.answer("    \(change)") }
    }
    let known = entries.compactMap(\.predictedSeconds)
    let total = known.reduce(0, +) / Double(jobs)
    let unknown = entries.count - known.count
    Console.answer(
      "\(entries.count) runs to train, about \(fixed(total / 60, 1)) min with \(jobs) at a time"
        + (unknown > 0 ? ", and \(unknown) runs of unknown cost" : ""))
  }

  /// The time of the most similar recorded run, scaled to the steps of this one.
  private static func cost(_ run: TrainingRun, _ records: [RunRecord]) -> Double? {
    let alike = records.filter { $0.key.run.tier == run.tier && $0.steps > 0 }
    let sameMethod = alike.filter { $0.key.run.method == run.method }
    let sameData = sameMethod.filter { $0.key.run.data.name == run.data.name }
    let sameSize = sameData.filter { $0.key.run.data.trainLimit == run.data.trainLimit }
    guard let record = sameSize.first ?? sameData.first ?? sameMethod.first ?? alike.first else { return nil }
    // Without a limit on the examples both runs take all of them.
    func steps(_ run: TrainingRun) -> Double {
      let perEpoch = run.data.trainLimit.map { max(1, $0 / run.recipe.batchSize) }
      return Double((perEpoch ?? 1) * run.recipe.epochs)
    }
    let isComparable = (run.data.trainLimit == nil) == (record.key.run.data.trainLimit == nil)
    return record.trainSeconds * (isComparable ? steps(run) / steps(record.key.run) : 1)
  }
}

/// `mope doctor`
struct Doctor: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Checks the machine: BLAS against a naive reference, kernels, threads, fonts, disk.")

  @Option(help: "Kernels: portable, auto, or OpenBLAS's name of one.")
  var kernel = KernelChoice.portable

  func run() throws {
    let report = try HealthReport.make()
    for line in report.lines { Console.answer("\(line.isGood ? "ok  " : "BAD ") \(line.text)") }
    if let bad = report.lines.first(where: { !$0.isGood }) {
      throw Failure(.configuration, "not healthy: \(bad.text)")
    }
  }
}
