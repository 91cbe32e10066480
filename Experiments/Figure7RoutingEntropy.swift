import Fusion
import Laboratory
import Reporting
import Training

/*:
 # Figure 7 · How decided the router is

 The entropy of the routing scores says how many experts share an instance: 4 bits is all sixteen equally, 0 is one alone.
 The papers plot it over training for dense and for top-1 routing and find dense lower after the early phase.

 Here it is recorded every ten steps on SNLI-VE's stand-in, on the raw softmax, mean over the batch and the four routed
 blocks. The papers would be contradicted by a dense router that stays less decided than the sparse one.
 */
extension Experiment {
  static let figure7RoutingEntropy = Experiment(
    "fig-7-routing-entropy", title: "Figure 7 · How decided the router is",
    summary: "The entropy of routing scores while training, dense and top-1.",
    reproduces: "Figure 6 (CPT, V1)"
  ) { notebook, workbench in
    //: ## Runs
    //: Those of [Table 3](../Reports/table-3-routing.md).
    let rows: [(id: String, title: String, method: MethodPlan)] = [
      ("dense", "dense", .mope(.all)), ("top1", "top-1", .mope { $0.gating = .topOne }),
    ]
    let results = workbench.results(
      of: rows.map { (Measurements.Row($0.id, title: $0.title), $0.method) }, on: [workbench.data(.snliVE)])
    let curves = rows.map { row in
      results.runs(row.id, on: .snliVE).compactMap { run in
        run.trace.map { (seed: run.run.seed, entropy: EntropyCurve($0)) }
      }
    }

    //: ## The curves
    let series = zip(rows, curves).map { row, runs in
      LineChart.Series(row.title, EntropyCurve.mean(runs.map(\.entropy)))
    }
    if series.contains(where: { !$0.points.isEmpty }) {
      notebook.show(
        LineChart(
          "Routing becomes decided", x: Axis("training step"),
          y: Axis("entropy of the routing scores [bits]", includes: [0, 4]), series: series,
          references: [BarChart.Reference("sixteen experts equally", 4)]),
        named: "entropy",
        "Mean entropy over the batch and the routed blocks, averaged over windows of training; bands are 95 % intervals over the seeds.",
        alternative:
          "Line chart of the entropy over training for dense and top-1 routing; the table below has the values at three times."
      )
    }

    //: ## At the start, in the middle, at the end
    //: Each is the mean over a tenth of the training.
    let times = [("start", 0.0), ("middle", 0.45), ("end", 0.9)]
    var measured = Measurements(
      rows: rows.map { Measurements.Row($0.id, title: $0.title) },
      columns: times.map {
        Measurements.Column(
          $0.0, title: "entropy, \($0.0)", unit: "bits", digits: 2, resolution: 1e-4, higherIsBetter: false)
      })
    for (row, runs) in zip(rows, curves) {
      for (seed, curve) in runs {
        for (name, place) in times {
          measured.set(curve.mean(from: place, to: place + 0.1), row: row.id, column: name, seed: seed)
        }
      }
    }
    notebook.compare(measured)

    //: ## Verdicts
    notebook.claim(
      "Dense routing has the lower entropy from the middle of the training to its end",
      .beats(["dense"], ["top1"], columns: ["middle", "end"], in: measured), paper: "lower after the early phase")
    notebook.claim(
      "Routing becomes more decided as it trains",
      measured.ordered(row: "dense", column: "start").isEmpty
        ? .notRun("no runs")
        : .exceeds(
          zip(measured.ordered(row: "dense", column: "start"), measured.ordered(row: "dense", column: "end")).map {
            $0 - $1
          },
          unit: "bits, start − end"), paper: "holds")
  }
}

/// The entropy of a run's routing over its training.
private struct EntropyCurve {
  /// Mean over the blocks, one for each recorded step.
  private let points: [(step: Double, bits: Double)]

  init(_ trace: RoutingTrace) {
    points = trace.steps.enumerated().map { i, step in
      let blocks = trace.entropy[i * trace.blocks..<(i + 1) * trace.blocks]
      return (Double(step), Double(blocks.reduce(0, +)) / Double(trace.blocks))
    }
  }

  /// The mean over a part of the training, whose ends are given as shares of it.
  func mean(from start: Double, to end: Double) -> Double {
    let count = Double(points.count)
    let first = min(points.count - 1, Int(start * count))
    let part = points[first..<max(first + 1, Int(end * count))]
    return part.reduce(0) { $0 + $1.bits } / Double(part.count)
  }

  /// Thirty windows of training, with the interval over the runs.
  static func mean(_ curves: [EntropyCurve]) -> [(Double, Estimate)] {
    guard let last = curves.first?.points.last?.step else { return [] }
    let windows = min(30, curves[0].points.count)
    return (0..<windows).map { i in
      let (start, end) = (Double(i) / Double(windows), Double(i + 1) / Double(windows))
      return ((start + end) / 2 * last, Estimate(curves.map { $0.mean(from: start, to: end) }))
    }
  }
}
