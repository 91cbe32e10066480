import Datasets
import Determinism
import Foundation
import Reporting
import Training

/// Runs experiments: finds the runs they need, trains or loads them, and makes their reports.
public struct Laboratory: Sendable {
  public let experiments: [Experiment]
  public let root: String
  public let runner: Runner
  public let paper: PaperResults
  public let tier: Tier
  public let seeds: [Int]
  public let dataSeed: Int
  /// What a user changes about every run.
  public let changes: RunChanges
  /// Why nothing is judged; nil where it is.
  public let reservation: String?

  public init(
    experiments: [Experiment], root: String, runner: Runner, paper: PaperResults, tier: Tier,
    seeds: [Int], dataSeed: Int, changes: RunChanges = RunChanges(), reservation: String? = nil
  ) {
    self.changes = changes
    self.reservation = reservation
    self.experiments = experiments
    self.root = root
    self.runner = runner
    self.paper = paper
    self.tier = tier
    self.seeds = seeds
    self.dataSeed = dataSeed
  }

  /// The runs an experiment asks for.
  public func plan(_ experiment: Experiment) throws -> [TrainingRun] {
    try needs(experiment).runs
  }

  /// The runs an experiment asks for, and of which it needs more than decisions and scores.
  public func needs(
    _ experiment: Experiment
  ) throws -> (runs: [TrainingRun], features: Set<TrainingRun>, models: Set<TrainingRun>) {
    guard experiment.trains else { return ([], [], []) }
    let workbench = Workbench(
      purpose: .plan, tier: tier, seeds: seeds, dataSeed: dataSeed, changes: changes)
    try experiment.body(try notebook(experiment, environmentClass: ""), workbench)
    return (workbench.requested, workbench.runsWithFeatures, workbench.runsWithModels)
  }

  /// The report of an experiment from these runs.
  /// - Parameter environmentClass: the one the numbers were made in; the golden's where they are only printed.
  /// - Parameter commit: for the golden.
  /// - Returns: also the golden that `mope accept` would write.
  public func report(
    _ experiment: Experiment, from runs: [TrainingRun: FinishedRun], environmentClass: String?,
    commit: String = ""
  ) throws -> (report: Report, proposal: Golden) {
    let golden = try golden(experiment)
    // Runs of a new experiment may come from several machines: the first class in the alphabet, not in a dictionary's order.
    let recorded =
      golden?.environmentClass ?? runs.values.map(\.record.environment.className).min()
    let notebook = try notebook(
      experiment, environmentClass: environmentClass ?? recorded ?? "unknown")
    let workbench = Workbench(
      purpose: .present(runs), tier: tier, seeds: seeds, dataSeed: dataSeed, changes: changes,
      runner: runner, goldens: accepted)
    try experiment.body(notebook, workbench)
    addProvenance(notebook, workbench.requested.compactMap { runs[$0] }, golden)
    let proposal = notebook.proposedGolden(date: Self.today(), commit: commit)
    return (try notebook.finish(), proposal)
  }

  /// The page of an experiment that this command leaves alone: its text without results.
  public func unselected(_ experiment: Experiment) throws -> Report {
    let notebook = try notebook(experiment, environmentClass: "")
    return .notRun(
      experiment.info, source: notebook.source, context: notebook.context,
      why: experiment.needsStandIns
        ? "needs stand-ins or recipes for them, which the paper tier does not have"
        : "not part of the command that wrote these pages")
  }

  /// What an experiment measures from these runs.
  public func measurements(
    _ experiment: Experiment, from runs: [TrainingRun: FinishedRun]
  ) throws -> [Measurements] {
    let notebook = try notebook(experiment, environmentClass: "")
    let workbench = Workbench(
      purpose: .present(runs), tier: tier, seeds: seeds, dataSeed: dataSeed, changes: changes,
      runner: runner, goldens: accepted)
    try experiment.body(notebook, workbench)
    return notebook.measurements
  }

  /// The stored runs among those an experiment asks for, without training any.
  public func stored(_ runs: [TrainingRun]) throws -> [TrainingRun: FinishedRun] {
    var found: [TrainingRun: FinishedRun] = [:]
    for run in runs {
      if let finished = try runner.stored(run) { found[run] = finished }
    }
    return found
  }

  public func golden(_ experiment: Experiment) throws -> Golden? {
    try accepted(experiment.info.id)
  }

  private func accepted(_ id: String) throws -> Golden? { try Golden.read(goldenPath(id)) }

  /// `Golden/<id>.json`; other tiers than mini have folders of their own.
  public func goldenPath(_ id: String) -> String {
    tier == .mini ? "\(root)/Golden/\(id).json" : "\(root)/Golden/\(tier.rawValue)/\(id).json"
  }

  private func notebook(_ experiment: Experiment, environmentClass: String) throws -> Notebook {
    let source = try NotebookSource(path: "Experiments/\(experiment.info.source)", root: root)
    let context = RunContext(
      tier: tier.rawValue, dataSeed: dataSeed, environmentClass: environmentClass, seeds: seeds,
      reservation: reservation)
    return try Notebook(
      info: experiment.info, source: source, compiled: experiment.compiledText, context: context, paper: paper,
      golden: try golden(experiment))
  }

  private func addProvenance(_ notebook: Notebook, _ runs: [FinishedRun], _ golden: Golden?) {
    func distinct(_ texts: [String]) -> String {
      var seen: [String] = []
      for text in texts where !seen.contains(text) { seen.append(text) }
      return seen.isEmpty ? "none" : seen.joined(separator: "; ")
    }
    notebook.provenance("Tier", tier.rawValue)
    notebook.provenance("Seeds", notebook.context.seedText)
    notebook.provenance("Data seed", "\(dataSeed)")
    if let golden { notebook.provenance("Goldens accepted", "\(golden.date), at commit \(golden.commit)") }
    guard !runs.isEmpty else { return }
    notebook.provenance("Runs", "\(runs.count)")
    let records = runs.map(\.record)
    notebook.provenance("Trained on", distinct(records.map(\.environment.className)))
    notebook.provenance("BLAS", distinct(records.map(\.environment.openBLAS)))
    notebook.provenance("Compiler", distinct(records.map(\.environment.compiler)))
    notebook.provenance(
      "Drawn and written with",
      "Cairo \(LibraryVersions.cairo), cmark \(LibraryVersions.cmark)")
    for name in DatasetCatalogue.all.map(\.id) {
      let hashes = records.filter { $0.key.run.data.name == name }
        .flatMap { $0.dataHashes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.prefix(12))" } }
      if !hashes.isEmpty { notebook.provenance("Data \(name.rawValue), SHA-256", distinct(hashes)) }
    }
    if tier == .paper {
      // Branches of the hub move: these files it was.
      let digests = records.flatMap { $0.key.encoders.sorted { $0.key < $1.key } }
        .map { "\($0.key) \($0.value.prefix(12))" }
      notebook.provenance("Checkpoints, SHA-256", distinct(digests))
    }
    let seconds = records.reduce(0) { $0 + $1.trainSeconds }
    notebook.provenance("Training time", "\(fixed(seconds, 0)) s in all, on one core per run")
  }

  private static func today() -> String {
    Date.now.formatted(Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day())
  }
}
