import Laboratory
import Reporting
import Training

/*:
 # Figure 8 · The importance loss keeps experts alive

 Without further pressure a router that starts skewed feeds the experts it already prefers, and the others starve. The
 importance loss penalises the squared coefficient of variation (CV²) of the experts' total weight in a batch. The papers
 show the mean routing score of sixteen experts of the last layer over training as a surface, without and with the loss:
 without it few experts dominate to the end.

 Here the same is recorded on SNLI-VE's stand-in with weight 0 and with the papers' 0.01. A router that uses all experts
 without the loss would contradict them, and so would one that collapses with it.
 */
extension Experiment {
  static let figure8ImportanceLoss = Experiment(
    "fig-8-importance-loss", title: "Figure 8 · The importance loss keeps experts alive",
    summary: "Importance of the experts while training, without and with the importance loss.",
    reproduces: "Figure 5 (CPT), Figure 7 (V1)"
  ) { notebook, workbench in
    //: ## Runs
    //: Those of [Table 3](../Reports/table-3-routing.md), and ten times the papers' weight beside them.
    let weights: [(id: String, title: String, weight: Float)] = [
      ("free", "without the loss", 0), ("balanced", "with the loss, 0.01", 0.01),
      ("strong", "with ten times it, 0.1", 0.1),
    ]
    let results = workbench.results(
      of: weights.map { id, title, weight in
        workbench.cell(Measurements.Row(id, title: title), .mope(), on: workbench.data(.snliVE)) {
          $0.importanceWeight = weight
        }
      })
    func traces(_ id: String) -> [(seed: Int, trace: ImportanceTrace)] {
      results.runs(id, on: .snliVE).compactMap { run in run.trace.map { (run.run.seed, ImportanceTrace($0)) } }
    }

    //: ## The surface
    //: One curtain per expert; its height is the mean routing score of the last block in a batch, averaged over windows of
    //: training. Equal use would be a level of 1/16.
    for (id, title, _) in weights.prefix(2) {
      guard let shown = traces(id).first else { continue }
      let grid = shown.trace.windows(24)
      guard grid.count > 1 else { continue }  // a smoke run records one step
      notebook.show(
        SurfaceChart(
          title, columns: Axis("expert", positions: [1, 4, 8, 12, 16]), rows: Axis("training step"),
          vertical: Axis("importance", includes: [0, 1]),
          columnValues: (1...shown.trace.experts).map(Double.init), rowValues: grid.map(\.step),
          values: grid.map(\.scores), style: .ridges),
        named: "surface-\(id)",
        "Importance of each expert of the last block over training, \(title); seed \(shown.seed).",
        alternative: "Relief of the importance of the experts over training steps, \(title).")
    }

    //: ## How uneven
    let curves = weights.map { id, title, _ in
      let runs = traces(id).map(\.trace)
      return LineChart.Series(title, ImportanceTrace.variation(runs, windows: 30))
    }
    if curves.contains(where: { !$0.points.isEmpty }) {
      notebook.show(
        LineChart(
          "Unevenness of the experts", x: Axis("training step"),
          y: Axis("CV² of importance, last block", includes: [0]),
          series: curves, references: [BarChart.Reference("threshold γ of the loss", 0.1)]),
        named: "variation",
        "Squared coefficient of variation of the experts' importance; means over the seeds, bands 95 % intervals (t).",
        alternative:
          "Line chart of CV² over training for three weights of the importance loss; the table below has the values at the end."
      )
    }

    //: ## At the end
    //: Over the last tenth of the training.
    var measured = Measurements(
      rows: weights.map { Measurements.Row($0.id, title: $0.title) },
      columns: [
        Measurements.Column("cv2", title: "CV²", unit: "", digits: 2, resolution: 1e-4, higherIsBetter: false),
        Measurements.Column(
          "top3", title: "share of the top 3", unit: "%", digits: 1, resolution: 1e-3, higherIsBetter: false),
        Measurements.Column("least", title: "share of the least used", unit: "%", digits: 2, resolution: 1e-3),
        Measurements.Column("effective", title: "effective experts", unit: "", digits: 1, resolution: 1e-3),
        Measurements.Column("accuracy", title: "accuracy", unit: "%", digits: 1, resolution: 0.05),
      ])
    for (id, _, _) in weights {
      for (seed, trace) in traces(id) {
        let last = trace.end
        measured.set(last.variation, row: id, column: "cv2", seed: seed)
        measured.set(last.topThree, row: id, column: "top3", seed: seed)
        measured.set(last.least, row: id, column: "least", seed: seed)
        measured.set(last.effective, row: id, column: "effective", seed: seed)
      }
      for run in results.runs(id, on: .snliVE) {
        if let accuracy = run.metric(.accuracy) {
          measured.set(accuracy, row: id, column: "accuracy", seed: run.run.seed)
        }
      }
    }
    notebook.compare(measured)

    //: ## Verdicts
    func values(_ row: String, _ column: String) -> [Double] { measured.ordered(row: row, column: column) }
    func effect(_ values: [Double], above margin: Double, null: Double? = nil, _ unit: String) -> Claim.Kind {
      values.isEmpty ? .notRun("no runs") : .exceeds(values, margin: margin, null: null ?? margin, unit: unit)
    }
    notebook.claim(
      "Without the loss few experts dominate: CV² stays above 1",
      effect(values("free", "cv2"), above: 1, "CV² at the end"), paper: "the distribution stays near its first skew")
    notebook.claim(
      "With the loss, CV² is less than half of that without",
      effect(
        zip(values("free", "cv2"), values("balanced", "cv2")).map { $0 / max($1, 1e-9) }, above: 2, null: 1,
        "ratio of CV²"),
      paper: "clearly lower")
    notebook.claim(
      "With the loss every expert is used: the least used has more than a quarter of its fair share",
      effect(values("balanced", "least"), above: 100.0 / 64, "% of the importance, least used expert"),
      paper: "all are used")

    //: Without the loss the top 3 experts receive everything, and accuracy suffers. The papers' weight pulls CV² down to about
    //: a quarter, the further the more a seed collapsed without it, and stops far above its threshold γ: a run here is ten times shorter than theirs. Ten times the weight does in 1500 steps what the papers
    //: describe, and gives the best accuracy of the three.
  }
}

