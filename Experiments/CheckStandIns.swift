import Datasets
import Determinism
import Laboratory
import Pretraining
import Reporting
import Training

/*:
 # Check · What the stand-ins are, and what they give away

 The papers' data cannot be redistributed, so that every dataset has a stand-in: pictures drawn by a program, sentences from
 a grammar, hums for voices. Whoever reads a number of the other reports should know three things about its data. Which
 property of the real dataset is kept and which is not; how the design was arrived at, dead ends included; and how much of
 the answer is there without any fusion, for a constant answer or a linear probe on raw pixels or on a bag of words.

 A leak would show here: an image-only probe above chance on SNLI-VE's stand-in, say, or words that tell sarcasm. So would
 evidence that adds up where the design says that one modality changes how the other reads: a linear probe on both inputs
 would then come close to the methods of Table 1.

 The last part shows what the small encoders learned before any of it, each on one modality alone.
 */
extension Experiment {
  static let checkStandIns = Experiment(
    "check-stand-ins", title: "Check · What the stand-ins are, and what they give away",
    summary: "Cards and samples of the drawn datasets, what linear probes get from them, and what the encoders know.",
    reproduces: "nothing in the papers; the data and encoders of every other report", trains: false, needsStandIns: true
  ) { notebook, workbench in
    guard !workbench.isPlanning else { return }
    let sizes = workbench.tier == .smoke ? (train: 64, test: 32) : (train: 1500, test: 1000)
    let datasets = [
      DatasetID.snliVE, .food101, .mmIMDB, .refCOCO, .refCOCOPlus, .vqaV2, .mustard,
    ].map { workbench.data($0) }

    //: ## What they give away
    //: The constant answer is the most frequent class or the best fixed set of labels. Probes are logistic
    //: regressions: *image* on pixels averaged over 3×3, *text* on which words occur, *audio* on loudness and zero
    //: crossings of 50 samples, *frames* on averaged pixels of all frames, *all* on everything side by side. They learn from the first
    //: 1500 training examples and are asked about the first 1000 test examples. The metric is the accuracy, for MM-IMDB F1-micro.
    let inputs = ["constant", "image", "text", "audio", "frames", "all"]
    var found: [(data: DataChoice, statistics: DataStatistics)] = []
    for data in datasets {
      let dataset = try data.dataset(workbench.tier)
      guard let statistics = try DataStatistics(dataset, train: sizes.train, test: sizes.test) else { continue }
      found.append((data, statistics))
    }
    func score(_ name: DatasetID, _ input: String) -> Double? {
      let statistics = found.first { $0.data.name == name }?.statistics
      return (input == "constant" ? statistics?.constantAnswer : statistics?.score(input)).map { 100 * $0 }
    }
    var measured = Measurements(
      rows: found.flatMap { data, _ in
        inputs.filter { score(data.name, $0) != nil }.map {
          Measurements.Row("\(data.name.rawValue) \($0)", title: "\(data.title) · \($0)")
        }
      },
      columns: [Measurements.Column("score", title: "score", unit: "%", digits: 1, resolution: 0.1)], seeds: [0])
    for (data, _) in found {
      for input in inputs {
        guard let value = score(data.name, input) else { continue }
        measured.set(value, row: "\(data.name.rawValue) \(input)", column: "score", seed: 0)
      }
    }
    notebook.compare(measured)
    let bars: [(title: String, inputs: [String])] = [
      ("constant answer", ["constant"]), ("image or frames", ["image", "frames"]), ("text", ["text"]),
      ("all inputs", ["all"]),
    ]
    notebook.show(
      BarChart(
        "What linear probes get", axis: Axis("score on test examples [%]", includes: [0, 100]),
        groups: found.map(\.data.title),
        series: bars.map { bar in
          BarChart.Series(
            bar.title,
            found.map { data, _ in bar.inputs.lazy.compactMap { score(data.name, $0) }.first.map { Estimate([$0]) } })
        }, width: 760, height: 340),
      named: "probes",
      "Score of a constant answer and of linear probes on single inputs and on all of them together.",
      alternative: "Grouped bar chart of probes on five stand-ins; the table above has the numbers.")

    //: ## Verdicts
    //: Thresholds allow for 1000 test examples: three binomial standard deviations are 4.7 points at one half. The last two hold the
    //: best linear probe against the best prompt-tuned method of [Table 1](../Reports/table-1-main.md) (MoPE with sixteen experts on
    //: Food-101, PMF-Large on MM-IMDB), which has eight times the examples: a probe that comes within ten points of it leaves little
    //: for fusion to do.
    let noise = (10 * 150 / Double(sizes.test).squareRoot()).rounded() / 10
    func claim(_ sentence: String, _ value: Double?, _ test: String, _ holds: (Double) -> Bool) {
      notebook.claim(
        sentence,
        value.map {
          .criterion(Claim.Criterion(holds: holds($0), effect: $0, unit: "%", digits: 1, count: 1, test: test))
        } ?? .notRun("no statistics"))
    }
    claim(
      "The picture alone does not tell the label of SNLI-VE's stand-in", score(.snliVE, "image"),
      "score of the image probe, within \(noise) points of 33.3"
    ) { abs($0 - 33.3) < noise }
    claim(
      "The hypothesis alone does not tell more than its bias, two answers in three", score(.snliVE, "text"),
      "score of the text probe, at most 66.7 + \(noise)"
    ) { $0 < 66.7 + noise }
    claim(
      "Words, sound and frames alone or added up do not tell sarcasm beyond the words' bias",
      ["text", "audio", "frames", "all"].compactMap { score(.mustard, $0) }.max(),
      "best probe, at most 65 + \(noise)"
    ) { $0 < 65 + noise }
    claim(
      "MM-IMDB's plot says more than its poster, as in the real dataset",
      score(.mmIMDB, "text").flatMap { text in score(.mmIMDB, "image").map { text - $0 } },
      "text probe − image probe, above \(noise) points"
    ) { $0 > noise }
    claim(
      "VQA's question alone is above the constant answer and far from the truth", score(.vqaV2, "text"),
      "score of the text probe, 10 points above the constant answer and below 66.7"
    ) {
      $0 > (score(.vqaV2, "constant") ?? 100) + 10 && $0 < 66.7
    }
    let accepted = try workbench.golden(Experiment.table1Main.info.id)
    let promptTuned = table1Methods(workbench).filter { workbench.method($0.plan).isPromptTuned }.map(\.id)
    for (data, metric) in [(workbench.data(.food101), Metric.Name.accuracy), (workbench.data(.mmIMDB), .f1Micro)] {
      let column = RunResults.columnId(Score(metric), data)
      let best = promptTuned.compactMap { accepted?[Measurements.Key($0, column)] }
        .map { mean($0.ordered) }.max()
      claim(
        "Linear probes stay at least 10 points below the best prompt-tuned method, \(data.title)",
        best.flatMap { _ in ["image", "text", "all"].compactMap { score(data.name, $0) }.max() },
        "best probe, at most \(best.map { fixed($0, 1) } ?? "what is not known") (Table 1) − 10"
      ) { probe in best.map { probe <= $0 - 10 } ?? false }
    }

    //: **MM-IMDB's stand-in meets this page's own criterion of a leak.** The words of the plot alone give a linear probe 75.5
    //: F1-micro, and words and pixels together 74.8. MoPE with sixteen experts has 75.5 in Table 1, the best prompt-tuned method
    //: 79.6. Most of what can be known about a film there is in single words of its plot, and a difference between two methods is first
    //: of all one in how well they read text. On Food-101 the best probe, 59.0, is 35 points below MoPE: there the modalities must be
    //: read together.

    //: ## Cards
    for data in datasets {
      let dataset = try data.dataset(workbench.tier)
      guard let card = (dataset as? any StandIn)?.card else { continue }
      func list(_ title: String, _ items: [String]) -> String {
        "*\(title)*\n\n" + items.map { "* \($0)" }.joined(separator: "\n")
      }
      notebook.note(
        "### \(card.standsFor)\n\n" + list("Kept", card.keeps) + "\n\n" + list("Not kept", card.lacks) + "\n\n"
          + list("How the design came about", card.history))
      if let statistics = found.first(where: { $0.data == data })?.statistics, statistics.labelShares.count > 5 {
        let shares = statistics.labelShares.map(\.share)
        notebook.note(
          "\(shares.count) labels; the most frequent holds for \(fixed(100 * (shares.max() ?? 0), 1)) % of the training examples, the rarest for \(fixed(100 * (shares.min() ?? 0), 1)) %."
        )
      }
      // Masks and clips need wider pictures: their own experiments show them.
      guard !data.descriptor.makesMasks, data.name != .mustard else { continue }
      notebook.show(
        ImageGrid("", try workbench.contactSheet(data, count: 8), columns: 4, side: 150),
        named: "sheet-\(data.name.rawValue)",
        "The first eight test examples of \(card.standsFor)'s stand-in.",
        alternative: "Eight drawn examples of the stand-in of \(card.standsFor) with their texts and answers.")
    }

    //: Samples of the clips are in [Table 7](../Reports/table-7-mustard.md), of the referring sets in
    //: [Table 6](../Reports/table-6-ris.md).

    //: ## Encoders
    //: Pretrained once by `mope pretrain`, on images, texts or sounds alone; no image was ever paired with a text. Probes are on
    //: examples that the encoder has not seen.
    var encoders = Table("Encoder", "parameters", "objective", "steps × batch", "what it knows")
    for record in try workbench.pretrainingRecords() {
      encoders.append([
        .text(record.encoder), .text(grouped(record.parameters)), .text(record.objective),
        .text("\(record.recipe.steps) × \(record.recipe.batchSize)"),
        .text(
          record.probes.sorted { $0.key < $1.key }.map { "\($0.key) \(fixed($0.value, 1))" }
            .joined(separator: ", ")),
      ])
    }
    notebook.show(encoders, "The small encoders. Scores are in percent, perplexities plain numbers.")
  }
}
