import Autograd
import Datasets
import Determinism
import Encoders
import Fusion
import Laboratory
import NN
import Reporting
import Training

/*:
 # Check · Experts cost nothing at inference, length does

 Adding experts adds parameters, but every block still attends to 2l + 1 prompt tokens: the experts are mixed before they
 enter. Adding the same parameters as longer prompts lengthens every attention. The papers therefore claim a nearly constant
 cost in the number of experts, and one that grows faster than linearly in the length of prompts.

 A clock gives another answer every time and on every machine, so what is compared here is what the clock would measure: the
 floating-point operations of all products of matrices in one forward pass, and the most memory that tensors hold at once.
 Both are exact and the same everywhere. `mope bench` has the seconds.
 */
extension Experiment {
  static let checkConstantCost = Experiment(
    "check-constant-cost", title: "Check · Experts cost nothing at inference, length does",
    summary: "Operations and memory of a forward pass against experts and against length.",
    reproduces: "prose (CPT, V1); abstract (V4)", trains: false
  ) { notebook, workbench in
    //: ## Models
    //: ViT-mini and BERT-mini with random weights, a batch of sixteen; k experts of length 6, or static prompts as long.
    let rows: [(id: String, title: String, vectors: Int, method: MethodPlan)] =
      [2, 4, 16, 64].map { ("k-\($0)", "MoPE, k = \($0)", 6 * ($0 + 1) + 1, MethodPlan.mope(experts: $0)) }
      + [12, 18, 30, 54, 102].map {
        ("l-\($0)", "P-SequentialFuse, l = \($0)", $0 + 1, MethodPlan.mope([.fixed, .mapped], length: $0))
      }
    let random = RandomStream(seed: UInt64(workbench.dataSeed))
    let split = try PreparedSplit(
      SNLIVEStandIn(sizes: SplitSizes(train: 0, validation: 0, test: 16)), .test, tokenizer: WordVocabulary.standIns)
    let batch = split.batch(Array(0..<16))

    //: ## One forward pass
    var measured = Measurements(
      rows: rows.map { Measurements.Row($0.id, title: $0.title) },
      columns: [
        Measurements.Column(
          "tokens", title: "prompt tokens in attention", unit: "", digits: 0, resolution: 1, higherIsBetter: false),
        Measurements.Column(
          "operations", title: "operations", unit: "MFLOP", digits: 2, resolution: 1e-6, higherIsBetter: false),
        Measurements.Column(
          "memory", title: "memory of tensors", unit: "MB", digits: 3, resolution: 1e-6, higherIsBetter: false),
      ])
    for (id, _, _, method) in rows {
      let counter = PromptCounter()
      let model = try method(at: .mini).model(
        outputs: 3, encoders: EncoderCatalogue(tier: .mini, folder: nil), random: random,
        wrapping: { CountedEncoder($0, counter) })
      let before = (operations: Work.operations, memory: TensorMemory.live)
      TensorMemory.resetPeak()
      _ = model(batch, .evaluation)
      let costs = [
        ("tokens", Double(counter.tokens)),
        ("operations", Double(Work.operations - before.operations) * 1e-6),
        ("memory", Double(TensorMemory.peak - before.memory) * 1e-6),
      ]
      for seed in workbench.seeds {  // costs do not depend on it
        for (column, cost) in costs { measured.set(cost, row: id, column: column, seed: seed) }
      }
    }
    notebook.compare(measured)

    func value(_ row: String, _ column: String) -> Double { measured.ordered(row: row, column: column).first ?? .nan }
    func series(_ title: String, _ prefix: String) -> LineChart.Series {
      LineChart.Series(
        title,
        rows.filter { $0.id.hasPrefix(prefix) }.map { row in
          (Double(row.vectors), Estimate(value(row.id, "operations") / value("k-2", "operations")))
        })
    }
    notebook.show(
      LineChart(
        "Operations of a forward pass",
        x: Axis("tunable prompt vectors per layer", scale: .logarithmic, positions: [13, 19, 31, 55, 103, 391]),
        y: Axis("operations, relative to MoPE with k = 2", includes: [0]),
        series: [series("more experts (MoPE)", "k"), series("longer prompts (P-SequentialFuse)", "l")]),
      named: "operations", "Floating-point operations of all matrix products in a forward pass of sixteen pairs.",
      alternative: "Line chart: level for experts, rising for longer prompts; the table above has the numbers.")

    //: ## Verdicts
    func ratio(_ a: String, _ b: String, _ column: String) -> Double { value(a, column) / value(b, column) }
    for (sentence, column, quantity) in [
      ("cost at most 1.1 times the operations of two", "operations", "operations"),
      ("need at most 1.1 times the memory of two", "memory", "peak memory"),
    ] {
      let found = ratio("k-16", "k-2", column)
      notebook.claim(
        "Sixteen experts \(sentence)",
        .criterion(
          Claim.Criterion(
            holds: found <= 1.1, effect: found, count: 1,
            test: "\(quantity) at k = 16 / k = 2, at most 1.1")), paper: "nearly constant")
    }
    notebook.claim(
      "Length costs more: 102 static vectors against 12, compared with sixteen experts against two",
      .criterion(
        Claim.Criterion(
          holds: ratio("l-102", "l-12", "operations") > ratio("k-16", "k-2", "operations"),
          effect: ratio("l-102", "l-12", "operations"), count: 1,
          test: "operations at l = 102 / l = 12, above those at k = 16 / k = 2")), paper: "grows")
    func slope(_ from: Int, _ to: Int) -> Double {
      (value("l-\(to)", "operations") - value("l-\(from)", "operations")) / Double(to - from)
    }
    let bend = slope(54, 102) / slope(12, 18)
    notebook.claim(
      "The cost of length grows faster than linearly: the last vectors cost at least 1.05 times what the first ones do",
      .criterion(
        Claim.Criterion(
          holds: bend >= 1.05, effect: bend, count: 1,
          test: "operations per added vector from l = 54 to 102 / from l = 12 to 18, at least 1.05")),
      paper: "grows faster than linearly")

    //: Every further vector costs the same here, 1.26 MFLOP. A block's outputs at the places of prompts are dropped, so that
    //: they are not computed: a prompt is a key and a value, never a query, and keys and values are linear in their number. In
    //: the papers' description prompts are queries, too, and pass through the block before they are dropped; prompts that
    //: attend to prompts are the part that grows with the square of the length.
  }
}

/// What an image encoder was given while a model ran.
private final class PromptCounter {
  /// The most prompt tokens that a block was given.
  var tokens = 0
}

/// An encoder that counts the prompts it is given.
private struct CountedEncoder: Encoder {
  let base: any Encoder
  let counter: PromptCounter

  init(_ base: any Encoder, _ counter: PromptCounter) { (self.base, self.counter) = (base, counter) }

  var blockWidths: [Int] { base.blockWidths }
  var featureWidth: Int { base.featureWidth }
  var promptBound: Float { base.promptBound }
  var carriesPrompts: Bool { base.carriesPrompts }

  func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    base.feature(
      batch, mode,
      prompts: prompts.map { source in
        { input in
          let prompts = source(input)  // [B, P, C]
          counter.tokens = max(counter.tokens, prompts?.shape[1] ?? 0)
          return prompts
        }
      })
  }
}
