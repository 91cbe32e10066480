import Autograd
import Datasets
import Determinism
import Foundation
import NN

/// Finished runs by content key. What is not in the store's own folder is looked for in the runs that ship with the
/// repository.
///
/// A run is a folder `<key's first 16 digits>`: `run.json`, `predictions.safetensors`, and where there are any
/// `trace.safetensors` and `tensors.safetensors`. The folder appears whole, by a rename.
public struct RunStore: Sendable {
  public let folder: String
  public let shipped: String?

  public init(folder: String, shipped: String?) {
    self.folder = folder
    self.shipped = shipped
  }

  /// Where an unfinished run keeps its state.
  func checkpointPath(_ digest: String) -> String { "\(folder)/unfinished/\(digest.prefix(16)).safetensors" }

  /// Removes a checkpoint, and what a killed program left beside it half-written.
  func removeCheckpoints(_ path: String) { Self.remove(startingWith: path) }

  /// Removes every file and folder whose path starts like this.
  private static func remove(startingWith path: String) {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for file in files where file.hasPrefix(name) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(file)")
    }
  }

  private static func name(_ digest: String) -> String { String(digest.prefix(16)) }

  /// Whether there is a finished run of this key.
  public func contains(_ key: RunKey) throws -> Bool {
    let name = Self.name(try key.digest())
    return ([folder + "/runs"] + (shipped.map { [$0] } ?? [])).contains {
      FileManager.default.fileExists(atPath: "\($0)/\(name)/run.json")
    }
  }

  /// The finished run of this key, or nil if there is none.
  /// - Throws: `Failure(.badInput)` if its files are damaged.
  public func load(_ key: RunKey) throws -> FinishedRun? {
    let name = Self.name(try key.digest())
    for place in [folder + "/runs"] + (shipped.map { [$0] } ?? []) {
      let path = "\(place)/\(name)"
      guard FileManager.default.fileExists(atPath: "\(path)/run.json") else { continue }
      let finished = try Self.read(path)
      guard finished.record.key == key else {
        throw Failure(.badInput, "\(path)/run.json: holds another run than its name says; delete the folder")
      }
      return finished
    }
    return nil
  }

  /// All finished runs' records, in the order of their folders' names; the shipped ones last.
  public func records() throws -> [RunRecord] {
    try ([folder + "/runs"] + (shipped.map { [$0] } ?? [])).flatMap { place in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      return try names.sorted().filter { !$0.hasSuffix(".tmp") }.compactMap { name in
        let path = "\(place)/\(name)/run.json"
        return FileManager.default.fileExists(atPath: path) ? try Self.record(path) : nil
      }
    }
  }

  /// Stores a run whole or not at all.
  /// - Parameters:
  ///   - tensors: the trained parameters and buffers.
  ///   - features: of the judged samples, `[N, width]`; nil where nothing shows them.
  func save(
    _ finished: FinishedRun, tensors: [(name: String, tensor: Tensor)], features: Tensor?
  ) throws -> FinishedRun {
    let digest = try finished.record.key.digest()
    let path = "\(folder)/runs/\(Self.name(digest))"
    Self.remove(startingWith: path)  // an older result, or the half of one that a killed program left
    try Self.write(
      finished, tensors: tensors, features: features.map(FeatureCodes.init), to: path,
      keepingLogits: true)
    return try Self.read(path)
  }

  /// Copies a run to where it ships: decisions without logits, and experts' assignments.
  /// - Parameters:
  ///   - withTensors: also the trained tensors, where they are few: of prompt-tuned runs that are not of a search.
  ///   - withFeatures: also what the head read of the judged samples, where that was kept.
  public func ship(_ finished: FinishedRun, withTensors: Bool, withFeatures: Bool) throws {
    guard let shipped else { throw Failure(.configuration, "no folder to ship runs to") }
    let path = "\(shipped)/\(Self.name(try finished.record.key.digest()))"
    var tensors: [(name: String, tensor: Tensor)] = []
    let isReported = finished.run.data.judgedOn != Split.validation.rawValue  // a search is judged once
    if withTensors, finished.run.method.isPromptTuned, isReported, let source = finished.tensorsPath {
      tensors = try Self.tensors(source)
    }
    let features = try withFeatures ? finished.featuresPath.map(FeatureCodes.init(path:)) : nil
    try Self.write(finished, tensors: tensors, features: features, to: path, keepingLogits: false)
  }

  /// The tensors of a safetensors file, in the order of their names.
  static func tensors(_ path: String) throws -> [(name: String, tensor: Tensor)] {
    let file = try SafetensorsFile(path: path)
    return try file.names.compactMap { name in try file.tensor(name).map { (name, $0) } }
  }

  // MARK: Files

  private static func write(
    _ finished: FinishedRun, tensors: [(name: String, tensor: Tensor)], features: FeatureCodes?,
    to path: String, keepingLogits: Bool
  ) throws {
    let temporary = "\(path).\(getpid()).tmp"
    try? FileManager.default.removeItem(atPath: temporary)
    let record = JSONEncoder()
    record.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let text = String(decoding: try record.encode(finished.record), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: "\(temporary)/run.json")

    let predictions = finished.predictions
    let count = predictions.decisions.count
    var integers: [(name: String, values: [Int32], shape: [Int])] = [
      ("decisions", predictions.decisions, [count])
    ]
    var floats: [(name: String, tensor: Tensor)] = []
    var metadata = ["kind": predictions.kind.rawValue]
    if !predictions.parts.isEmpty {
      metadata["splits"] = predictions.parts.map(\.split.rawValue).joined(separator: " ")
      integers += predictions.parts.flatMap { part in
        [
          ("\(part.split.rawValue).count", [Int32(part.count)], [1]),
          (
            "\(part.split.rawValue).masks", part.masks.flatMap { $0 },
            [part.masks.count, part.masks.first?.count ?? 0]
          ),
        ]
      }
    }
    if keepingLogits && !predictions.logits.isEmpty {
      floats.append(("logits", Tensor(predictions.logits, [count, finished.record.outputs])))
    }
    // One byte a number: with the runs that ship, they are most of what is not trained tensors.
    var experts: [(name: String, values: [UInt8], shape: [Int])] = []
    if !finished.assignments.isEmpty {
      let (values, shape) = (finished.assignments.flatMap { $0 }, [finished.assignments.count, count])
      let small = values.compactMap { UInt8(exactly: $0) }
      if small.count == values.count {
        experts.append(("assignments", small, shape))
      } else {
        integers.append(("assignments", values, shape))
      }
    }
    try SafetensorsWriter.write(
      floats, integers: integers, smallIntegers: experts, metadata: metadata,
      to: "\(temporary)/predictions.safetensors")
    if let trace = finished.trace {
      let steps = trace.steps.count
      try SafetensorsWriter.write(
        [
          ("entropy", Tensor(trace.entropy, [steps, trace.blocks])),
          ("importance", Tensor(trace.importance, [steps, trace.experts])),
        ], integers: [("steps", trace.steps, [steps])], to: "\(temporary)/trace.safetensors")
    }
    if !tensors.isEmpty {
      try SafetensorsWriter.write(tensors, to: "\(temporary)/tensors.safetensors")
    }
    try features?.write(to: "\(temporary)/features.safetensors")
    try? FileManager.default.removeItem(atPath: path)
    guard rename(temporary, path) == 0 else {
      throw Failure(.io, "\(path): cannot rename into place: \(String(cString: strerror(errno)))")
    }
  }

  private static func record(_ path: String) throws -> RunRecord {
    do {
      return try JSONDecoder().decode(
        RunRecord.self, from: try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw Failure(.badInput, "\(path): not the record of a run: \(error); delete its folder")
    }
  }

  private static func read(_ path: String) throws -> FinishedRun {
    let record = try record("\(path)/run.json")
    let file = try SafetensorsFile(path: "\(path)/predictions.safetensors")
    guard let kind = file.metadata["kind"].flatMap(Predictions.Kind.init),
      let decisions = try file.integers("decisions")
    else { throw Failure(.badInput, "\(file.source): expected decisions and their kind") }
    let assignments = try file.integers("assignments").map { found in
      (0..<found.shape[0]).map { row in
        found.values[row * found.shape[1]..<(row + 1) * found.shape[1]].map(Int32.init)
      }
    }
    let tensors = "\(path)/tensors.safetensors"
    let features = "\(path)/features.safetensors"
    return FinishedRun(
      record: record,
      predictions: Predictions(
        kind: kind, decisions: decisions.values.map(Int32.init),
        logits: try file.tensor("logits")?.values ?? [], parts: try parts(file)),
      trace: try trace("\(path)/trace.safetensors"), assignments: assignments ?? [],
      tensorsPath: FileManager.default.fileExists(atPath: tensors) ? tensors : nil,
      featuresPath: FileManager.default.fileExists(atPath: features) ? features : nil)
  }

  private static func parts(_ file: SafetensorsFile) throws -> [JudgedPart] {
    try (file.metadata["splits"] ?? "").split(separator: " ").map { name in
      guard let split = Split(rawValue: String(name)),
        let count = try file.integers("\(name).count")?.values.first,
        let masks = try file.integers("\(name).masks"), masks.shape.count == 2
      else { throw Failure(.badInput, "\(file.source): \(name): expected a split's count and masks") }
      let words = masks.shape[1]
      return JudgedPart(
        split: split, count: count,
        masks: (0..<masks.shape[0]).map { masks.values[$0 * words..<($0 + 1) * words].map(Int32.init) })
    }
  }

  private static func trace(_ path: String) throws -> RoutingTrace? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard let steps = try file.integers("steps"), let entropy = try file.tensor("entropy"),
      let importance = try file.tensor("importance"), entropy.rank == 2, importance.rank == 2
    else { throw Failure(.badInput, "\(path): expected steps, entropy and importance") }
    var trace = RoutingTrace(experts: importance.shape[1], blocks: entropy.shape[1])
    trace.steps = steps.values.map(Int32.init)
    trace.entropy = entropy.values
    trace.importance = importance.values
    return trace
  }
}
