import Datasets
import Determinism
import Fusion
import Laboratory
import Reporting
import Training

/*:
 # Figure 10 · What the masks look like

 The paper shows masks of RefCOCO and RefCOCO+ to make a point: MoPE follows the expression, while P-SequentialFuse, whose
 prompts are the same for every image but for one mapped token, picks wrong objects.

 Pictures can be chosen to show anything, so these are the first of their splits, and two numbers stand for what they
 are to show: the share of questions with an intersection over union above one half, and, on images with two objects of
 one shape that are spoken of one after the other, the share of pairs for which the two masks differ (have less than half in
 common). The paper's point would be contradicted by a P-SequentialFuse that tells the two apart as often as MoPE.
 */
extension Experiment {
  static let figure10RISQualitative = Experiment(
    "fig-10-ris-qualitative", title: "Figure 10 · What the masks look like",
    summary:
      "Masks of MoPE and P-SequentialFuse side by side, and how often each follows the expression.",
    reproduces: "Figures 9 and 10 (V1, appendix)"
  ) { notebook, workbench in
    //: ## Runs
    //: Those of Table 6; the runs keep their first masks.
    let datasets = [workbench.data(.refCOCO), workbench.data(.refCOCOPlus)]
    let results = workbench.results(of: referringMethods, on: datasets)

    //: ## Masks
    //: Pairs of questions about one image, then the first questions of test A and test B. Under each mask is its intersection over union.
    for data in datasets {
      let name = data.name == .refCOCO ? "refcoco" : "refcoco-plus"
      let rows = try maskRows(workbench, results, data, [(.pairs, 6), (.testA, 3), (.testB, 3)])
      guard !rows.isEmpty else { continue }
      notebook.show(
        ImageGrid(
          "", columnTitles: ["image and expression", "truth", "MoPE", "P-SequentialFuse"],
          rows: rows, side: 112),
        named: name,
        "\(data.title)\(workbench.wording("'s stand-in")): three images with two expressions each, three questions of test A, three of test B, all the first of their split, by the models of the first seed. What a mask covers keeps its colours.",
        alternative:
          "Twelve rows of an image with an expression, the true mask, MoPE's and P-SequentialFuse's; the tables below have the numbers."
      )
    }

    //: ## Numbers
    //: How many questions each method answers: intersection over union above one half.
    let found = results.measurements { _ in
      [.validation, .testA, .testB].map { Score(.found, on: $0) }
    }
    notebook.compare(found)
    //: On the pairs: questions answered, and pairs with two different masks. An answer that ignores the expression gives
    //: the same mask twice.
    let pairs = results.measurements { _ in [Score(.found, on: .pairs), Score(.apart, on: .pairs)] }
    notebook.compare(pairs)
    let apart = datasets.map { RunResults.columnId(Score(.apart, on: .pairs), $0) }
    notebook.show(
      BarChart(
        "Two expressions, two masks",
        axis: Axis("pairs with different masks [%]", includes: [0, 100]),
        groups: datasets.map(\.title),
        series: pairs.rows.map { row in
          BarChart.Series(row.title, apart.map { pairs.estimate(row: row.id, column: $0) })
        }),
      named: "pairs",
      "Share of \(try workbench.standInCount(datasets, of: .pairs, examples: 2))images with two objects of one \(workbench.wording("shape", published: "category")) for which the masks of the two expressions have less than half in common. Bars are means over the seeds, intervals 95 % (t), dots single seeds.",
      alternative:
        "Grouped bar chart of three methods on two datasets; the table above has the numbers.")

    //: ## Verdicts
    notebook.claim(
      "MoPE finds the object more often than P-SequentialFuse, on both datasets and all splits",
      .beats(["mope"], ["p-sequentialfuse"], in: found), paper: "shown in pictures")
    notebook.claim(
      "Two expressions for objects of one \(workbench.wording("shape", published: "category")) give different masks more often with MoPE than with P-SequentialFuse",
      .beats(["mope"], ["p-sequentialfuse"], columns: apart, in: pairs), paper: "shown in pictures")

    //: Both methods follow the expression: of two expressions about one image nearly every pair gives two masks, and seven of ten
    //: of these questions are answered with an overlap above one half. What the pictures show as faults, a mask on two objects or
    //: between them, both make. A prompt mapped from the text, which P-SequentialFuse has as well, is what the answer hangs on here
    //: ([Table 6](../Reports/table-6-ris.md)); that the papers' P-SequentialFuse picks wrong objects is not found.
  }
}

/// Image, truth and the masks of MoPE and P-SequentialFuse of the first seed, for the first questions of some splits.
private func maskRows(
  _ workbench: Workbench, _ results: RunResults, _ data: DataChoice,
  _ parts: [(split: Split, count: Int)]
) throws -> [[ImageGrid.Cell?]] {
  let runs = ["mope", "p-sequentialfuse"].map { results.runs($0, on: data.name).first }
  return try parts.flatMap { split, count in
    try workbench.referringSamples(data, split, count: count).enumerated().map { index, sample in
      let masks = runs.map { $0?.mask(index, of: split, pixels: sample.truth.count) }
      return [
        ImageGrid.Cell(sample.image, sample.expression),
        ImageGrid.Cell(sample.showing(sample.truth)),
      ]
        + masks.map { mask in
          mask.map { ImageGrid.Cell(sample.showing($0), "\(fixed(sample.overlap($0), 0)) %") }
        }
    }
  }
}
