import Determinism
import Encoders
import Fusion
import Laboratory
import Reporting
import Training

/*:
 # Table 1 · All methods on three datasets

 The papers compare MoPE with fine-tuning, with prompt-tuned versions of the same baselines, and with earlier prompt methods, on
 SNLI-VE (accuracy), UPMC Food-101 (accuracy) and MM-IMDB (F1-macro and F1-micro). They find that MoPE leads all prompt-tuned methods
 on every column, and reaches fine-tuning with less than 1 % of its parameters.

 Here every method is trained on three drawn stand-ins with small encoders (ViT-mini for images, BERT-mini for text), four seeds each, at the
 learning rate that [a search on validation data](../Reports/search-learning-rates.md) chose for it.
 The stand-ins were designed so that one modality changes how the other reads, which is what the papers argue from; a method order
 found here is evidence for the mechanism, not for the real datasets. MoPE trailing P-SequentialFuse or P-LateConcat would contradict
 the papers.
 */
extension Experiment {
  static let table1Main = Experiment(
    "table-1-main", title: "Table 1 · All methods on three datasets",
    summary: "Fine-tuning, prompt tuning and MoPE on the stand-ins of SNLI-VE, Food-101 and MM-IMDB.",
    reproduces: "Table 1 (CPT, V1)"
  ) { notebook, workbench in
    //: ## Runs
    //: The first five rows fine-tune; all others leave both encoders frozen. Gated and bilinear late fusion are not of the
    //: papers: they multiply the features of two frozen encoders without prompts, with the learning rates of the same search.
    let results = workbench.results(
      of: table1Methods(workbench).map { id, plan in
        (Measurements.Row(id, title: workbench.title(plan), paper: printedRow(id, plan, workbench)), plan)
      },
      on: [workbench.data(.snliVE), workbench.data(.food101), workbench.data(.mmIMDB)])

    //: ## Result
    //: The image encoder is ViT-mini, but for PMF-Large, whose two encoders are about three times as large, and the last row, with
    //: Swin-mini. The papers' baselines have Swin-B, as their main rows have; beside MoPE with four experts on ViT-mini stands
    //: their row with ViT-B. With sixteen experts they print no row with ViT-B.
    let measured = results.measurements(paperTable: "table-1-main")
    notebook.compare(measured)

    var sizes = Table("Method", "trainable here", "of all here", "printed, full size")
    for row in measured.rows {
      let run = results.runs(row.id, on: .snliVE).first?.record
      let printed = notebook.paper.cell(
        table: "table-1-main", row: row.paper ?? row.id, column: "SNLI-VE:accuracy")?.params
      sizes.append([
        .text(row.title), .text(run.map { grouped($0.trainableParameters) } ?? "–"),
        .text(run.map { "\(fixed(100 * Double($0.trainableParameters) / Double($0.totalParameters), 1)) %" } ?? "–"),
        .text(printed ?? "–"),
      ])
    }
    notebook.show(
      sizes,
      "Trainable parameters on SNLI-VE, and what the papers print."
        + workbench.wording(
          " With encoders as small as those of the stand-ins the papers' 0.8 % cannot be had: the ratio is what it is.")
    )

    for column in measured.columns {
      notebook.show(
        BarChart(
          column.title, axis: Axis("\(column.title) [%]", includes: [0]),
          groups: measured.rows.map(\.title),
          series: [
            BarChart.Series("mean of the seeds", measured.rows.map { measured.estimate(row: $0.id, column: column.id) })
          ], width: 900, height: 380),
        named: column.id.replacing(":", with: "-"),
        "\(column.title) of every method on \(try workbench.standInCount(results.datasets))test pairs. Bars are means over the seeds, intervals 95 % (t), dots single seeds.",
        alternative: "Bar chart of \(column.title) for all methods; the table above has the numbers.")
    }

    //: ## Verdicts
    //: Differences are paired by seed. Rows that a claim compares have the same image encoder here, ViT-mini, but for the claims
    //: about PMF-Large and Swin-mini. With the papers' encoders MMBT, PromptFuse, BlindPrompt and PMF keep ViT-B, as in the
    //: papers, beside Swin-B in all other rows: there the first two claims and those about PMF compare across encoders.
    let prompted = [
      "p-imgonly", "p-textonly", "p-lateconcat", "p-sequentialfuse", "p-mmbt", "promptfuse", "blindprompt",
      "promptfuse-dagger", "pmf", "pmf-large",
    ]
    notebook.claim(
      "MoPE with 16 experts beats every other prompt-tuned method on all columns",
      .beats(["mope-k16"], prompted, in: measured), paper: "holds in V1; one exception for k = 4 in CPT")
    notebook.claim(
      "MoPE with 4 experts beats every other prompt-tuned method on all columns",
      .beats(["mope-k4"], prompted, in: measured),
      paper: "holds in V1; in CPT PMF-Large is ahead on Food-101 and MM-IMDB macro")
    notebook.claim(
      "16 experts are at least as good as 4 on all columns",
      .beats(["mope-k16"], ["mope-k4"], by: .points(-0.5), in: measured),
      paper: "ahead on all columns")
    notebook.claim(
      "MoPE with 4 experts beats PMF on all columns",
      .beats(["mope-k4"], ["pmf"], in: measured), paper: "by 0.03 on Food-101, more elsewhere")
    notebook.claim(
      "MoPE beats P-SequentialFuse by at least 8 points on SNLI-VE, 10 on Food-101, 6 and 4 on MM-IMDB",
      .all([
        .beats(["mope-k16"], ["p-sequentialfuse"], columns: ["snli-ve:accuracy"], by: .points(8), in: measured),
        .beats(["mope-k16"], ["p-sequentialfuse"], columns: ["food-101:accuracy"], by: .points(10), in: measured),
        .beats(["mope-k16"], ["p-sequentialfuse"], columns: ["mm-imdb:f1Macro"], by: .points(6), in: measured),
        .beats(["mope-k16"], ["p-sequentialfuse"], columns: ["mm-imdb:f1Micro"], by: .points(4), in: measured),
      ]), paper: "+8.7, +10.8, +6 or more, +4 or more")
    notebook.claim(
      "MoPE beats P-SequentialFuse on all columns",
      .beats(["mope-k16"], ["p-sequentialfuse"], in: measured), paper: "holds")
    notebook.claim(
      "MoPE beats P-LateConcat on all columns",
      .beats(["mope-k16"], ["p-lateconcat"], in: measured), paper: "holds")
    notebook.claim(
      "On MM-IMDB, MoPE beats the fine-tuned SequentialFuse and LateConcat",
      .beats(
        ["mope-k16"], ["sequentialfuse", "lateconcat"], columns: ["mm-imdb:f1Macro", "mm-imdb:f1Micro"],
        in: measured), paper: "holds")
    notebook.claim(
      "On Food-101, MoPE is at most 2 points below the fine-tuned SequentialFuse and LateConcat",
      .beats(
        ["mope-k16"], ["sequentialfuse", "lateconcat"], columns: ["food-101:accuracy"], by: .points(-2), in: measured),
      paper: "within 2 points of both")
    notebook.claim(
      "On SNLI-VE, MoPE is not more than 1 point below the fine-tuned SequentialFuse",
      .beats(
        ["mope-k16"], ["sequentialfuse"], columns: ["snli-ve:accuracy"], by: .points(-1), in: measured),
      paper: "73.59 against 74.28 (V1)")
    notebook.claim(
      "MoPE with 4 experts is not more than 1 point below PMF-Large on any column",
      .beats(["mope-k4"], ["pmf-large"], by: .points(-1), in: measured),
      paper: "comparable: at most 0.14 below, with a third of the parameters (CPT)")
    notebook.claim(
      "MoPE with 4 experts is the same on ViT and Swin (within 0.6 points)",
      .within("mope-\(otherEncoder(workbench).rawValue)-k4", "mope-k4", margin: .points(0.6), in: measured),
      paper: "holds")
    notebook.claim(
      "The image alone is at chance on SNLI-VE",
      .near("imgonly", value: 33.3, margin: 2, columns: ["snli-ve:accuracy"], in: measured), paper: "33.37")
    notebook.claim(
      "Text alone is better than the image alone by at least 10 points on every dataset",
      .beats(["textonly"], ["imgonly"], by: .points(10), in: measured),
      paper: "+36.2 on SNLI-VE, +11.3 on Food-101, +19.6 and +11.5 on MM-IMDB (V1)")
    notebook.claim(
      "On MM-IMDB prompting the image's encoder is worse than fine-tuning it",
      .beats(["imgonly"], ["p-imgonly"], columns: ["mm-imdb:f1Macro", "mm-imdb:f1Micro"], in: measured),
      paper: "4 to 7 points worse")
    notebook.claim(
      "Prompting the image's encoder is as good as fine-tuning it on SNLI-VE and Food-101 (within 1.5 points)",
      .within(
        "p-imgonly", "imgonly", margin: .points(1.5), columns: ["snli-ve:accuracy", "food-101:accuracy"],
        in: measured), paper: "holds; 4 to 7 points lower on MM-IMDB")

    //: **Where the papers' order is found, and where not.** On SNLI-VE and Food-101 MoPE with sixteen experts has the highest
    //: mean of all prompt-tuned methods, on SNLI-VE of the fine-tuned ones, too. There it is six points ahead of PMF-Large and
    //: of the fine-tuned SequentialFuse, which is within the noise of the seeds. On MM-IMDB it does not lead: P-LateConcat,
    //: both PMFs and P-MMBT are ahead, by up to ten points of F1-macro. Among the fine-tuned rows the same happens, LateConcat
    //: is six points ahead of SequentialFuse. There a plot says a word for three genres of four, icon and word mostly add up,
    //: and a head that reads the text directly has the rare genres for free; MoPE hears of them only through prompts. How
    //: little fusion is asked for there is shown by [a linear probe](../Reports/check-stand-ins.md): the words of the plot
    //: alone, of 1500 films, give 75.5 F1-micro, which is what MoPE has with plots and posters of 12 000.
    //:
    //: **Without prompts.** Gated late fusion, a gate on the features of two frozen encoders that trains 16 771 parameters, has a
    //: higher mean than MoPE with sixteen experts on every column: 94.6 against 89.0 on SNLI-VE, 94.9 against 93.7 on Food-101,
    //: 71.1 and 79.2 against 61.4 and 75.5 on MM-IMDB. The bilinear product is level on SNLI-VE and ahead elsewhere. On these
    //: stand-ins a product of two features does what the papers ask conditional prompts for. Both are rows of ours, were tuned by
    //: the same search as all others, and no claim of the papers is about them.
    //:
    //: **The lead over P-SequentialFuse** is eleven points on SNLI-VE and one to two elsewhere, smaller than the papers' on
    //: three columns of four. How it is to be read is decided by [another check](../Reports/check-mapper-sharing.md): with one
    //: linear map for each block P-SequentialFuse catches up. Part of a lead can be a baseline that was not tuned: with the
    //: rate that is best for MoPE, P-SequentialFuse loses four points on Food-101 ([the
    //: search](../Reports/search-learning-rates.md)).
    //:
    //: **Text and image alone** are about as far apart as in the papers on SNLI-VE and MM-IMDB, by 13 points or more. On Food-101 they
    //: are three apart: of the stand-in's answers either gives a little more than half.
    //:
    //: **Prompting the image's encoder alone** is ten points behind fine-tuning it on Food-101: six vectors per block are little
    //: to turn an encoder of width 64.
    //:
    //: **PMF-Large** pays on MM-IMDB, where it is 3.6 points of F1-macro above PMF and above every other row, and not on
    //: Food-101, where it is eight points below PMF at the best of its three rates. That MoPE with four experts keeps up with
    //: it holds on Food-101, is three points short on SNLI-VE, inside the noise of the seeds, and fails by eleven on MM-IMDB, for
    //: the reason above: PMF's head reads the text, too.
    //:
    //: **On Swin-mini** MoPE answers SNLI-VE from the sentence alone: its 67.0 in every seed is what TextOnly has, and in the
    //: search it was four points above TextOnly at best. On Food-101 it does read the image (23 points above TextOnly) but is
    //: twelve below ViT-mini, on MM-IMDB level with it. Swin-mini knows shapes and colours nearly as well as ViT-mini
    //: ([the stand-ins](../Reports/check-stand-ins.md)), and finds objects by their description in
    //: [Table 6](../Reports/table-6-ris.md). Its feature is the mean of its last nine tokens, ViT-mini's is its [CLS]; whether that
    //: is the reason was not tested. The papers' claim that both encoders serve alike is not what is seen here.
  }
}

