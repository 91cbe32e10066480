import ArgumentParser
import Determinism
import Foundation
import ImageFiles
import Images
import Published
import Synchronization

/// `mope data`
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Checks and prepares the papers' datasets, as their authors publish them.",
    discussion:
      "Nothing is downloaded: check says where each file is published and under which terms. What others made of these "
      + "files, such as parquet files on the Hugging Face hub or MM-IMDB as HDF5, is not read.",
    subcommands: [DataCheckCommand.self, DataPrepareCommand.self, DataCardCommand.self])
}

/// Where datasets are and which are meant.
struct DataOptions: ParsableArguments {
  @Argument(
    help: "Folder of the datasets, each in a folder of its own: food-101, snli-ve, mm-imdb, …")
  var folder: String
  @Argument(help: "Datasets; all that are there if none is named.") var names: [String] = []
  @Option(help: "Where the prepared form is. Default: .prepared in the folder.") var prepared: String?

  func validate() throws { try validatePaths([("FOLDER", folder), ("--prepared", prepared)]) }

  var store: PublishedStore { PublishedStore(data: folder, folder: prepared) }

  /// The datasets that are named.
  func named() throws -> [PublishedKind] {
    try names.map { name in
      guard let kind = PublishedKind(rawValue: name) else {
        let known = PublishedKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw Failure(.noMatch, "\(name): no such dataset; expected one of \(known)")
      }
      return kind
    }
  }

  /// The datasets that are named, or all that are complete.
  /// - Throws: `Failure(.missingInput)` if there is none.
  func chosen() throws -> [PublishedKind] {
    let named = try named()
    guard named.isEmpty else { return named }
    let complete = try store.check().filter { $0.state == .complete }.map(\.kind)
    guard !complete.isEmpty else {
      throw Failure(
        .missingInput, "\(folder): no dataset is complete; run: mope data check \(folder)")
    }
    return complete
  }
}

/// `mope data check`
struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Says what is there, what is missing, where it is published, and under which terms.")

  @OptionGroup var options: DataOptions
  @Flag(help: "Decode every image, frame and sound that records need, and name the damaged ones.")
  var images = false

  func run() throws {
    let named = try options.named()
    let found = try options.store.check().filter { named.isEmpty || named.contains($0.kind) }
    for presence in found { Console.answer(text(presence)) }
    let broken = found.filter { named.isEmpty ? $0.state == .incomplete : $0.state != .complete }
    if let first = broken.first {
      throw Failure(
        .missingInput,
        "\(options.folder): \(first.kind.title): \(first.missing.map(\.role).joined(separator: ", ")) missing"
      )
    }
    guard found.contains(where: { $0.state == .complete }) else {
      throw Failure(
        .missingInput, "\(options.folder): no dataset is there; expected folders as listed above")
    }
    if images {
      try decode(found.filter { $0.state == .complete && $0.kind != .food101Titles }.map(\.kind))
    }
  }

  /// Decodes on all cores.
  /// - Throws: `Failure(.badInput)` if an image or a sound is damaged, after all of them are named.
  private func decode(_ kinds: [PublishedKind]) throws {
    var damaged = 0
    var seen: Set<Verbatim> = []
    for kind in kinds {
      let dataset = try kind.reader.read(options.folder)
      let records = dataset.splits.flatMap(\.records)
      func unseen(_ files: [String]) -> [String] { files.filter { seen.insert(Verbatim($0)).inserted } }
      let images = unseen(records.flatMap { [$0.image].compactMap { $0 } + $0.frames })
      let sounds = unseen(records.compactMap(\.audio))
      let complaints =
        images.complaints { try Self.check(image: dataset.path($0)) }
        + sounds.complaints { try Self.check(sound: dataset.path($0)) }
      for complaint in complaints { Console.answer("  ✗ \(complaint)") }
      let both = "\(grouped(images.count)) images" + (sounds.isEmpty ? "" : " and \(grouped(sounds.count)) sounds")
      Console.answer("\(kind.title): \(both) decoded, \(complaints.count) damaged")
      damaged += complaints.count
    }
    guard damaged == 0 else {
      throw Failure(
        .badInput,
        "\(options.folder): \(damaged) damaged files; fetch them again, or list them in \(options.folder)/skip.txt, one a line"
      )
    }
  }

  private static func check(image path: String) throws {
    let decoded = try DecodedImage(contentsOf: path)
    if decoded.isSpoiled { throw Failure(.badInput, "\(path): decoded with wrong pixels: \(decoded.warning ?? "")") }
  }

  private static func check(sound path: String) throws {
    if try WaveFile(path: path).samples.isEmpty {
      throw Failure(.badInput, "\(path): expected a sound, found no sample")
    }
  }

  private func text(_ presence: DatasetPresence) -> String {
    var lines = ["\(presence.kind.title) (\(presence.kind.rawValue)): \(presence.state.rawValue)"]
    for (requirement, found) in presence.items {
      if let found {
        lines.append("  ✓ \(requirement.role): \(found)")
      } else {
        let mark = requirement.isOptional ? "·" : "✗"
        let optional = requirement.isOptional ? ", not needed" : ""
        lines.append(
          "  \(mark) \(requirement.role)\(optional): expected \(requirement.alternatives[0])")
        lines.append("      \(requirement.origin)")
      }
    }
    if let prepared = presence.prepared {
      lines.append(
        "  prepared: "
          + prepared.map { "\($0.split) \(grouped($0.records))" }.joined(separator: ", "))
    } else {
      lines.append("  not prepared")
    }
    lines.append("  terms: \(presence.kind.licenceNote)")
    return lines.joined(separator: "\n")
  }
}

/// `mope data prepare`
struct DataPrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare", abstract: "Converts datasets once into a compact form.",
    discussion:
      "What is prepared already and unchanged is kept, so a preparation that was stopped goes on.")

  @OptionGroup var options: DataOptions

  func run() throws {
    for kind in try options.chosen() {
      let preparation = try options.store.prepare(kind)
      let manifest = preparation.manifest
      let counts = manifest.splits.map { "\($0.split) \(grouped($0.records))" }.joined(
        separator: ", ")
      let verb = if case .kept = preparation { "unchanged" } else { "prepared" }
      Console.answer(
        "\(kind.title): \(verb): \(counts); skipped \(grouped(manifest.skipped.records))")
      for note in manifest.notes { Console.answer("  \(note)") }
    }
  }
}

/// `mope data card`
struct DataCardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card",
    abstract:
      "Prints sizes beside the published ones, what was skipped and why, and the shares of the labels."
  )

  @OptionGroup var options: DataOptions

  func run() throws {
    let store = options.store
    let named = try options.named()
    let kinds = try named.isEmpty ? store.check().filter { $0.prepared != nil }.map(\.kind) : named
    guard !kinds.isEmpty else {
      throw Failure(
        .missingInput,
        "\(options.folder): nothing is prepared; run: mope data prepare \(options.folder)")
    }
    for (index, kind) in kinds.enumerated() {
      if index > 0 { Console.answer("") }
      Console.answer(PublishedCard(try store.load(kind)).markdown)
    }
  }
}

extension [String] {
  /// What goes wrong with each of these, in order; tried on all cores.
  fileprivate func complaints(_ attempt: @escaping @Sendable (String) throws -> Void) -> [String] {
    let found = Mutex<[Int: String]>([:])
    DispatchQueue.concurrentPerform(iterations: count) { place in
      do { try attempt(self[place]) } catch {
        found.withLock { $0[place] = "\(error)" }
      }
    }
    return found.withLock { found in found.keys.sorted().compactMap { found[$0] } }
  }
}
