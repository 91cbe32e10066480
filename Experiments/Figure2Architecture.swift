import Determinism
import Encoders
import Fusion
import Laboratory
import NN
import Reporting
import Theory
import Training

/*:
 # Figure 2 · The architecture

 The papers draw (a) the pipeline: the complementary modality is encoded first, and its feature steers three prompts in
 every block of the main encoder; (b) the mixture: two pairs of inputs get different mixtures of the same experts; (c) the
 router: two projections make a query, scored against frozen keys.

 This diagram is not drawn by hand. The model is built, and shapes, counts and what trains are read from its parameters. It
 would be wrong, and a verdict below would say so, if a parameter of the model had no box, if a box held both frozen and
 trained parameters, or if the encoders or keys trained.
 */
extension Experiment {
  static let figure2Architecture = Experiment(
    "fig-2-architecture", title: "Figure 2 · The architecture",
    summary: "The network of the mini tier, drawn from its own parameters.",
    reproduces: "Figure 2 (CPT, V1, V4)", trains: false
  ) { notebook, workbench in
    //: ## The model
    //: MoPE with 16 experts and three classes, as the tables of the mini tier train it: the text steers the image encoder.
    //: Initial values do not matter, only shapes.
    let method = MethodPlan.mope()(at: .mini)
    guard let configuration = method.choices as? MoPEConfiguration else { return }
    let (vit, bert) = (EncoderCatalogue.miniViT, EncoderCatalogue.miniBERT)
    let model = try method.model(
      outputs: 3, encoders: EncoderCatalogue(tier: .mini, folder: nil),
      random: RandomStream(seed: UInt64(workbench.dataSeed)).stream("figure 2"))
    let routed = configuration.routingFeature == .cls ? "[CLS]" : "mean of the tokens"

    //: Every box takes the parameters whose names begin so, and, for the router, hold the second text.
    let parts: [(id: String, begins: String, holds: String)] = [
      ("patches", "vision.encoder.embeddings.", ""),
      ("blocks", "vision.encoder.encoder.", ""),
      ("norm", "vision.encoder.layernorm.", ""), ("bert", "text.encoder.", ""),
      ("text-prompts", "text.prompts.", ""),
      ("static", "mope.static.", ""), ("experts", "mope.experts.", ""),
      ("mapper", "mope.mapper.", ""),
      ("own", "mope.router.", ".own."), ("cross", "mope.router.", ".cross."),
      ("keys", "mope.router.", ".keys"), ("head", "head.", ""),
    ]
    func members(_ id: String) -> [Parameter] {
      parts.filter { $0.id == id }.flatMap { part in
        model.store.parameters.filter {
          $0.name.hasPrefix(part.begins)
            && $0.name.contains(part.holds.isEmpty ? part.begins : part.holds)
        }
      }
    }
    func kind(_ id: String) -> DiagramChart.Kind {
      members(id).contains(where: \.isTrainable) ? .trainable : .frozen
    }
    func shape(_ id: String, _ ending: String = "") -> [Int] {
      members(id).first { $0.name.hasSuffix(ending) }?.shape ?? []
    }
    func counted(_ id: String) -> String {
      "\(grouped(members(id).reduce(0) { $0 + $1.count })) parameters"
    }

    //: ## The diagram
    let (length, width) = (shape("static").first ?? 0, shape("static").last ?? 0)
    let patches = (shape("patches", "position_embeddings").dropFirst().first ?? 1) - 1
    let (d, k) = (shape("keys").first ?? 0, shape("keys").last ?? 0)
    let blocks = members("static").count
    let boxes: [DiagramChart.Box] = [
      .init(
        .data, Rectangle(20, 100, 100, 60), "image", ["[3, \(vit.imageSize), \(vit.imageSize)]"]),
      .init(
        kind("patches"), Rectangle(150, 100, 160, 60), "patches, positions",
        ["→ [\(patches), \(width)]", counted("patches")]),
      .init(
        .data, Rectangle(340, 100, 250, 60), "tokens of block i",
        [
          "[CLS]   Ps   Pd   Pm   patches",
          "1 + \(length) + \(shape("experts")[1]) + 1 + \(patches) tokens of \(width)",
        ]),
      .init(
        kind("blocks"), Rectangle(630, 100, 150, 60), "block i of \(blocks)",
        ["all: \(counted("blocks"))"]),
      .init(kind("norm"), Rectangle(815, 100, 110, 60), "norm of [CLS]", [counted("norm")]),
      .init(
        kind("head"), Rectangle(950, 100, 110, 60), "head",
        ["\(width) → \(shape("head", "weight")[0])", counted("head")]),
      .init(
        kind("static"), Rectangle(20, 250, 125, 60), "static Ps",
        ["\(blocks) × [\(length), \(width)]", counted("static")]),
      .init(
        kind("experts"), Rectangle(160, 250, 135, 60), "experts E",
        ["\(blocks) × \(shape("experts"))", counted("experts")]),
      .init(.operation, Rectangle(325, 250, 115, 60), "Pd = Σ rⱼ Eⱼ", ["[\(length), \(width)]"]),
      .init(
        kind("mapper"), Rectangle(460, 250, 130, 60), "mapper: Pm",
        [
          "\(shape("mapper", "down.weight")[1]) → \(shape("mapper", "down.weight")[0]) → \(shape("mapper", "up.0.weight")[0])",
          counted("mapper"),
        ]),
      .init(.operation, Rectangle(325, 385, 175, 50), "r = softmax(q K / τ)", ["[\(k)]"]),
      .init(kind("keys"), Rectangle(325, 465, 175, 50), "keys K", ["\(blocks) × [\(d), \(k)]"]),
      .init(.operation, Rectangle(550, 385, 130, 50), "query q", ["[\(d)]"]),
      .init(
        kind("own"), Rectangle(735, 385, 175, 50), "Wi ψx",
        ["\(width) → \(shape("own", "weight")[0]), \(counted("own"))"]),
      .init(
        kind("cross"), Rectangle(735, 465, 175, 50), "Wc ψy",
        ["\(shape("cross", "weight")[1]) → \(shape("cross", "weight")[0]), \(counted("cross"))"]),
      .init(.data, Rectangle(20, 570, 100, 60), "text", ["≤ \(bert.positions) words"]),
      .init(
        kind("text-prompts"), Rectangle(150, 655, 160, 50), "text prompts",
        ["\(members("text-prompts").count) × \(shape("text-prompts"))"]),
      .init(
        kind("bert"), Rectangle(150, 570, 160, 60), "text encoder",
        ["\(bert.layers) layers", counted("bert")]),
      .init(.data, Rectangle(940, 570, 120, 60), "text feature ψy", ["[\(bert.width)]"]),
    ]
    func arrow(_ points: (Double, Double)..., label: String = "", at place: Point = Point(0, 0))
      -> DiagramChart.Arrow
    {
      .init(points.map { Point($0.0, $0.1) }, label: label, at: place)
    }
    let arrows: [DiagramChart.Arrow] = [
      arrow((120, 130), (150, 130)), arrow((310, 130), (340, 130)), arrow((590, 130), (630, 130)),
      arrow((780, 130), (815, 130)), arrow((925, 130), (950, 130)),
      arrow(
        (705, 100), (705, 76), (465, 76), (465, 100),
        label: "next block, without the outputs of prompts", at: Point(475, 71)),
      arrow((82, 250), (82, 205), (352, 205), (352, 160)), arrow((295, 280), (325, 280)),
      arrow((400, 250), (400, 160)),
      arrow((525, 250), (525, 160)), arrow((400, 385), (400, 310)), arrow((412, 465), (412, 435)),
      arrow((550, 410), (500, 410)), arrow((735, 410), (680, 410)),
      arrow((735, 490), (615, 490), (615, 435)),
      arrow(
        (608, 130), (608, 205), (822, 205), (822, 385), label: "ψx: \(routed) entering block i",
        at: Point(640, 200)),
      arrow((120, 600), (150, 600)), arrow((230, 655), (230, 630)), arrow((310, 600), (940, 600)),
      arrow((970, 570), (970, 490), (910, 490)), arrow((1030, 570), (1030, 280), (590, 280)),
    ]
    notebook.show(
      DiagramChart(
        "MoPE as it is built: the text steers the image encoder", boxes: boxes, arrows: arrows,
        frames: [
          .init(Rectangle(310, 365, 620, 175), "Router of block i"),
          .init(Rectangle(10, 235, 590, 98), "Three prompts of block i"),
          .init(
            Rectangle(10, 555, 1060, 174), "Complementary modality: encoded first, once per input"),
        ],
        width: 1080, height: 742),
      named: "architecture",
      "Drawn from the model's parameters: shapes, counts and what trains. \(blocks) × means one for each block.",
      alternative: """
        Diagram. An image becomes patch tokens, which pass with [CLS] and three kinds of prompts through frozen blocks to a \
        trained head. The static prompts, the experts, the mapper, both router projections, the text prompts and the head \
        train; both encoders and the routing keys are frozen. The text feature feeds the mapper and the router.
        """)

    //: ## Two inputs, two mixtures
    //: Panel (b) of the paper's figure. Two random queries are scored against the keys of the first block, as two pairs of
    //: inputs would be: r = softmax(q K / τ), τ = 0.1.
    let keys = members("keys").first?.value.withElements { $0.map(Double.init) } ?? []
    func weights(_ seed: Int) -> [Double] {
      var random = RandomStream(seed: UInt64(workbench.dataSeed)).stream("queries").stream(seed)
      let query = random.normals(d).map { 0.35 * $0 }
      return softmax(
        (0..<k).map { j in
          (0..<d).reduce(0) { $0 + query[$1] * keys[$1 * k + j] }
            / Double(configuration.temperature)
        })
    }
    notebook.show(
      BarChart(
        "The same experts, mixed for two inputs", axis: Axis("routing weight r", includes: [0]),
        groups: (1...k).map(String.init),
        series: [1, 2].map {
          BarChart.Series("input pair \($0)", weights($0).map { Estimate($0) })
        }, height: 280),
      named: "mixtures",
      "Routing weights of the \(k) experts for two random queries, with the keys of the built model.",
      alternative:
        "Bar chart of the routing weights of sixteen experts for two queries; the large weights lie on different experts."
    )

    //: ## The diagram against the model
    let boxed = parts.flatMap { members($0.id) }
    let names = Set(boxed.map(\.name))
    notebook.claim(
      "Every parameter is in exactly one box",
      .criterion(
        Claim.Criterion(
          holds: names.count == boxed.count && names.count == model.store.parameters.count,
          effect: Double(boxed.count), unit: "tensors", digits: 0,
          count: model.store.parameters.count,
          test: "tensors in boxes = tensors of the model, none twice")))
    let mixed = parts.filter { part in Set(members(part.id).map(\.isTrainable)).count != 1 }
    notebook.claim(
      "A box trains as a whole or not at all",
      .criterion(
        Claim.Criterion(
          holds: mixed.isEmpty, effect: Double(mixed.count), unit: "boxes", digits: 0,
          count: parts.count, test: "mixed boxes = 0")))
    let frozen = parts.map(\.id).filter { kind($0) == .frozen }
    notebook.claim(
      "Encoders and routing keys are frozen, everything else trains",
      .criterion(
        Claim.Criterion(
          holds: frozen == ["patches", "blocks", "norm", "bert", "keys"],
          effect: Double(frozen.count), unit: "frozen boxes", digits: 0,
          count: parts.count, test: "frozen: \(frozen.joined(separator: ", "))")),
      paper: "snowflakes in Figure 2")
    let rows = shape("own", "weight")[0] + shape("cross", "weight")[0]
    notebook.claim(
      "The query has the length of a key, and there is a key for each expert",
      .criterion(
        Claim.Criterion(
          holds: rows == d && k == shape("experts")[0], effect: Double(d), unit: "numbers",
          digits: 0, count: blocks,
          test: "rows of Wi + rows of Wc = rows of K; columns of K = experts")))
    var measured = Measurements(
      rows: parts.map { Measurements.Row($0.id) },
      columns: [
        Measurements.Column("count", title: "parameters", unit: "", digits: 0, resolution: 1),
        Measurements.Column(
          "trained", title: "of them trained", unit: "", digits: 0, resolution: 1),
      ])
    for part in parts {
      let (all, trained) = (members(part.id), members(part.id).filter(\.isTrainable))
      for seed in workbench.seeds {
        measured.set(
          Double(all.reduce(0) { $0 + $1.count }), row: part.id, column: "count", seed: seed)
        measured.set(
          Double(trained.reduce(0) { $0 + $1.count }), row: part.id, column: "trained", seed: seed)
      }
    }
    notebook.compare(measured)
  }
}
