import Autograd
import Determinism
import Encoders
import Fusion
import Laboratory
import NN
import Reporting
import Training

/*:
 # Check · How many parameters train

 "Only 0.8 % of the trainable parameters" of fine-tuning: the abstract's second promise (0.7 % in the first paper). It can be
 checked exactly and without data, because a count is a fact of the architecture. Here the prompts, experts, routers,
 mappers and heads of every method are built at the papers' sizes and counted; encoders have the sizes of their public
 checkpoints.

 The promise would be contradicted by a model that is built as described and trains more than 0.82 % of SequentialFuse, its
 fine-tuned counterpart. What the sentence leaves open is the data set: the head grows with the number of classes.
 */
extension Experiment {
  static let checkParameterEfficiency = Experiment(
    "check-parameter-efficiency", title: "Check · How many parameters train",
    summary:
      "Exact trainable parameters of every method at the papers' sizes, against the printed column.",
    reproduces: "Parameter column of Table 1; \"0.7 %\" (CPT), \"0.8 %\" (V1 to V4)", trains: false
  ) { notebook, workbench in
    //: ## Encoders
    //: What fine-tuning trains is the whole encoder. The encoders are built at the sizes of the public checkpoints and
    //: counted; a formula for each says where the parameters are, and must give the same number.
    func block(_ width: Int, _ hidden: Int) -> Int {
      4 * (width * width + width) + (2 * width * hidden + hidden + width) + 4 * width
    }
    func vitCount(_ c: ViTConfiguration) -> Int {
      let patches = (c.imageSize / c.patchSize) * (c.imageSize / c.patchSize)
      let embedding = (3 * c.patchSize * c.patchSize + 1) * c.width + (2 + patches) * c.width
      return embedding + c.layers * block(c.width, c.hiddenWidth) + 2 * c.width
    }
    func bertCount(_ c: BERTConfiguration) -> Int {
      (c.vocabulary + c.positions + c.segments + 2) * c.width + c.layers
        * block(c.width, c.hiddenWidth)
    }
    // Swin-B: width, blocks and heads of the stages; windows of 7 with a table of 13 x 13 position biases per head.
    let stages = [(128, 2, 4), (256, 2, 8), (512, 18, 16), (1024, 2, 32)]
    let swinBlocks = stages.map { $1 * (block($0, 4 * $0) + 13 * 13 * $2) }.reduce(0, +)
    let swinMerges = stages.dropLast().map { width, _, _ in 8 * width + 4 * width * 2 * width }
      .reduce(0, +)
    let swin = (3 * 4 * 4 + 1) * 128 + 2 * 128 + swinBlocks + swinMerges + 2 * 1024
    let (vit, bert) = (vitCount(.base), bertCount(.base))
    let random = RandomStream(seed: 0)
    func built(_ encoder: EncoderChoice) throws -> Int {
      let store = ParameterStore(random: random)
      _ = try EncoderCatalogue.published.make(encoder)(store.root)
      return store.count
    }
    let encoders = [
      ("Swin-B, window 7", swin, try built(.swin)), ("ViT-B/16", vit, try built(.vit)),
      ("BERT-base", bert, try built(.bert)),
    ]
    var sizes = Table("Encoder", "by formula", "built and counted")
    for (name, formula, found) in encoders {
      sizes.append([.text(name), .text(grouped(formula)), .text(grouped(found))])
    }
    notebook.show(sizes, "Parameters of the encoders, without pooler and head.")
    notebook.claim(
      "The formulas count what is built",
      .criterion(
        Claim.Criterion(
          holds: encoders.allSatisfy { $0.1 == $0.2 }, effect: Double(encoders.map { abs($0.1 - $0.2) }.max() ?? -1),
          unit: "parameters", digits: 0, count: encoders.count, test: "largest difference = 0")))

    //: ## Methods
    //: Every method is built whole, as the paper tier builds it, with l = 6 prompts in the image encoder and 4 in the text
    //: encoder; weights are left undefined, since only their number is asked for.
    func unimodal(experts: Int) -> MethodPlan { .mope(experts: experts) { $0.router = .unimodal } }
    let methods: [(id: String, title: String, paper: String, plan: MethodPlan)] = [
      ("imgonly", "ImgOnly", "imgonly", .fineTuned(.vision)),
      ("textonly", "TextOnly", "textonly", .fineTuned(.text)),
      ("lateconcat", "LateConcat", "lateconcat", .lateConcat),
      ("sequentialfuse", "SequentialFuse", "sequentialfuse", .sequentialFuse),
      ("mmbt", "MMBT (ViT-B, poolers, projection)", "mmbt", .mmbt),
      ("p-imgonly", "P-ImgOnly", "p-imgonly", .prompted(.vision)),
      ("p-textonly", "P-TextOnly, l = 6", "p-textonly", MethodPlan.prompted(.text).changing(.text) { $0.prompts = 6 }),
      ("p-lateconcat", "P-LateConcat, linear head", "p-lateconcat", .promptedLateConcat),
      (
        "p-lateconcat-512", "P-LateConcat, 512 hidden units", "p-lateconcat",
        MethodPlan.promptedLateConcat.with(LateConcatConfiguration.self) {
          $0.hiddenWidth = 512
          $0.change(.text) { $0.prompts = 6 }
        }
      ),
      ("p-sequentialfuse", "P-SequentialFuse", "p-sequentialfuse", .promptedSequentialFuse),
      ("promptfuse-deep", "PromptFuse(†)", "promptfuse-dagger", .deepPromptFuse),
      ("pmf", "PMF", "pmf", .pmf),
      ("pmf-large", "PMF-Large", "pmf-large", .largePMF),
      ("cpt-k4", "MoPE, unimodal router, k = 4", "mope-swin-k4", unimodal(experts: 4)),
      ("cpt-k16", "MoPE, unimodal router, k = 16", "mope-swin-k16", unimodal(experts: 16)),
      ("swin-k4", "MoPE, Swin-B, k = 4", "mope-swin-k4", .mope(experts: 4)),
      ("swin-k16", "MoPE, Swin-B, k = 16", "mope-swin-k16", .mope()),
      ("vit-k4", "MoPE, ViT-B, k = 4", "mope-vit-k4", .mope(experts: 4, seeing: .vit)),
    ]
    func model(_ plan: MethodPlan, classes: Int) throws -> any FusionModel {
      try plan(at: .paper).model(outputs: classes, encoders: .published, random: random)
    }
    let datasets = [
      ("snli-ve", "SNLI-VE", 3), ("mm-imdb", "MM-IMDB", 23), ("food-101", "Food-101", 101),
    ]
    var counts = [String: [Int]]()
    for method in methods {
      counts[method.id] = try datasets.map { try model(method.plan, classes: $0.2).store.trainableCount }
    }
    func number(_ id: String, _ dataset: Int = 0) -> Double {
      counts[id].map { Double($0[dataset]) } ?? .nan
    }

    //: ## The printed column
    //: A printed number is *met* if the exact count of one of the three datasets rounds to it. The papers print one number
    //: per method although heads differ by up to 0.1 M.
    func printed(_ row: String, _ version: String) -> String? {
      notebook.paper.cell(
        table: "table-1-main", row: row, column: "SNLI-VE:accuracy", version: version)?.params
    }
    var printedCells = [(name: String, isExplained: Bool)]()
    func judged(_ text: String?, _ id: String, _ name: String, tolerance: Double) -> String {
      guard let text, let value = PrintedNumber(text.filter { $0.isNumber || $0 == "." }) else {
        return text ?? "–"
      }
      let millions = datasets.indices.map { number(id, $0) / 1e6 }
      if text.hasPrefix("<") { return "\(text) \(millions[0] < value.value ? "✓" : "✗")" }
      let fits = millions.contains { value.range.contains($0) }
      let distance = millions.map { $0 - value.value }.min { abs($0) < abs($1) } ?? .nan
      printedCells.append((name, fits || abs(distance) <= tolerance))
      return fits ? "\(text) ✓" : "\(text) ✗ (\(signedText(distance, 2)))"
    }
    var table = Table("Method", "SNLI-VE (3)", "MM-IMDB (23)", "Food-101 (101)", "CPT", "V1")
    for method in methods {
      let versions = ["CPT", "V1"].map { version -> Table.Cell in
        let isOther =
          (method.id.hasPrefix("cpt") && version == "V1")
          || (method.id.hasPrefix("swin") && version == "CPT")
        return .text(
          isOther
            ? "–"
            : judged(
              printed(method.paper, version), method.id, "\(method.paper) (\(version))",
              tolerance: method.plan(at: .paper).isPromptTuned ? 0.1 : 0.3))
      }
      table.append(
        [.text(method.title)] + (counts[method.id] ?? []).map { .text(grouped($0)) } + versions)
    }
    notebook.show(
      table,
      "Trainable parameters, with the number of classes. ✗: no dataset's count rounds to the printed number; in brackets the nearest difference in millions."
    )

    //: ## Where they are
    //: The parts of MoPE, from the names of its parameters (SNLI-VE). Routing keys are frozen and do not count.
    let parts = [
      ("mope.static", "static prompts"), ("mope.experts", "experts"), ("mope.mapper", "mapper"),
      ("mope.router", "routers"), ("text.prompts", "text prompts"), ("head", "head"),
    ]
    var shares = Table("Part", "k = 4", "k = 16")
    let stores = try [4, 16].map { try model(.mope(experts: $0), classes: 3).store }
    for (prefix, title) in parts {
      let sums = stores.map { store in
        store.trainable.filter { $0.name.hasPrefix(prefix + ".") }.reduce(0) { $0 + $1.count }
      }
      shares.append([.text(title)] + sums.map { .text(grouped($0)) })
    }
    shares.append(["sum"] + stores.map { .strong(grouped($0.trainableCount)) })
    notebook.show(shares, "Trainable parameters of MoPE on Swin-B with the multimodal router.")

    //: ## The promise
    let models = [
      ("cpt-k4", "unimodal, k = 4 (CPT)"), ("swin-k4", "k = 4 (V1 to V4)"),
      ("cpt-k16", "unimodal, k = 16 (CPT)"), ("swin-k16", "k = 16 (V1 to V4)"),
    ]
    func percent(_ id: String, _ dataset: Int) -> Double {
      100 * number(id, dataset) / number("sequentialfuse", dataset)
    }
    notebook.show(
      BarChart(
        "MoPE's trainable parameters, of SequentialFuse's", axis: Axis("share [%]"),
        groups: models.map(\.1),
        series: datasets.enumerated().map { i, dataset in
          BarChart.Series(dataset.1, models.map { Estimate(percent($0.0, i)) })
        },
        references: [BarChart.Reference("promised by V1 to V4: 0.8 %", 0.8)]),
      named: "share",
      "Exact shares; SequentialFuse fine-tunes Swin-B, BERT-base and the mapper. There is no spread: counts are facts.",
      alternative:
        "Bar chart of four models on three datasets: about 0.8 % for four experts, 1.3 % for sixteen; Food-101 is highest."
    )
    let all = datasets.indices.map { percent("swin-k4", $0) }
    for (sentence, row, limits, test, paper) in [
      (
        "k = 4 trains 0.8 % of what SequentialFuse trains (SNLI-VE)", "swin-k4", 0...0.82, "share ≤ 0.82 %",
        "0.8 % (V1 to V4)"
      ),
      (
        "k = 4 with the unimodal router trains 0.7 % (SNLI-VE)", "cpt-k4", 0.65...0.75, "share rounds to 0.7 %",
        "0.7 % (CPT)"
      ),
    ] {
      let share = percent(row, 0)
      notebook.claim(
        sentence,
        .criterion(
          Claim.Criterion(
            holds: limits.contains(share), effect: share, unit: "%", digits: 3, count: 1, test: test)),
        paper: paper)
    }
    notebook.claim(
      "The 0.8 % hold on all three datasets",
      .criterion(
        Claim.Criterion(
          holds: (all.max() ?? 1) < 0.85, effect: all.max() ?? .nan, unit: "%", digits: 3,
          count: all.count, test: "largest share rounds to 0.8 %")))
    notebook.claim(
      "k = 4 trains fewer parameters than PMF",
      .criterion(
        Claim.Criterion(
          holds: number("swin-k4") < number("pmf"), effect: number("pmf") - number("swin-k4"),
          unit: "parameters", digits: 0, count: 1, test: "PMF − MoPE > 0, SNLI-VE")),
      paper: "1.6 M against 2.5 M")
    let third = 100 * number("cpt-k4", 2) / number("pmf-large", 2)
    notebook.claim(
      "k = 4 has 33 % of the parameters of PMF-Large",
      .criterion(
        Claim.Criterion(
          holds: third >= 32.5 && third < 33.5, effect: third, unit: "%", digits: 1, count: 1,
          test: "share rounds to 33 %, unimodal router, Food-101")),
      paper: "33 % (CPT), the ratio of the printed 1.5 M and 4.5 M")
    let unexplained = printedCells.filter { cell in
      !printedCells.contains { $0.name == cell.name && $0.isExplained }
    }.map(\.name)
    notebook.claim(
      "Every printed parameter count is explained, to 0.3 M for fine-tuning and 0.1 M for prompts",
      .criterion(
        Claim.Criterion(
          holds: unexplained.isEmpty, effect: Double(Set(unexplained).count),
          unit: "printed numbers",
          digits: 0, count: Set(printedCells.map(\.name)).count,
          test: "unexplained by any variant: \(Set(unexplained).sorted().joined(separator: ", "))"))
    )

    //: The unimodal rows have a router in each of the 24 blocks; the authors' code lets the first two share one, which is 769
    //: parameters per expert less. The first paper's own counts, 1.5 M of 197.0 M, are 0.76 %: its 0.7 % is cut off, not rounded.
    //: Its sentence is about its smaller model, k = 4; the headline scores are those of k = 16, which trains
    //: 1.3 %. P-LateConcat cannot have 1.0 M parameters with the linear head that the text describes, but with a hidden
    //: layer of 512 units it has; the second paper's 1.3 M stay unexplained.
    var measured = Measurements(
      rows: methods.map { Measurements.Row($0.id, title: $0.title) },
      columns: datasets.map {
        Measurements.Column(
          $0.0, title: "\($0.1), trainable parameters", unit: "", digits: 0, resolution: 1,
          higherIsBetter: false)
      })
    for method in methods {
      for (i, dataset) in datasets.enumerated() {
        for seed in workbench.seeds {
          measured.set(number(method.id, i), row: method.id, column: dataset.0, seed: seed)
        }
      }
    }
    //: Counts do not depend on seeds; a changed count is a changed model.
    notebook.compare(measured)
  }
}
