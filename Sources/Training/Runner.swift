import Autograd
import Datasets
import Determinism
import Encoders
import Foundation
import Fusion
import NN
import Synchronization

/// What happens to a run, as it happens. Events of different runs come from different threads.
public enum RunEvent: Sendable {
  /// Another process trains it; there is nothing else left to do.
  case waiting(for: String)
  /// To be retrained, and that has been done: by an attempt that was stopped, or by another process.
  case retrained
  case started(resumedAt: Int)
  case progress(TrainingProgress, stepsPerSecond: Double)
  /// Features that do not change are computed, once for all runs.
  case remembering(split: Split, done: Int, of: Int)
  case evaluating
  case finished(FinishedRun)
  case failed(String)
}

/// Trains or loads runs, several at a time.
public struct Runner: Sendable {
  public let store: RunStore
  public let encoders: EncoderCatalogue
  public let behaviour: Behaviour
  public let data: any DataProvider
  /// Runs trained at the same time, each with `Compute.threads` threads.
  public var jobs: Int
  /// Train even what is stored.
  public var retrains: Bool
  /// Seconds between two checkpoints of a run; 0 for one after every step.
  public var checkpointInterval: Double
  // Seeds and rows share the parts of their keys.
  private let keys = Memo<TrainingRun, RunKey>()
  private let fingerprints = Memo<Step, String>()
  private let weights = Memo<[EncoderChoice], [String: String]>()
  private let probes = Memo<DataChoice, String>()

  /// What a behaviour fingerprint depends on.
  private struct Step: Hashable {
    let method: Method
    let recipe: Recipe
    let profile: TierProfile
  }

  /// - Parameter data: nil for the stand-ins of the encoders' tier.
  public init(
    store: RunStore, encoders: EncoderCatalogue, behaviour: Behaviour,
    data: (any DataProvider)? = nil, jobs: Int = 1, retrains: Bool = false,
    checkpointInterval: Double = 20
  ) {
    self.store = store
    self.encoders = encoders
    self.behaviour = behaviour
    self.jobs = jobs
    self.retrains = retrains
    self.checkpointInterval = checkpointInterval
    self.data = data ?? DataCache(tier: encoders.tier)
  }

  /// The content key of a run as code, encoders and data are now.
  public func key(_ run: TrainingRun) throws -> RunKey {
    try keys(run) {
      let step = Step(method: run.method, recipe: run.recipe, profile: run.profile)
      return RunKey(
        run: run,
        behaviour: try fingerprints(step) {
          try behaviour.fingerprint(run.method, run.recipe, in: run.profile)
        },
        encoders: try weights(run.method.slots.map(\.encoder)) { try encoders.hashes(run.method) },
        data: try probes(run.data) { try data.probe(run.data) })
    }
  }

  /// The run if it is stored as code, encoders and data are now.
  public func stored(_ run: TrainingRun) throws -> FinishedRun? { try store.load(try key(run)) }

  /// Whether the run is stored as code, encoders and data are now.
  public func isStored(_ run: TrainingRun) throws -> Bool { try store.contains(try key(run)) }

  /// Why a run that is not stored has to be trained: the fields in which it differs from the nearest of `old`, the runs that
  /// nobody asks for as they are. Nil where none of them is of its method on its data: then it is new.
  public func changes(_ run: TrainingRun, from old: [RunRecord]) throws -> [String]? {
    let key = try key(run)
    return try old.map(\.key).filter {
      $0.run.seed == run.seed && $0.run.tier == run.tier && $0.run.data == run.data
        && $0.run.method.title(in: $0.run.profile) == run.method.title(in: run.profile)
    }.map { try key.changes(from: $0) }.min { $0.count < $1.count }
  }