/// The importance of the experts of the last block over training.
private struct ImportanceTrace {
  private let trace: RoutingTrace

  init(_ trace: RoutingTrace) { self.trace = trace }

  var experts: Int { trace.experts }

  /// Mean importances and their place in training, over equal parts of it.
  func windows(_ count: Int) -> [(step: Double, scores: [Double])] {
    let total = trace.steps.count
    let parts = min(count, total)
    return (0..<parts).map { i in
      let range = i * total / parts..<max(i * total / parts + 1, (i + 1) * total / parts)
      let scores = (0..<experts).map { expert in
        range.reduce(0.0) { $0 + Double(trace.importance[$1 * experts + expert]) } / Double(range.count)
      }
      return (range.reduce(0.0) { $0 + Double(trace.steps[$1]) } / Double(range.count), scores)
    }
  }

  /// Over the last tenth.
  var end: Importance { Importance(windows(10).last?.scores ?? []) }

  static func variation(_ traces: [ImportanceTrace], windows: Int) -> [(Double, Estimate)] {
    let all = traces.map { $0.windows(windows) }
    guard let first = all.first else { return [] }
    return first.indices.map { i in
      (first[i].step, Estimate(all.map { Importance($0[i].scores).variation }))
    }
  }
}

/// How evenly importance is spread.
private struct Importance {
  private let shares: [Double]

  init(_ scores: [Double]) {
    let sum = scores.reduce(0, +)
    shares = scores.map { $0 / sum }
  }

  /// (std/mean)² with the unbiased deviation.
  var variation: Double {
    let mean = 1 / Double(shares.count)
    return shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shares.count - 1) / (mean * mean)
  }

  /// In percent.
  var topThree: Double { 100 * shares.sorted().suffix(3).reduce(0, +) }

  /// In percent.
  var least: Double { 100 * (shares.min() ?? 0) }

  /// 1/Σ share², as many equal experts would be as uneven.
  var effective: Double { 1 / shares.reduce(0) { $0 + $1 * $1 } }
}
