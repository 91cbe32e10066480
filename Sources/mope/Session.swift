import Autograd
import Determinism
import Foundation
import Laboratory
import Reporting
import Synchronization
import Training

/// The work that several commands share.
struct Session {
  let laboratory: Laboratory
  let project: Project
  let options: CommonOptions
  /// Whether it is about a part of the runs that goldens have: then the pages in the repository are left alone.
  private let isPartial: Bool

  init(_ laboratory: Laboratory, _ project: Project, _ options: CommonOptions, isPartial: Bool = false) {
    self.laboratory = laboratory
    self.project = project
    self.options = options
    self.isPartial = isPartial || options.seeds.values.sorted() != SeedList.all.values || options.dataSeed != 1
  }

  /// Where reports are.
  private var reportsFolder: String {
    options.output
      ?? (laboratory.tier == .mini && !isPartial
        ? project.reports : "\(options.store ?? project.store)/reports/\(laboratory.tier.rawValue)")
  }

  // MARK: Runs

  /// Trains or loads every run of these experiments. What was loaded is judged again from its stored tensors.
  func obtain(
    _ experiments: [Experiment], matching pattern: String? = nil,
    display: (Int) -> ProgressDisplay, keepGoing: Bool
  ) throws -> (runs: [TrainingRun: FinishedRun], failures: [Failure]) {
    var all: [TrainingRun] = []
    for experiment in experiments {
      for run in try laboratory.plan(experiment) where !all.contains(run) { all.append(run) }
    }
    let runs = all.filter { run in pattern.map { Wildcards($0).matches(run.title) } ?? true }
    guard all.isEmpty || !runs.isEmpty else {
      throw Failure(
        .noMatch, "--runs \(pattern ?? ""): matches none of \(all.count) runs, such as: \(all[0].title)")
    }
    let display = display(runs.count)
    let started = Mutex<Set<TrainingRun>>([])
    let results = laboratory.runner.results(runs, stopsAtFailure: !keepGoing) { run, event in
      if case .started = event { started.withLock { _ = $0.insert(run) } }
      display.handle(run, event)
    }
    display.end()
    var finished: [TrainingRun: FinishedRun] = [:]
    var failures: [Failure] = []
    // A run that was not started comes behind the failure that kept it from it.
    for (run, result) in zip(runs, results) {
      switch result {
      case .success(let value): finished[run] = value
      case .failure(let failure as Failure) where failure.kind == .interrupted: throw failure
      case .failure(let error):
        let failure = error as? Failure ?? Failure(.runFailed, "\(run.title): \(error)")
        if !keepGoing { throw failure }
        Console.error(failure.description)
        failures.append(failure)
      }
    }
    // A full-size test split takes longer to judge than a report is worth; mope check does it.
    if laboratory.tier != .paper {
      let trained = started.withLock { $0 }
      let loaded = runs.filter { !trained.contains($0) }.compactMap { finished[$0] }
      for run in try laboratory.runner.reevaluated(loaded) { finished[run.run] = run }
    }
    if runs.count < all.count {
      for run in all where !runs.contains(run) {
        // What other machines train may need data and checkpoints that are not here.
        do { finished[run] = try laboratory.runner.stored(run) } catch let failure as Failure
          where failure.kind == .missingInput
        {}
      }
    }
    return (finished, failures)
  }

  // MARK: Reports

  /// Writes the reports of `selected` from live results, and the overviews.
  func writeReports(
    _ selected: [Experiment], live: [TrainingRun: FinishedRun]
  ) throws -> [Report] {
    let environment = Environment.current.className
    let reports = try selected.map {
      try laboratory.report($0, from: live, environmentClass: environment).report
    }
    try write(reports)
    return reports
  }

  /// Writes the reports of these experiments from stored results, and the overviews.
  /// - Returns: the files that changed.
  @discardableResult
  func writeStoredReports(_ selected: [Experiment], formats: Set<String> = ["md", "html"]) throws -> [String] {
    try write(try selected.map(storedReport)) { formats.contains($0 == "index.html" ? "html" : "md") }
  }

