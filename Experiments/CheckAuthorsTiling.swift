import Autograd
import Encoders
import Fusion
import Laboratory
import NN
import Reporting
import Training

/*:
 # Check · What the released code's tiling does

 Swin attends within windows, and the prompts of an image belong in all windows of that image. In the released code the
 prompts of a batch are tiled window after window while the windows lie image after image, so that most windows see prompts
 of *another* image of the batch: an instance's prediction depends on its batch mates.

 Two questions. How far do the logits of an instance move when only its batch mates change? And does training with the
 mixture gain or cost accuracy? Both are asked of MoPE with four experts on Swin-mini and Food-101's stand-in. (On SNLI-VE's it
 answers from the text alone, see [Table 1](../Reports/table-1-main.md), so that nothing could be seen there.)
 */
extension Experiment {
  static let checkAuthorsTiling = Experiment(
    "check-authors-tiling", title: "Check · What the released code's tiling does",
    summary: "Prompts of the own image or, as in the released code, of another one of the batch.",
    reproduces: "nothing in the papers; a defect of their released code", needsStandIns: true
  ) { notebook, workbench in
    //: ## Runs
    let plan = MethodPlan.mope(experts: 4, seeing: .swin)
    let data = workbench.data(.food101)
    let rows: [(id: String, title: String, method: MethodPlan)] = [
      ("own", "prompts of the own image", plan),
      ("mixed", "tiled as in the released code", plan.changing(.vision) { $0.windowPrompts = .authorsMixed }),
    ]
    let results = workbench.results(of: rows.map { (Measurements.Row($0.id, title: $0.title), $0.method) }, on: [data])
    workbench.needsModels(of: results)
    guard !workbench.isPlanning else { return }

    //: ## Result
    //: Test pairs are judged in batches of 128, in order. The second column: batches of four, in which the three others are
    //: exchanged for other pairs; the largest change of a logit of the first, mean over fifty pairs. The last: its
    //: share of the spread of the logits.
    let accuracy = results.measurements()
    var measured = Measurements(
      rows: accuracy.rows,
      columns: accuracy.columns + [
        Measurements.Column(
          "moved", title: "a logit moves by", unit: "", digits: 4, resolution: 1e-5, higherIsBetter: false),
        Measurements.Column(
          "share", title: "of the logits' deviation", unit: "%", digits: 1, resolution: 1e-2, higherIsBetter: false),
      ])
    for (id, _, _) in rows {
      for (seed, value) in accuracy.values(row: id, column: accuracy.columns[0].id) {
        measured.set(value, row: id, column: accuracy.columns[0].id, seed: seed)
      }
      for run in results.runs(id, on: .food101) {
        guard let model = try workbench.model(of: run), let judged = try workbench.judged(data) else { continue }
        var (sum, values): (Double, [Double]) = (0, [])
        let count = min(50, judged.count / 8)
        for i in 0..<count {
          let mates = (1...6).map { (i + $0 * count) % judged.count }
          let first = model(judged.batch([i] + mates[0..<3]), .evaluation).logits.slice(0..<1).values
          let second = model(judged.batch([i] + mates[3..<6]), .evaluation).logits.slice(0..<1).values
          sum += zip(first, second).map { Double(abs($0 - $1)) }.max() ?? 0
          values += first.map(Double.init)
        }
        measured.set(sum / Double(count), row: id, column: "moved", seed: run.run.seed)
        guard let spread = sampleStandardDeviation(values), spread > 0 else { continue }
        measured.set(100 * sum / Double(count) / spread, row: id, column: "share", seed: run.run.seed)
      }
    }
    notebook.compare(measured)

    //: ## Verdicts
    let own = measured.ordered(row: "own", column: "moved")
    notebook.claim(
      "With prompts of the own image a prediction does not depend on its batch",
      own.isEmpty
        ? .notRun("no runs")
        : .criterion(
          Claim.Criterion(
            holds: (own.max() ?? 1) < 1e-4, effect: own.max() ?? .nan, digits: 7, count: own.count,
            test: "largest mean change of a logit, below 1e-4 (rounding) in every seed")),
      paper: "what the method describes")
    notebook.claim(
      "Tiled as in the released code it does: batch mates move logits by more than a hundredth of their deviation",
      measured.ordered(row: "mixed", column: "share").isEmpty
        ? .notRun("no runs")
        : .exceeds(measured.ordered(row: "mixed", column: "share"), margin: 1, unit: "% of the logits' deviation"))
    notebook.claim(
      "The mixture costs accuracy",
      .beats(["own"], ["mixed"], columns: [accuracy.columns[0].id], in: measured))

    //: The dependence is there in every seed, and small: a logit moves by some hundredths of the logits' deviation. A model that is
    //: trained with the mixture gets prompts that mostly belong to other images, and learns to make little of them. It loses 1.4
    //: points in the mean, which four seeds cannot tell from nothing. All other numbers of this repository are of prompts of the
    //: own image.
  }
}