  /// Loads what is stored and trains the rest, `jobs` at a time.
  /// - Parameters:
  ///   - stopsAtFailure: starts no further run once one has failed.
  ///   - watching: called for each event, from the thread of the run.
  /// - Returns: one result per run, in order.
  public func results(
    _ runs: [TrainingRun], stopsAtFailure: Bool = false,
    watching: @escaping @Sendable (TrainingRun, RunEvent) -> Void
  ) -> [Result<FinishedRun, any Error>] {
    let digests = runs.compactMap { try? key($0).digest() }
    let retraining: Retraining?
    do { retraining = retrains ? try Retraining(digests, in: store) : nil } catch {
      return runs.map { _ in .failure(error) }
    }
    let hasFailed = SharedBox(false)
    let results = severalAtATime(runs) { run, turn -> Result<FinishedRun, any Error>? in
      guard !stopsAtFailure || !hasFailed.withLock({ $0 }) else {
        return .failure(Failure(.runFailed, "\(run.title): not started, another run failed"))
      }
      do {
        return try self.result(run, retraining, &turn) { watching(run, $0) }.map { .success($0) }
      } catch {
        if (error as? Failure)?.kind != .interrupted {
          hasFailed.withLock { $0 = true }
          watching(run, .failed("\(error)"))
        }
        return .failure(error)
      }
    }
    for digest in store.withRemains(digests) {
      // Of one that is being trained they are not ours to remove.
      var watch = Lease.Watch()
      guard let lease = try? Lease.take(store.leasePath(digest), watch: &watch) else { continue }
      let isFinished = retraining.map { $0.isDone(digest) } ?? (store.recordDigest(digest) != nil)
      store.removeRemains(digest, checkpoint: isFinished)
      lease.release()
    }
    if !results.contains(where: { (try? $0.get()) == nil }) { retraining?.end() }
    return results
  }

  /// What was seen so far of another process that works on an input.
  private struct Turn {
    var watch = Lease.Watch()
    /// The process that the user was told of.
    var named: String?
  }