  /// Writes these reports, and the overviews of all reports in the folder. What the overviews say of the others is taken
  /// from themselves; where they do not say it, these are made from stored results, and stay unwritten.
  private func write(_ reports: [Report], where isWanted: (String) -> Bool = { _ in true }) throws -> [String] {
    let folder = reportsFolder
    let others = laboratory.experiments.filter { experiment in
      !reports.contains { $0.info.id == experiment.info.id }
    }
    var there = others.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0.info.id).md") }
    var (reports, unwritten) = (reports, Set<String>())
    var known: [OverviewPart] = []
    if !there.isEmpty {
      let ids = Set(there.map(\.info.id))
      known = (OverviewPart.read(folder) ?? []).filter { ids.contains($0.id) }
      there.removeAll { experiment in known.contains { $0.id == experiment.info.id } }
      unwritten = Set(there.map { "\($0.info.id).md" })
      // At the paper tier what is not selected may need data or checkpoints that are not here.
      reports += try there.map(laboratory.tier == .paper ? laboratory.unselected : storedReport)
    }
    if laboratory.tier == .paper {
      // What is not run is said, not left out.
      reports += try others.filter { experiment in
        !known.contains { $0.id == experiment.info.id } && !unwritten.contains("\(experiment.info.id).md")
      }.map(laboratory.unselected)
    }
    let files = try files(reports, others: known).filter { file in
      isWanted(file.path) && !unwritten.contains { file.path == $0 || file.path.hasPrefix("\($0.dropLast(3))/") }
    }
    if isPartial && options.output == nil && laboratory.tier == .mini {
      Console.note("A part of the runs does not replace Reports; it is shown in \(folder) (elsewhere: -o FOLDER)")
    }
    return try ReportWriter(folder: folder).write(files)
  }

  /// The differences between the report files and what the stored results say, as messages.
  /// - Parameter known: reports that were made from the stored results just now.
  func compareReports(known: [Report]) throws -> [String] {
    guard laboratory.tier == .mini, !isPartial else { return [] }
    let files = try files(
      try laboratory.experiments.map { experiment in
        try known.first { $0.info.id == experiment.info.id } ?? storedReport(experiment)
      })
    let writer = ReportWriter(folder: reportsFolder)
    // Pictures depend on the installed libpng: their text twins (SVG) are compared.
    let comparable = files.filter { !$0.path.hasSuffix(".png") && $0.path != "index.html" }
    return writer.differences(comparable).map(\.description)
      + (try writer.leftovers(files)).map { "\($0): no report has this file; delete it" }
  }

  private func storedReport(_ experiment: Experiment) throws -> Report {
    let runs = try laboratory.stored(try laboratory.plan(experiment))
    return try laboratory.report(experiment, from: runs, environmentClass: nil).report
  }

  private func files(_ reports: [Report], others: [OverviewPart] = []) throws -> [ReportFile] {
    let date = try ReportSet.date(environment: ProcessInfo.processInfo.environment)
    return try ReportSet(
      reports, others: others, order: laboratory.experiments.map(\.info.id), root: project.root, date: date
    ).files()
  }

  // MARK: Answers

  /// One block per experiment: what was checked, what failed, the claims.
  func print(_ reports: [Report]) {
    for report in reports {
      Console.answer("\(report.info.id): \(report.summary.text)")
      for failure in report.summary.failures(experiment: report.info.id, context: report.context) {
        Console.answer("  \(failure.replacing("\n", with: "\n  "))")
      }
      for claim in report.claims where !options.quiet {
        let judgement = claim.judgement
        Console.answer("  \(judgement.verdict.label): \(claim.sentence)")
        if options.verbose { Console.answer("      \(judgement.text)") }
      }
    }
  }

  private struct Entry: Encodable {
    let experiment: String
    let summary: String
    let failures: [String]
    let claims: [String: String]
  }

  func printJSON(_ reports: [Report]) throws {
    try Console.answer(
      json: reports.map { report in
        Entry(
          experiment: report.info.id, summary: report.summary.text,
          failures: report.summary.failures(experiment: report.info.id, context: report.context),
          claims: Dictionary(
            report.claims.map { ($0.sentence, $0.judgement.verdict.rawValue) },
            uniquingKeysWith: { first, _ in first }))
      })
  }

  /// Ends with the worst of what happened.
  func conclude(_ reports: [Report], extra: [Failure]) throws {
    let kinds = reports.compactMap(\.summary.failureKind) + extra.map(\.kind)
    guard let kind = worst(kinds) else { return }
    let what =
      switch kind {
      case .checkFailed: "a golden value, a claim or a report does not agree"
      case .waiting: "new values wait for: mope accept"
      case .undecided: laboratory.reservation ?? "not everything could be decided"
      default: extra.first { $0.kind == kind }?.description ?? "failed"
      }
    throw Failure(kind, what)
  }

  // MARK: Accepting

  func accept(_ experiment: Experiment, dryRun: Bool) throws {
    let id = experiment.info.id
    if let reservation = laboratory.reservation {
      throw Failure(.undecided, "\(id): nothing to accept: \(reservation)")
    }
    let runs = try laboratory.plan(experiment)
    let stored = try laboratory.stored(runs)
    guard stored.count == runs.count else {
      throw Failure(
        .undecided,
        "\(id): \(runs.count - stored.count) of \(runs.count) runs are not stored; train them first: mope run \(id)")
    }
    let classes = Set(stored.values.map(\.record.environment.className))
    guard classes.count <= 1 else {
      throw Failure(
        .undecided,
        "\(id): its runs come from several environments (\(classes.sorted().joined(separator: "; "))); train all in one: mope run \(id) --retrain"
      )
    }
    let environment = classes.first ?? Environment.current.className
    let old = try laboratory.golden(experiment)
    let new = try laboratory.report(
      experiment, from: stored, environmentClass: environment, commit: try Git(project.root).commit()
    ).proposal
    let changes = Golden.changes(from: old, to: new)
    for change in changes { Console.answer("\(id): \(change.what): \(change.old) → \(change.new)") }
    if changes.isEmpty { Console.answer("\(id): no value changes") }
    guard !dryRun else { return }
    if !changes.isEmpty {
      try AtomicFile.write(
        String(decoding: try new.encoded(), as: UTF8.self), to: laboratory.goldenPath(id))
    }
    guard laboratory.tier == .mini else { return }
    // What is in the file now: an experiment before this one may have added references.
    let known = try Behaviour.read(project.behaviour)
    var behaviour = known
    for run in runs { try behaviour.accept(run.method, run.recipe, in: run.profile) }
    if behaviour != known { try behaviour.write(to: project.behaviour) }
    let needs = try laboratory.experiments.map(laboratory.needs)
    let withFeatures = needs.reduce(into: Set<TrainingRun>()) { $0.formUnion($1.features) }
    let withModels = needs.reduce(into: Set<TrainingRun>()) { $0.formUnion($1.models) }
    for run in runs {
      guard let finished = stored[run] else { continue }
      try laboratory.runner.store.ship(
        finished, withTensors: run.seed == 0 || withModels.contains(run), withFeatures: withFeatures.contains(run))
    }
  }
}

