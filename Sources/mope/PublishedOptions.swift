import ArgumentParser
import Determinism
import Foundation
import Laboratory
import PaperTier
import Training

/// Where the paper tier's data and checkpoints are, and what is changed about its runs.
struct PublishedOptions: ParsableArguments {
  @Option(help: "Folder of the published datasets, as for mope data.")
  var data: String?

  @Option(help: "Folder of the checkpoints, as for mope weights.")
  var weights: String?

  @Option(
    help:
      "Where the prepared form of the data is or will be. Default: .prepared in the folder of the data."
  )
  var prepared: String?

  @Option(
    help: "A dry run on the first so many examples of each split, one epoch. Nothing is judged.")
  var limit: Int?

  @Option(
    help:
      "At most so many examples pass through a model at once: less memory, other batch statistics.")
  var microBatch: Int?

  @Flag(
    help:
      "Food-101's texts are the titles of the copy on Kaggle, where the pages that the papers read are not to be had. Nothing is judged."
  )
  var titles = false

  func validate() throws {
    try validatePaths([("--data", data), ("--weights", weights), ("--prepared", prepared)])
    for (name, value) in [("--limit", limit), ("--micro-batch", microBatch)] {
      guard let value else { continue }
      guard value >= 2 else {
        throw ValidationError("\(name): expected at least 2, found \(value)")
      }
    }
  }

  /// The names of the options that were given.
  var given: [String] {
    [
      ("--data", data != nil), ("--weights", weights != nil), ("--prepared", prepared != nil),
      ("--limit", limit != nil), ("--micro-batch", microBatch != nil),
      ("--titles", titles),
    ].filter(\.1).map(\.0)
  }

  var changes: RunChanges { RunChanges(limit: limit, microBatch: microBatch) }

  /// - Throws: `Failure(.usage)` if a folder is not named, `Failure(.missingInput)` if it is not there.
  func source() throws -> (data: PublishedData, encoders: CheckpointEncoders) {
    guard let data, let weights else {
      throw Failure(
        .usage,
        "--tier paper: expected --data DIR and --weights DIR; mope data check DIR and mope weights check DIR say what is there, "
          + "mope plan --tier paper what it would cost")
    }
    for (name, folder) in [("--data", data), ("--weights", weights)] {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
        isFolder.boolValue
      else { throw Failure(.missingInput, "\(name) \(folder): no such folder") }
    }
    let encoders = CheckpointEncoders(weights)
    return (PublishedData(data, prepared: prepared, titles: titles, encoders: encoders), encoders)
  }

  /// Why runs with these options decide nothing; nil if they do.
  func reservation(_ encoders: CheckpointEncoders) throws -> String? {
    if let limit { return "a dry run on \(limit) examples of each split decides nothing" }
    if titles { return "texts of Food-101 are titles, not the pages that the papers read" }
    return try encoders.departures().first.map { "other networks than the published: \($0)" }
  }
}
