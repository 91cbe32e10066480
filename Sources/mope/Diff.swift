import ArgumentParser
import Determinism
import Experiments
import Foundation
import Laboratory
import Reporting
import Training

/// `mope diff`
struct Diff: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Compares two sets of results: commits, folders of goldens, or stores of runs.",
    discussion: """
      A and B are each a commit (its Golden folder is read), a folder with goldens (<id>.json), or a store of runs (a \
      folder with runs/). Values of B are judged with the tolerances of A, as `mope check` would.
      """)

  @OptionGroup var options: CommonOptions
  @Argument(help: "The older results.") var old: String
  @Argument(help: "The newer results.") var new: String
  @Flag(help: "List what agrees, too.") var all = false
  var kernel: KernelChoice { options.kernel }

  func run() throws {
    let difference = ReportDifference(from: try goldens(old), to: try goldens(new))
    if options.json {
      Console.answer(String(decoding: try difference.json(), as: UTF8.self))
    } else {
      if all || !difference.changed.isEmpty {
        Console.answer(difference.table(all: all).terminalText(width: Console.outputWidth, color: options.usesColor))
      }
      Console.answer(difference.summary)
    }
    if let kind = difference.failureKind {
      throw Failure(kind, kind == .noMatch ? "\(old), \(new): no goldens to compare" : "the results differ")
    }
  }

  private func goldens(_ place: String) throws -> [Golden] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue else {
      return try committed(place)
    }
    let isStore = FileManager.default.fileExists(atPath: "\(place)/runs")
    return isStore && !FileManager.default.fileExists(atPath: "\(place)/paper.json")
      ? try stored(place) : try found(place)
  }

  /// The goldens of a folder.
  private func found(_ folder: String) throws -> [Golden] {
    try allExperimentIds.compactMap { try Golden.read("\(folder)/\($0).json") }
  }

  /// The goldens of a commit.
  private func committed(_ revision: String) throws -> [Golden] {
    let project = try Project.find()
    let git = Git(project.root)
    let commit: String
    do { commit = try String(decoding: git("rev-parse", "--verify", "\(revision)^{commit}"), as: UTF8.self) } catch {
      throw Failure(.missingInput, "\(revision): neither a folder nor a commit of this repository; \(error)")
    }
    let id = commit.trimmingCharacters(in: .whitespacesAndNewlines)
    let there = try Set(
      String(decoding: git("ls-tree", "--name-only", id, "Golden/"), as: UTF8.self).split(separator: "\n"))
    return try allExperimentIds.map { "Golden/\($0).json" }.filter { there.contains($0[...]) }.map { path in
      try Golden.decode(try git("show", "\(id):\(path)"), path: "\(revision):\(path)")
    }
  }

  /// What would be accepted from a store, for the experiments whose runs are all there.
  private func stored(_ folder: String) throws -> [Golden] {
    var options = options
    options.store = folder
    let (laboratory, _, experiments) = try options.laboratory([])
    return try experiments.compactMap { experiment in
      let runs = try laboratory.plan(experiment)
      let stored = try laboratory.stored(runs)
      guard !runs.isEmpty, stored.count == runs.count else { return nil }
      return try laboratory.report(experiment, from: stored, environmentClass: nil).proposal
    }
  }

  private var allExperimentIds: [String] { allExperiments.map(\.info.id) }
}
