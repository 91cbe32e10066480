import ArgumentParser
import Determinism
import Foundation
import Laboratory
import Reporting
import Training

/// `mope run`
struct Run: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Trains or loads what is needed and writes the reports.")

  @OptionGroup var options: CommonOptions
  @Argument(help: "Experiments; all if none is named.") var ids: [String] = []
  @Option(name: .shortAndLong, help: "Runs trained at the same time. Default: one a core; at the paper tier one.")
  var jobs: Int?
  @Option(
    help:
      "Only the runs whose title matches this pattern (* and ?): 'MoPE k=4*SNLI-VE*'. The others are taken where they are stored."
  )
  var runs: String?
  @Flag(help: "Train even what is stored.") var retrain = false
  @Flag(name: .shortAndLong, help: "Go on with other runs after one has failed.") var keepGoing = false
  @Option(help: "Progress: auto, plain, json, none.") var progress = ProgressStyle.auto
  @Option(help: "Seconds between checkpoints inside a run. Default: 20; at the paper tier 300.")
  var checkpointSeconds: Double?
  var kernel: KernelChoice { options.kernel }

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs: expected at least 1, found \(jobs)") }
    if let checkpointSeconds, !(0...1e6).contains(checkpointSeconds) {
      throw ValidationError("--checkpoint-seconds: expected 0 to 1000000, found \(checkpointSeconds)")
    }
  }

  func run() throws {
    Interruption.catchSignals()
    // A full-size run has gigabytes, and the other core decodes its images.
    let isLarge = options.tier == .paper
    let jobs = jobs ?? (isLarge ? 1 : ProcessInfo.processInfo.activeProcessorCount)
    let (laboratory, project, selected) = try options.laboratory(
      ids, jobs: jobs, retrains: retrain, checkpointInterval: checkpointSeconds ?? (isLarge ? 300 : 20))
    options.applyThreads()
    let session = Session(laboratory, project, options, isPartial: runs != nil)
    let finished = try session.obtain(
      selected, matching: runs, display: { ProgressDisplay(progress, total: $0, jobs: jobs, quiet: options.quiet) },
      keepGoing: keepGoing)
    let reports = try session.writeReports(selected, live: finished.runs)
    session.print(reports)
    try session.conclude(reports, extra: finished.failures)
  }
}

/// `mope check`
struct Check: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Compares results with the goldens, judges claims, and compares the reports. Writes nothing.",
    discussion: "Prompt-tuned runs are judged again from their stored tensors.")

  @OptionGroup var options: CommonOptions
  @Argument(help: "Experiments; all if none is named.") var ids: [String] = []
  var kernel: KernelChoice { options.kernel }

  func run() throws {
    let (laboratory, project, selected) = try options.laboratory(
      ids, jobs: options.tier == .paper ? 1 : ProcessInfo.processInfo.activeProcessorCount)
    options.applyThreads()
    let session = Session(laboratory, project, options)
    var stored: [TrainingRun: FinishedRun] = [:]
    for experiment in selected {
      stored.merge(try laboratory.stored(try laboratory.plan(experiment))) { first, _ in first }
    }
    let judged = try laboratory.runner.reevaluated(Array(stored.values))
    let live = Dictionary(judged.map { ($0.run, $0) }, uniquingKeysWith: { first, _ in first })
    let environment = Environment.current.className
    let reports = try selected.map {
      try laboratory.report($0, from: live, environmentClass: environment).report
    }
    if options.json { try session.printJSON(reports) } else { session.print(reports) }
    // Where this machine gives what is stored, and is of the goldens' class, the pages are those of the stored results.
    let isAsStored = live.allSatisfy { run, value in stored[run].map(value.hasResults(of:)) ?? false }
    let known = try zip(selected, reports).filter { experiment, _ in
      try isAsStored && laboratory.golden(experiment)?.environmentClass == environment
    }.map { $1 }
    let pages = ids.isEmpty ? try session.compareReports(known: known) : []
    for problem in pages { Console.error(problem) }
    try session.conclude(
      reports, extra: pages.isEmpty ? [] : [Failure(.checkFailed, "\(pages.count) report files differ")])
  }
}

/// `mope report`
struct Render: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Renders the reports from stored results; never trains.")

  @OptionGroup var options: CommonOptions
  @Argument(help: "Experiments; all if none is named.") var ids: [String] = []
  @Option(help: "Which files: md, html, or both as md,html.") var format = "md,html"
  var kernel: KernelChoice { options.kernel }

  func validate() throws {
    let known = Set(["md", "html"])
    guard Set(format.split(separator: ",").map(String.init)).isSubset(of: known), !format.isEmpty else {
      throw ValidationError("--format: expected md, html or md,html, found \(format)")
    }
  }

  func run() throws {
    let (laboratory, project, selected) = try options.laboratory(ids)
    let session = Session(laboratory, project, options)
    let formats = Set(format.split(separator: ",").map(String.init))
    let written = try session.writeStoredReports(selected, formats: formats)
    Console.answer(
      written.isEmpty ? "All files were up to date." : "Wrote \(written.joined(separator: ", ")).")
  }
}

/// `mope accept`
struct Accept: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Takes the stored results as goldens, after showing old → new.",
    discussion:
      "Also ships the runs: copies them to Golden/runs, where a fresh clone finds them. Refuses when CI is set.")

  @OptionGroup var options: CommonOptions
  @Argument(help: "Experiments; all if none is named.") var ids: [String] = []
  @Flag(help: "Show what would change, and write nothing.") var dryRun = false
  @Option(help: "A store with the same runs trained on other kernels: widens the kernel tolerance to their distance.")
  var spread: String?
  var kernel: KernelChoice { options.kernel }

  func run() throws {
    guard ProcessInfo.processInfo.environment["CI"].map({ $0.isEmpty || $0 == "false" }) ?? true else {
      throw Failure(.configuration, "CI is set: goldens are accepted by a person, not by a machine")
    }
    let (laboratory, project, selected) = try options.laboratory(ids)
    let session = Session(laboratory, project, options)
    for experiment in selected {
      if let spread {
        try session.acceptSpread(experiment, from: spread, dryRun: dryRun)
      } else {
        try session.accept(experiment, dryRun: dryRun)
      }
    }
    guard !dryRun, spread == nil else { return }  // a tolerance is in no report
    try session.writeStoredReports(selected)
  }
}
