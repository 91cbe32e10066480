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
  func checkpointPath(_ digest: String) -> String { "\(unfinished)/\(Self.name(digest)).safetensors" }

  /// The lease of who trains a run. Its holder alone writes the run's checkpoint and temporaries.
  func leasePath(_ digest: String) -> String { "\(unfinished)/\(Self.name(digest)).lease" }

  private var unfinished: String { "\(folder)/unfinished" }
  private var runs: String { "\(folder)/runs" }
  private var places: [String] { [runs] + (shipped.map { [$0] } ?? []) }

  /// Removes what is left of the attempts of processes that are no more, and what was replaced. For the holder of the run's
  /// lease.
  func removeRemains(_ digest: String, checkpoint: Bool) {
    let name = Self.name(digest)
    Self.remove(in: runs) { $0.hasPrefix("\(name).") }
    Self.remove(in: unfinished) { file in
      file.hasPrefix("\(name).") && file != "\(name).lease" && (checkpoint || file != "\(name).safetensors")
    }
  }

  /// Those of these runs of which attempts have left something.
  func withRemains(_ digests: [String]) -> [String] {
    let remains = Set(
      (Self.names(in: runs) + Self.names(in: unfinished)).filter { $0.contains(".") }.map { $0.prefix(16) })
    return digests.filter { remains.contains($0.prefix(16)) }
  }

  private static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  private static func remove(in folder: String, where isRemoved: (String) -> Bool) {
    for name in names(in: folder) where isRemoved(name) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
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
    for place in places {
      let path = "\(place)/\(name)"
      guard let finished = try Self.read(path) else { continue }
      guard finished.record.key == key else {
        throw Failure(.badInput, "\(path)/run.json: holds another run than its name says; move the folder away")
      }
      return finished
    }
    return nil
  }

  /// Lets `load` see what a network file system's server has now: opening a folder forgets what was remembered of it.
  func refresh() { close(open(runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) }

  /// The digest of the record in the store itself, which is another each time that a run is trained; nil if there is none.
  func recordDigest(_ digest: String) -> String? {
    FileManager.default.contents(atPath: "\(runs)/\(Self.name(digest))/run.json").map { ContentHash.of(Array($0)) }
  }

  /// All finished runs' records, in the order of their folders' names; the shipped ones last.
  public func records() throws -> [RunRecord] {
    try places.flatMap { place in
      try Self.names(in: place).sorted().filter { !$0.hasSuffix(".tmp") }.compactMap {
        try Self.record("\(place)/\($0)")
      }
    }
  }

  /// Stores a run whole or not at all.
  /// - Parameters:
  ///   - tensors: the trained parameters and buffers.
  ///   - features: of the judged samples, `[N, width]`; nil where nothing shows them.
  ///   - replacing: puts it in place of one that is there already, which otherwise is kept.
  /// - Returns: the run that is stored.
  func save(
    _ finished: FinishedRun, tensors: [(name: String, tensor: Tensor)], features: Tensor?, replacing: Bool
  ) throws -> FinishedRun {
    let path = "\(runs)/\(Self.name(try finished.record.key.digest()))"
    try Self.write(
      finished, tensors: tensors, features: features.map(FeatureCodes.init), to: path,
      keepingLogits: true, replacing: replacing)
    guard let stored = try Self.read(path) else { throw Failure(.io, "\(path): was removed as soon as it was written") }
    return stored
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
    if withTensors, finished.run.method.leavesEncodersFrozen, isReported, let source = finished.tensorsPath {
      tensors = try Self.tensors(source)
    }
    let features = try withFeatures ? finished.featuresPath.map(FeatureCodes.init(path:)) : nil
    try Self.write(
      finished, tensors: tensors, features: features, to: path, keepingLogits: false, replacing: true)
    let name = (path as NSString).lastPathComponent
    Self.remove(in: shipped) { $0.hasPrefix("\(name).") }
  }

  /// The tensors of a safetensors file, in the order of their names.
  static func tensors(_ path: String) throws -> [(name: String, tensor: Tensor)] {
    let file = try SafetensorsFile(path: path)
    return try file.names.compactMap { name in try file.tensor(name).map { (name, $0) } }
  }

  // MARK: Files

  private static func write(
    _ finished: FinishedRun, tensors: [(name: String, tensor: Tensor)], features: FeatureCodes?,
    to path: String, keepingLogits: Bool, replacing: Bool
  ) throws {
    let temporary = "\(path).\(UUID().uuidString).tmp"
    defer { try? FileManager.default.removeItem(atPath: temporary) }  // a half, or not needed
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
    try place(temporary, at: path, replacing: replacing)
  }

  /// Renames a finished folder into its place. The first one stays there; only to be replaced it goes aside, whole, for those
  /// who are reading it.
  private static func place(_ temporary: String, at path: String, replacing: Bool) throws {
    func failure() -> Failure {
      Failure(.io, "\(path): cannot rename into place: \(String(cString: strerror(errno)))")
    }
    if rename(temporary, path) == 0 { return }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw failure() }
    let isFinished = FileManager.default.fileExists(atPath: "\(path)/run.json")
    guard replacing || !isFinished else { return }
    let aside = "\(path).\(UUID().uuidString).tmp"
    guard rename(path, aside) == 0 else { throw failure() }
    guard rename(temporary, path) == 0 else {
      let error = failure()
      rename(aside, path)
      throw error
    }
  }

  /// The record in a folder, or nil if there is none.
  private static func record(_ folder: String) throws -> RunRecord? {
    let path = "\(folder)/run.json"
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      throw Failure(.io, "\(path): cannot read: \(error.localizedDescription)")
    }
    do { return try JSONDecoder().decode(RunRecord.self, from: data) } catch {
      throw Failure(
        .badInput, "\(path): not the record of a run as this version writes it: \(error); move its folder away")
    }
  }

  /// The run in a folder, or nil if there is none. A folder that is replaced while it is read is read again; since a new
  /// folder may have the number of one before, damage is believed when it is seen three times.
  private static func read(_ path: String) throws -> FinishedRun? {
    func folder() -> ino_t? {
      var status = stat()
      return stat(path, &status) == 0 ? status.st_ino : nil
    }
    var failures = 0
    while true {
      let before = folder()
      do {
        let found = try record(path).map { try read(path, $0) }
        if folder() == before { return found }
      } catch {
        failures += 1
        if folder() == before && failures >= 3 { throw error }
      }
    }
  }

  private static func read(_ path: String, _ record: RunRecord) throws -> FinishedRun {
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