/// The rows of Table 1, by the ids of the papers' rows. The last is MoPE with the image encoder that the tier's others do
/// not have: Swin beside the small networks' ViT, ViT beside the papers' Swin.
func table1Methods(_ workbench: Workbench) -> [(id: String, plan: MethodPlan)] {
  let other = otherEncoder(workbench)
  return [
    ("imgonly", .fineTuned(.vision)), ("textonly", .fineTuned(.text)),
    ("lateconcat", .lateConcat), ("sequentialfuse", .sequentialFuse), ("mmbt", .mmbt),
    ("gated", .gatedLateFusion), ("bilinear", .bilinearLateFusion),
    ("p-imgonly", .prompted(.vision)), ("p-textonly", .prompted(.text)),
    ("p-lateconcat", .promptedLateConcat), ("p-sequentialfuse", .promptedSequentialFuse),
    ("p-mmbt", .promptedMMBT), ("promptfuse", .promptFuse), ("blindprompt", .blindPrompt),
    ("promptfuse-dagger", .deepPromptFuse), ("pmf", .pmf), ("pmf-large", .largePMF),
    ("mope-k4", .mope(experts: 4)), ("mope-k16", .mope(experts: 16)),
    ("mope-\(other.rawValue)-k4", .mope(experts: 4, seeing: other)),
  ]
}

private func otherEncoder(_ workbench: Workbench) -> EncoderChoice {
  workbench.method(.mope()).slot(.vision)?.encoder == .vit ? .swin : .vit
}

/// The papers' row of a row: their rows of MoPE are named by encoder and experts, and with ViT they print four experts
/// alone.
private func printedRow(_ id: String, _ plan: MethodPlan, _ workbench: Workbench) -> String? {
  guard let mope = workbench.method(plan).choices as? MoPEConfiguration, mope.prompts == .all else { return id }
  let encoder = mope.slots[0].encoder
  return encoder == .vit && mope.experts != 4 ? nil : "mope-\(encoder.rawValue)-k\(mope.experts)"
}
