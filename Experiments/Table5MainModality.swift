import Laboratory
import Reporting
import Training

/*:
 # Table 5 · Which modality should be steered

 MoPE can run either way: text steers prompts in the image encoder (the papers' default, "VM"), or the image steers prompts
 in the text encoder ("LM"). The papers find VM ahead on every column, explain it by noisy texts such as Food-101's crawled
 pages, and find LM still ahead of P-SequentialFuse.

 Here both directions are trained on the three stand-ins with the same number of experts and prompts. The papers would be
 contradicted by LM ahead of VM.
 */
extension Experiment {
  static let table5MainModality = Experiment(
    "table-5-main-modality", title: "Table 5 · Which modality should be steered",
    summary: "Text steers the image encoder, or the image steers the text encoder.",
    reproduces: "Table 6 (V1)"
  ) { notebook, workbench in
    //: ## Runs
    //: In "LM" the image encoder is frozen with six vanilla prompts per block; BERT's three blocks get the three prompts.
    let results = workbench.results(
      of: [
        (Measurements.Row("ours-lm", title: "text main (LM)", paper: "ours-lm"), .mope(.all, main: .text)),
        (Measurements.Row("ours-vm", title: "image main (VM)", paper: "ours-vm"), .mope(.all)),
        (Measurements.Row("p-sequentialfuse", title: "P-SequentialFuse"), .promptedSequentialFuse),
      ],
      on: [workbench.data(.snliVE), workbench.data(.food101), workbench.data(.mmIMDB)])

    //: ## Result
    let measured = results.measurements(paperTable: "table-5-main-modality")
    notebook.compare(measured)
    notebook.show(
      BarChart(
        "The main modality", axis: Axis("score [%]", includes: [0, 100]),
        groups: measured.columns.map(\.title),
        series: measured.rows.map { row in
          BarChart.Series(row.title, measured.columns.map { measured.estimate(row: row.id, column: $0.id) })
        }, width: 760),
      named: "modality",
      "Scores on \(try workbench.standInCount(results.datasets))test pairs. Bars are means over the seeds, intervals 95 % (t), dots single seeds.",
      alternative:
        "Bar chart of the two directions and P-SequentialFuse on four columns; the table above has the numbers.")

    //: ## Verdicts
    notebook.claim(
      "Steering the image encoder beats steering the text encoder on all columns",
      .beats(["ours-vm"], ["ours-lm"], in: measured), paper: "by 2.4 to 4.0 points")
    notebook.claim(
      "Steering the text encoder still beats P-SequentialFuse on all columns",
      .beats(["ours-lm"], ["p-sequentialfuse"], in: measured), paper: "holds")

    //: Steering the text encoder is eleven and thirteen points behind on SNLI-VE and Food-101 and level on MM-IMDB, where the
    //: text says more than the picture. Against P-SequentialFuse it loses eleven points on Food-101: what is asked there is the
    //: colour of one object among others, and the image's one feature must hold it before anybody has said which.
    //:
    //: The stand-ins' texts are short and nearly free of noise, and both encoders are of one size: the papers' reason for the
    //: order is missing here. The order of the means is the papers' on every column, but it is no evidence for theirs, as another order
    //: would have been none against it.
  }
}