  /// What `body` makes of each input, in order; `jobs` at a time, each on a thread of its own. An input that it gives
  /// nothing for, since another process works on it, comes again behind the others.
  private func severalAtATime<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ body: @escaping @Sendable (Input, inout Turn) -> Result<Output, any Error>?
  ) -> [Result<Output, any Error>] {
    let results = SharedBox<[Int: Result<Output, any Error>]>([:])
    let queue = SharedBox(inputs.indices.map { (index: $0, turn: Turn()) })
    let threads = (0..<max(1, min(jobs, inputs.count))).map { _ in
      let done = DispatchSemaphore(value: 0)
      let thread = Thread {
        while case (let index, var turn)? = queue.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
          if let result = body(inputs[index], &turn) {
            results.withLock { $0[index] = result }
          } else {
            queue.withLock { [turn] in $0.append((index, turn)) }
          }
        }
        done.signal()
      }
      thread.stackSize = 64 << 20  // releasing a graph recurses as deep as the graph
      thread.start()
      return done
    }
    for done in threads { done.wait() }
    return results.withLock { results in
      inputs.indices.map {
        results[$0] ?? .failure(Failure(.internal, "\(inputs[$0]): its thread gave no result"))
      }
    }
  }

  /// Loads or trains a run.
  /// - Returns: nil if another process trains it.
  private func result(
    _ run: TrainingRun, _ retraining: Retraining?, _ turn: inout Turn, watching: (RunEvent) -> Void
  ) throws -> FinishedRun? {
    try Interruption.check()
    let key = try key(run)
    let digest = try key.digest()
    func stored() throws -> FinishedRun? {
      guard retraining?.isDone(digest) ?? true, let finished = try store.load(key) else { return nil }
      if retraining != nil { watching(.retrained) }
      watching(.finished(finished))
      return finished
    }
    if let finished = try stored() { return finished }
    let isAgain = turn.watch.holder != nil  // all others have been asked for since
    if isAgain { usleep(100_000) }
    guard let lease = try Lease.take(store.leasePath(digest), watch: &turn.watch) else {
      if isAgain, let holder = turn.watch.holder, holder != turn.named {
        turn.named = holder
        watching(.waiting(for: holder))
      }
      return nil
    }
    defer { lease.release() }
    store.refresh()
    if let finished = try stored() { return finished }
    store.removeRemains(digest, checkpoint: false)
    do {
      let finished = try train(key, lease, replacing: retraining != nil, watching: watching)
      watching(.finished(finished))
      return finished
    } catch  where !lease.isHeld {
      return nil  // this process was taken for dead; its successor has the run now
    }
  }

  private func train(
    _ key: RunKey, _ lease: Lease, replacing: Bool, watching: (RunEvent) -> Void
  ) throws -> FinishedRun {
    let run = key.run
    let training = try featured(
      try data.training(run.data, for: run.method), run, watching: watching)
    let judged = try data.judged(run.data, for: run.method).map {
      try featured($0, run, watching: watching)
    }
    let random = RandomStream(seed: UInt64(bitPattern: Int64(run.seed)))
    let model = try run.method.model(for: training.task, encoders: encoders, random: random)
    let trainer = Trainer(run, model, training, random)
    let checkpoint = store.checkpointPath(try key.digest())
    if FileManager.default.fileExists(atPath: checkpoint) { try trainer.restore(from: checkpoint) }
    watching(.started(resumedAt: trainer.step))

    let clock = ContinuousClock()
    let start = clock.now
    let firstStep = trainer.step
    var lastSave = start
    var lastReport = start - .seconds(1)
    try trainer.train { progress in
      guard lease.isHeld else { throw Failure(.runFailed, "\(run.title): another process goes on with it") }
      let now = clock.now
      if Interruption.isRequested || now - lastSave >= .seconds(checkpointInterval) {
        try trainer.save(to: checkpoint)
        lastSave = now
      }
      try Interruption.check()
      if now - lastReport >= .milliseconds(100) {
        lastReport = now
        let speed = Double(progress.step - firstStep) / (now - start).seconds
        watching(.progress(progress, stepsPerSecond: speed))
      }
    }
    // Of a resumed run the time of the steps since then, scaled to all.
    let share = Double(trainer.steps) / Double(max(1, trainer.steps - firstStep))
    let seconds = (clock.now - start).seconds * share
    watching(.evaluating)
    let evaluation = try Evaluation(model, judged, tier: run.tier)
    let record = RunRecord(
      key: key, metrics: evaluation.metrics,
      environment: .current, steps: trainer.steps, trainSeconds: seconds,
      trainableParameters: model.store.trainableCount, totalParameters: model.store.count,
      dataHashes: Dictionary(
        ([training] + judged).map { ($0.split.rawValue, $0.contentHash) }, uniquingKeysWith: { $1 }),
      finalLoss: trainer.loss, outputs: training.task.labels.count)
    let finished = try store.save(
      FinishedRun(
        record: record, predictions: evaluation.predictions, trace: trainer.trace,
        assignments: evaluation.assignments, tensorsPath: nil),
      tensors: model.store.snapshot(),
      features: run.data.descriptor.keepsFeatures ? evaluation.features : nil, replacing: replacing)
    if lease.isHeld { unlink(checkpoint) }
    return finished
  }

  /// The drawn examples that runs on this dataset are judged by; the first split of several. Nil where they are not
  /// drawn.
  public func judged(_ choice: DataChoice) throws -> PreparedSplit? {
    try (data as? DataCache)?.judged(choice)[0]
  }

  /// The trained model of a run, or nil if its tensors were not kept.
  /// - Parameter wrapping: puts something around the image's encoder, to look into it (methods of the MoPE family).
  public func model(
    of finished: FinishedRun, wrapping: @escaping (any Encoder) -> any Encoder = { $0 }
  ) throws -> (any FusionModel)? {
    guard let path = finished.tensorsPath else { return nil }
    let run = finished.run
    let random = RandomStream(seed: UInt64(bitPattern: Int64(run.seed)))
    let model = try run.method.model(
      for: try data.task(run.data), encoders: encoders, random: random, wrapping: wrapping)
    try model.store.restore(try RunStore.tensors(path), source: path)
    return model
  }

  /// These runs as this machine judges them, `jobs` at a time; as they are where their tensors were not kept.
  public func reevaluated(_ runs: [FinishedRun]) throws -> [FinishedRun] {
    try severalAtATime(runs) { run, _ in
      Result {
        try Interruption.check()
        return try self.reevaluated(run) ?? run
      }
    }.map { try $0.get() }
  }

  /// Rebuilds a prompt-tuned model from its stored tensors and judges it again.
  /// - Returns: the run as this machine gives it, or nil if its tensors were not kept.
  public func reevaluated(_ finished: FinishedRun) throws -> FinishedRun? {
    guard let model = try model(of: finished) else { return nil }
    let judged = try data.judged(finished.run.data, for: finished.run.method).map {
      try featured($0, finished.run, watching: { _ in })
    }
    let evaluation = try Evaluation(model, judged, tier: finished.run.tier)
    var record = finished.record
    record.metrics = evaluation.metrics
    return FinishedRun(
      record: record, predictions: evaluation.predictions, trace: finished.trace,
      assignments: evaluation.assignments, tensorsPath: finished.tensorsPath, featuresPath: finished.featuresPath)
  }
}

extension Duration {
  /// The duration in seconds.
  public var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
