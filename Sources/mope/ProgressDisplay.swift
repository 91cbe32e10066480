import Determinism
import Foundation
import Synchronization
import Training

/// Shows what runs do, on standard error: bars on a terminal, one line per change of state and a heartbeat elsewhere.
final class ProgressDisplay: Sendable {
  private struct Line {
    var progress: TrainingProgress?
    var speed = 0.0
    var isEvaluating = false
    var remembered: (split: String, done: Int, of: Int)?
  }

  private struct State {
    var active: [(run: TrainingRun, line: Line)] = []
    var done = 0
    var failed = 0
    var drawnLines = 0
    var lastDraw = ContinuousClock.now - .seconds(1)
    var lastBeat = ContinuousClock.now
    var trained: [Double] = []
  }

  private let style: ProgressStyle
  private let total: Int
  private let jobs: Int
  private let start = ContinuousClock.now
  private let state = Mutex(State())
  /// Seconds between two heartbeats of plain progress.
  private static let beat = 15.0

  init(_ style: ProgressStyle, total: Int, jobs: Int, quiet: Bool) {
    let automatic: ProgressStyle = Console.errorIsTerminal ? .auto : .plain
    self.style = quiet ? .none : style == .auto ? automatic : style
    self.total = total
    self.jobs = jobs
  }

  func handle(_ run: TrainingRun, _ event: RunEvent) {
    state.withLock { state in
      let now = ContinuousClock.now
      switch event {
      case .waiting(let holder):
        state.active.removeAll { $0.run == run }
        announce(run, "trained by \(holder), waiting", &state)
      case .retrained:
        announce(run, "retrained already", &state)
      case .started(let step):
        state.active.removeAll { $0.run == run }
        state.active.append((run, Line()))
        announce(run, step == 0 ? "started" : "continued at step \(step)", &state)
      case .progress(let progress, let speed):
        guard let index = state.active.firstIndex(where: { $0.run == run }) else { return }
        state.active[index].line.progress = progress
        state.active[index].line.speed = speed
      case .evaluating:
        guard let index = state.active.firstIndex(where: { $0.run == run }) else { return }
        state.active[index].line.isEvaluating = true
      case .remembering(let split, let done, let count):
        // Comes before the training starts.
        if !state.active.contains(where: { $0.run == run }) { state.active.append((run, Line())) }
        guard let index = state.active.firstIndex(where: { $0.run == run }) else { return }
        state.active[index].line.remembered = done < count ? (split.rawValue, done, count) : nil
      case .finished(let finished):
        let wasTrained = state.active.contains { $0.run == run }
        state.active.removeAll { $0.run == run }
        state.done += 1
        if wasTrained {
          state.trained.append(finished.record.trainSeconds)
          let metrics = finished.record.metrics.map { metric in
            "\(metric.split.map { "\($0.rawValue) " } ?? "")\(metric.name.rawValue) \(fixed(metric.value, 1)) %"
          }
          announce(
            run,
            "done in \(fixed(finished.record.trainSeconds, 1)) s, \(metrics.joined(separator: ", "))",
            &state)
        }
      case .failed(let message):
        state.active.removeAll { $0.run == run }
        state.failed += 1
        announce(run, "failed: \(message)", &state)
      }
      refresh(&state, now)
    }
  }

  /// Takes the bars away, so that the answer stands alone.
  func end() {
    state.withLock { state in
      guard style == .auto else { return }
      erase(&state)
    }
  }

  private func announce(_ run: TrainingRun, _ what: String, _ state: inout State) {
    switch style {
    case .plain: Console.note("[\(state.done)/\(total)] \(run.title): \(what)")
    case .json:
      Console.note(
        jsonText([("run", run.title), ("event", what), ("done", "\(state.done)"), ("of", "\(total)")]))
    case .auto:
      erase(&state)
      Console.note("\(run.title): \(what)")
    case .none: break
    }
  }

  private func refresh(_ state: inout State, _ now: ContinuousClock.Instant) {
    switch style {
    case .auto:
      guard now - state.lastDraw >= .milliseconds(100) else { return }
      state.lastDraw = now
      draw(&state, now)
    case .plain:
      guard (now - state.lastBeat).seconds >= Self.beat, !state.active.isEmpty else { return }
      state.lastBeat = now
      let running = state.active.map { "\($0.run.title) \(summary($0.line))" }
      Console.note("[\(state.done)/\(total)] \(running.joined(separator: "; ")); \(remaining(state, now))")
    case .json, .none: break
    }
  }

  private func draw(_ state: inout State, _ now: ContinuousClock.Instant) {
    var lines = state.active.map { run, line -> String in
      let share = line.progress.map { Double($0.step) / Double($0.steps) } ?? 0
      return "\(bar(share, 16)) \(run.title)  \(summary(line))"
    }
    let partial = state.active.reduce(0.0) { sum, entry in
      sum + (entry.line.progress.map { Double($0.step) / Double($0.steps) } ?? 0)
    }
    let share = (Double(state.done) + partial) / Double(max(1, total))
    lines.append("\(bar(share, 16)) \(state.done) of \(total) runs  \(remaining(state, now))")
    let width = Console.width - 1
    erase(&state)
    Console.show(lines.map { String($0.prefix(width)) + "\n" }.joined())
    state.drawnLines = lines.count
  }

  private func erase(_ state: inout State) {
    guard state.drawnLines > 0 else { return }
    Console.show("\u{1B}[\(state.drawnLines)A\u{1B}[J")
    state.drawnLines = 0
  }

  private func summary(_ line: Line) -> String {
    if line.isEvaluating { return "judging" }
    if let (split, done, count) = line.remembered { return "features of \(split) \(done)/\(count)" }
    guard let progress = line.progress else { return "preparing" }
    let left = line.speed > 0 ? Double(progress.steps - progress.step) / line.speed : 0
    return
      "epoch \(progress.epoch + 1)/\(progress.epochs), step \(progress.step)/\(progress.steps), loss \(fixed(Double(progress.loss), 3)), \(speedText(line.speed)), \(clock(left)) left"
  }

  private func speedText(_ stepsPerSecond: Double) -> String {
    stepsPerSecond >= 1 || stepsPerSecond <= 0
      ? "\(fixed(stepsPerSecond, 0)) steps/s" : "\(fixed(1 / stepsPerSecond, 1)) s/step"
  }

  private func remaining(_ state: State, _ now: ContinuousClock.Instant) -> String {
    guard !state.trained.isEmpty else { return "\(clock((now - start).seconds)) so far" }
    let mean = state.trained.reduce(0, +) / Double(state.trained.count)
    let partial = state.active.reduce(0.0) { sum, entry in
      sum + (entry.line.progress.map { Double($0.step) / Double($0.steps) } ?? 0)
    }
    let left = max(0, Double(total - state.done - state.failed) - partial) * mean / Double(max(1, jobs))
    return "\(clock(left)) left"
  }

  private func bar(_ share: Double, _ width: Int) -> String {
    let filled = Int((max(0, min(1, share)) * Double(width)).rounded(.down))
    return "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled) + "]"
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}

/// One JSON object of texts, in this order, on one line.
func jsonText(_ fields: [(String, String)]) -> String {
  func quoted(_ text: String) -> String {
    let data = (try? JSONEncoder().encode(text)) ?? Data("\"\"".utf8)
    return String(decoding: data, as: UTF8.self)
  }
  return "{" + fields.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
}