extension Session {
  /// Widens the kernel tolerance of an experiment's golden to the distance of the same runs trained elsewhere.
  func acceptSpread(_ experiment: Experiment, from folder: String, dryRun: Bool) throws {
    let id = experiment.info.id
    guard let golden = try laboratory.golden(experiment) else {
      throw Failure(.undecided, "\(id): no golden to widen; first: mope accept \(id)")
    }
    let other = RunStore(folder: folder, shipped: nil)
    var runs: [TrainingRun: FinishedRun] = [:]
    for run in try laboratory.plan(experiment) {
      if let finished = try other.load(try laboratory.runner.key(run)) { runs[run] = finished }
    }
    let classes = Set(runs.values.map(\.record.environment.className)).sorted()
    guard let environment = classes.first, classes.count == 1 else {
      throw Failure(
        .undecided,
        "\(folder): expected runs of \(id) from one environment, found \(classes.isEmpty ? "none" : classes.joined(separator: "; "))"
      )
    }
    let measurements = try laboratory.measurements(experiment, from: runs)
    var widened = golden
    for one in measurements { widened = widened.recordingSpread(of: one, environmentClass: environment) }
    for (old, new) in zip(golden.cells, widened.cells) where old != new {
      let (before, after) = (old.tolerance.kernelSpread.value, new.tolerance.kernelSpread.value)
      Console.answer(
        "\(id): \(new.row) | \(new.column): kernel tolerance \(fixed(before, 3)) → \(fixed(after, 3)) (measured against \(new.tolerance.kernelSpread.measuredAgainst.joined(separator: "; ")))"
      )
    }
    guard !dryRun, widened != golden else { return }
    try AtomicFile.write(
      String(decoding: try widened.encoded(), as: UTF8.self), to: laboratory.goldenPath(id))
  }
}

extension CommonOptions {
  func applyThreads() { Compute.setThreads(threads) }
}

extension Console {
  static func answer<Value: Encodable>(json value: Value) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    answer(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Columns of the terminal on standard output, 100 if it is none.
  static var outputWidth: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return Int(size.ws_col)
  }
}
