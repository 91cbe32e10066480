import ArgumentParser
import Determinism
import Foundation
import Laboratory
import PaperTier
import Reporting
import Training
import Experiments

/// What most commands understand.
struct CommonOptions: ParsableArguments {
  @Option(help: "How large: smoke (seconds, decides nothing), mini, paper.")
  var tier = Tier.mini

  @Option(help: "Training seeds: 0..3, or 0,2,5.")
  var seeds = SeedList.all

  @Option(help: "Which draw of the stand-in data.")
  var dataSeed = 1

  @Option(help: "Folder of stored runs. Default: .mope in the project.")
  var store: String?

  @Option(
    name: .shortAndLong,
    help: "Folder for reports. Default: Reports; for other tiers than mini, other seeds, draws or parts, in the store.")
  var output: String?

  @Option(
    help: "Kernels: portable (goldens are recorded with them), auto (the fastest here), or OpenBLAS's name of one.")
  var kernel = KernelChoice.portable

  @Option(help: "Threads per operation.")
  var threads = 1

  @OptionGroup(title: "Options of the paper tier") var published: PublishedOptions

  @Option(help: "Only experiments whose id matches this pattern (* and ?). May be repeated.")
  var only: [String] = []

  @Option(help: "Not the experiments whose id matches this pattern. May be repeated.")
  var skip: [String] = []

  @Flag(help: "The answer as JSON.")
  var json = false

  @Flag(name: .shortAndLong, help: "No progress, only the answer and errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false

  @Option(help: "Colour: auto, always, never. NO_COLOR is honoured.")
  var color = ColorChoice.auto

  func validate() throws {
    try validateThreads(threads)
    try validatePaths([("--store", store), ("--output", output)])
    guard SeedList.allowed.contains(dataSeed) else {
      throw ValidationError("--data-seed: expected \(SeedList.allowed.text), found \(dataSeed)")
    }
    if let name = published.given.first, tier != .paper {
      throw ValidationError("\(name): belongs to the paper tier; expected --tier paper, found --tier \(tier.rawValue)")
    }
  }

  /// The project, and the experiments chosen by `ids` and the patterns.
  /// - Parameter needsData: at the paper tier, whether more is done than to list runs.
  func laboratory(
    _ ids: [String], jobs: Int = 1, retrains: Bool = false, checkpointInterval: Double = 20,
    needsData: Bool = true
  ) throws -> (laboratory: Laboratory, project: Project, selected: [Experiment]) {
    let project = try Project.find()
    let drafts = draftExperiments.filter { ids.contains($0.info.id) || tier == .smoke }
    let selected = try select(
      ids, from: (allExperiments + drafts).filter { tier != .paper || !$0.needsStandIns })
    let store = RunStore(folder: store ?? project.store, shipped: project.shippedRuns)
    let source = tier == .paper && needsData ? try published.source() : nil
    let runner = Runner(
      store: store,
      encoders: source.map { EncoderCatalogue($0.encoders) }
        ?? EncoderCatalogue(tier: tier, folder: project.encoders),
      behaviour: try Behaviour.read(project.behaviour), data: source?.data, jobs: jobs,
      retrains: retrains, checkpointInterval: checkpointInterval)
    let laboratory = Laboratory(
      experiments: allExperiments + drafts, root: project.root,
      runner: runner, paper: try PaperResults.read(project.golden + "/paper.json"), tier: tier,
      seeds: seeds.values, dataSeed: dataSeed, changes: published.changes,
      reservation: try source.flatMap { try published.reservation($0.encoders) })
    return (laboratory, project, selected)
  }

  var usesColor: Bool {
    switch color {
    case .always: true
    case .never: false
    case .auto: Console.outputIsTerminal && !Console.forbidsColor
    }
  }

  private func select(_ ids: [String], from all: [Experiment]) throws -> [Experiment] {
    for id in ids where !all.contains(where: { $0.info.id == id }) {
      guard !allExperiments.contains(where: { $0.info.id == id }) else {
        throw Failure(
          .configuration,
          "\(id): needs stand-ins or recipes for them, which the paper tier does not have; use --tier mini")
      }
      let near = (all + draftExperiments).map(\.info.id).min { distance($0, id) < distance($1, id) }
      let hint = near.map { "; did you mean \($0)?" } ?? ""
      throw Failure(.noMatch, "\(id): no such experiment\(hint) (mope list shows all)")
    }
    func matches(_ id: String, _ patterns: [String]) -> Bool {
      patterns.contains { Wildcards($0).matches(id) }
    }
    let selected = all.map(\.info.id).filter { id in
      (ids.isEmpty || ids.contains(id)) && (only.isEmpty || matches(id, only)) && !matches(id, skip)
    }
    guard !selected.isEmpty else {
      throw Failure(.noMatch, "the selection matched no experiment (mope list shows all)")
    }
    return all.filter { selected.contains($0.info.id) }
  }
}

/// Levenshtein's distance: how many letters to change, add or drop.
private func distance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let cost = min(row[j] + 1, row[j + 1] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
      diagonal = row[j + 1]
      row[j + 1] = cost
    }
  }
  return row[b.count]
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

extension Tier: ExpressibleByArgument {}

/// "0..3" or "0,2,5".
struct SeedList: ExpressibleByArgument {
  /// Those that goldens have.
  static let all = SeedList([0, 1, 2, 3])

  let values: [Int]

  /// What a seed may be; others are derived from it by adding.
  static let allowed = 0...1_000_000_000

  init(_ values: [Int]) { self.values = values }

  init?(argument: String) {
    if let dots = argument.range(of: "..") {
      guard let first = Int(argument[..<dots.lowerBound]), let last = Int(argument[dots.upperBound...]),
        first >= 0, first <= last, last < 1000
      else { return nil }
      values = Array(first...last)
    } else {
      let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      let numbers = parts.compactMap { $0 }
      guard numbers.count == parts.count, !numbers.isEmpty, numbers.allSatisfy(Self.allowed.contains),
        Set(numbers).count == numbers.count
      else { return nil }
      values = numbers
    }
  }

  var defaultValueDescription: String {
    guard let first = values.first, let last = values.last, values == Array(first...last) else {
      return values.map(String.init).joined(separator: ",")
    }
    return "\(first)..\(last)"
  }
}

/// - Throws: `ValidationError` for more threads than could be of use, which OpenBLAS would cut down without a word.
func validateThreads(_ threads: Int) throws {
  let allowed = 1...max(64, ProcessInfo.processInfo.activeProcessorCount)
  guard allowed.contains(threads) else {
    throw ValidationError("--threads: expected \(allowed.text), found \(threads)")
  }
}

/// - Throws: `ValidationError` for an empty path: joined with a name it would be the root of the file system.
func validatePaths(_ paths: [(option: String, path: String?)]) throws {
  for (option, path) in paths where path?.isEmpty == true {
    throw ValidationError("\(option): expected a path, found an empty text")
  }
}

extension ClosedRange<Int> {
  var text: String { "\(lowerBound) to \(upperBound)" }
}

/// How progress is shown on standard error.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  case auto, plain, json, none
}
