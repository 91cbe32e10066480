import ArgumentParser
import Determinism
import Foundation
import Published
import Synchronization

/// `mope weights`
struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Lists, checks and downloads the public checkpoints that the papers use.",
    subcommands: [WeightsListCommand.self, WeightsCheckCommand.self, WeightsDownloadCommand.self])

  /// The checkpoints of these names; all if there is none.
  static func chosen(_ names: [String]) throws -> [PublishedWeights] {
    let all = PublishedWeights.all
    guard !names.isEmpty else { return all }
    return try names.map { name in
      guard let weights = all.first(where: { $0.name == name || $0.repository == name }) else {
        throw Failure(
          .noMatch,
          "\(name): no such weights; expected one of \(all.map(\.name).joined(separator: ", "))")
      }
      return weights
    }
  }
}

/// `mope weights list`
struct WeightsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the checkpoints with repository, revision and size.",
    discussion:
      "The .pth files of Swin's authors are not read; swin-base-22k and swin-base-384-22k are the same weights."
  )

  func run() throws {
    for weights in PublishedWeights.all {
      let megabytes = fixed(Double(weights.approximateBytes) / 1e6, 0)
      let pinned = weights.files.filter { $0.sha256 != nil }.map(\.name)
      Console.answer(
        "\(weights.name): \(weights.use); \(grouped(weights.parameterCount)) parameters, about \(megabytes) MB\n"
          + "  \(PublishedWeights.hub)/\(weights.repository) at \(weights.revision): "
          + weights.files.map(\.name).joined(separator: ", ") + "\n  digests known: "
          + (pinned.isEmpty ? "none; the branch can move" : pinned.joined(separator: ", ")))
      if let hint = weights.hint { Console.answer("  note: \(hint)") }
    }
    Console.answer(
      "A download is compared with the known digest, else with the one that the hub states; reports name the digest of what was used."
    )
  }
}

/// `mope weights check`
struct WeightsCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Checks that checkpoints are there, complete, of the right architecture, and hold every tensor."
  )

  @Argument(help: "Folder of the checkpoints, each in a folder of its own.") var folder: String
  @Argument(help: "Checkpoints; all that are there if none is named.") var names: [String] = []

  func validate() throws { try validatePaths([("FOLDER", folder)]) }

  func run() throws {
    guard FileManager.default.fileExists(atPath: folder) else {
      throw Failure(
        .missingInput, "\(folder): no such folder; expected the folder of the checkpoints")
    }
    var missing: [String] = []
    var wrong: [String] = []
    var good = 0
    for weights in try WeightsCommand.chosen(names) {
      let presence = weights.check(in: folder)
      switch presence.state {
      case .absent:
        Console.answer("· \(weights.name): not there")
        if !names.isEmpty { missing.append(weights.name) }
      case .incomplete(let files):
        Console.answer(
          "✗ \(weights.name): missing \(files.joined(separator: ", ")) in \(presence.folder)")
        missing.append(weights.name)
      case .wrong(let reason):
        Console.answer("✗ \(weights.name): \(reason)")
        wrong.append(weights.name)
      case .good(let parameters):
        Console.answer("✓ \(weights.name): \(grouped(parameters)) parameters in \(presence.folder)")
        good += 1
      }
    }
    if !wrong.isEmpty {
      throw Failure(.badInput, "\(folder): wrong: \(wrong.joined(separator: ", "))")
    }
    if !missing.isEmpty {
      throw Failure(.missingInput, "\(folder): missing: \(missing.joined(separator: ", "))")
    }
    if good == 0 {
      throw Failure(
        .missingInput,
        "\(folder): no checkpoint is there; run: mope weights download NAME --to \(folder)")
    }
  }
}

/// `mope weights download`
struct WeightsDownloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "download",
    abstract: "Downloads a checkpoint; goes on where an earlier download stopped.")

  @Argument(help: "Checkpoints; see mope weights list.") var names: [String]
  @Option(help: "Folder of the checkpoints.") var to: String
  @Option(help: "The hub or a mirror of it.") var site = PublishedWeights.hub
  @Option(help: "Another revision than the listed one.") var revision: String?
  @Flag(name: .shortAndLong, help: "No progress, only the answer and errors.") var quiet = false

  func validate() throws { try validatePaths([("--to", to)]) }

  func run() throws {
    for weights in try WeightsCommand.chosen(names) {
      let folder = "\(to)/\(weights.name)"
      for file in weights.files
      where !FileManager.default.fileExists(atPath: "\(folder)/\(file.name)") {
        try fetch(weights, file, into: folder)
      }
      switch weights.check(in: to).state {
      case .good: Console.answer("\(weights.name): complete in \(folder)")
      case .wrong(let reason): throw Failure(.badInput, reason)
      case .incomplete(let missing):
        throw Failure(.missingInput, "\(folder): missing \(missing.joined(separator: ", "))")
      case .absent: throw Failure(.missingInput, "\(folder): nothing was downloaded")
      }
    }
  }

  private func fetch(
    _ weights: PublishedWeights, _ file: PublishedWeights.File, into folder: String
  ) throws {
    let bar = DownloadBar(
      "\(weights.name)/\(file.name)", isShown: !quiet && Console.errorIsTerminal)
    let download = Download(
      address: weights.address(file, site: site, revision: revision),
      path: "\(folder)/\(file.name)",
      sha256: revision == nil ? file.sha256 : nil)
    do {
      let digest = try download.fetch { bar.show($0, $1) }
      bar.end()
      if !quiet { Console.note("\(folder)/\(file.name): SHA-256 \(digest)") }
    } catch let failure as Failure {
      bar.end()
      guard failure.kind == .missingInput else { throw failure }
      if file.isOptional { return }
      throw Failure(.missingInput, failure.description + (weights.hint.map { "; \($0)" } ?? ""))
    }
  }
}

/// One line on the terminal that says how far a download is.
private final class DownloadBar: Sendable {
  private let title: String
  private let isShown: Bool
  private let last = Mutex(ContinuousClock.now - .seconds(1))

  init(_ title: String, isShown: Bool) {
    self.title = title
    self.isShown = isShown
  }

  func show(_ bytes: Int, _ total: Int?) {
    guard isShown else { return }
    last.withLock { last in
      let now = ContinuousClock.now
      guard now - last >= .milliseconds(100) || bytes == total else { return }
      last = now
      let done = fixed(Double(bytes) / 1e6, 1)
      let share =
        total.map { " of \(fixed(Double($0) / 1e6, 1)) MB, \(100 * bytes / max(1, $0)) %" } ?? " MB"
      Console.show("\r\u{1B}[K\(title): \(done)\(share)")
    }
  }

  func end() {
    if isShown { Console.show("\r\u{1B}[K") }
  }
}
