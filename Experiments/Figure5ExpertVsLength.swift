import Fusion
import Laboratory
import Reporting
import Training

/*:
 # Figure 5 · More experts or longer prompts

 Prompt tuning can be given more parameters by longer prompts or, with MoPE, by more experts of the same length. The papers
 plot the score on MM-IMDB against the number of tunable prompt vectors per layer: with experts it rises, with length it
 soon stops or falls, and the costliest lengths were not run.

 Here both are scaled on MM-IMDB's stand-in: experts k = 1, 2, 4, 8, 16 of length 6 (6(k+1)+1 vectors, always 13 tokens in
 attention), and P-SequentialFuse with static prompts of as many vectors (12, 18, 30, 54). The papers would be contradicted
 by experts that do not help beyond two, or by length that helps as much.
 */
extension Experiment {
  static let figure5ExpertVsLength = Experiment(
    "fig-5-expert-vs-length", title: "Figure 5 · More experts or longer prompts",
    summary: "The score against the number of prompt vectors: experts against length.",
    reproduces: "Figure 4 (CPT, V1), Figure 5 (V4)"
  ) { notebook, workbench in
    //: ## Runs
    let experts = [1, 2, 4, 8, 16]
    let lengths = [12, 18, 30, 54]
    //: One learning rate for all rows, twice the starting one: the best of the search for four experts and for
    //: P-SequentialFuse, and half a point from the best for sixteen.
    let methods =
      experts.map { (Measurements.Row("k-\($0)", title: "MoPE, k = \($0)"), MethodPlan.mope(experts: $0)) }
      + lengths.map {
        (Measurements.Row("length-\($0)", title: "P-SequentialFuse, l = \($0)"), .mope([.fixed, .mapped], length: $0))
      }
    let results = workbench.results(
      of: methods.map { row, method in
        workbench.cell(row, method, on: workbench.data(.mmIMDB), rateFactor: 2)
      })
    let measured = results.measurements()
    notebook.compare(measured)

    //: ## The curves
    //: The horizontal axis counts vectors that train per layer: 6 static ones, 6 of each expert and the mapped one; or the
    //: static ones and the mapped one.
    for column in measured.columns {
      func points(_ rows: [(row: String, vectors: Int)]) -> [(Double, Estimate)] {
        rows.compactMap { row, vectors in
          measured.estimate(row: row, column: column.id).map { (Double(vectors), $0) }
        }
      }
      let byExperts = points(experts.map { ("k-\($0)", 6 * ($0 + 1) + 1) })
      let byLength = points(lengths.map { ("length-\($0)", $0 + 1) })
      guard !byExperts.isEmpty || !byLength.isEmpty else { continue }
      notebook.show(
        LineChart(
          column.title,
          x: Axis("tunable prompt vectors per layer", scale: .logarithmic, positions: [13, 19, 31, 55, 103]),
          y: Axis("\(column.title) [%]"),
          series: [
            LineChart.Series("more experts (MoPE)", byExperts),
            LineChart.Series("longer prompts (P-SequentialFuse)", byLength),
          ]),
        named: column.id.replacing(":", with: "-"),
        "\(column.title) against the number of prompt vectors; means over the seeds with 95 % intervals (t).",
        alternative:
          "Line chart of two curves, experts and length, over the number of prompt vectors; the table above has the numbers."
      )
    }

    //: ## Verdicts
    notebook.claim(
      "The score rises with the number of experts",
      .rises(experts.map { "k-\($0)" }, in: measured), paper: "rises about linearly")
    notebook.claim(
      "At equal numbers of vectors from 19 on, experts beat length",
      .all([
        .beats(["k-2"], ["length-18"], in: measured), .beats(["k-4"], ["length-30"], in: measured),
        .beats(["k-8"], ["length-54"], in: measured),
      ]), paper: "holds at every number")
    notebook.claim(
      "Length scaling stops: the longest prompts are not better than the best shorter ones",
      .beats(["length-18"], ["length-54"], by: .points(-0.5), in: measured), paper: "falls at the largest length")
    notebook.claim(
      "Two experts already beat one", .beats(["k-2"], ["k-1"], in: measured), paper: "holds (V1)")

    //: On this stand-in neither experts nor length decide: over eight times as many vectors the means stay within three points
    //: of F1-macro and one of F1-micro, which is what seeds differ by. Sixteen experts are the best point of both curves, not
    //: beyond doubt. What limits the score here is something else: with the same frozen encoders P-LateConcat is seven points
    //: of F1-macro ahead ([Table 1](../Reports/table-1-main.md)), because its head reads the text itself. Where the answer hangs
    //: on the right question to the picture, experts do pay: on SNLI-VE's stand-in sixteen are nine points ahead of four there.
  }
}
