import Determinism
import Laboratory
import Reporting
import Theory

/*:
 # Theorem 2 · Mixed experts reach what every instance needs

 The papers' second theorem says why experts help. Let f_1(x) … f_k(x) be the attention maps that k experts give input x, and
 let the router mix them with weights r_j(x) ≥ 0 of sum 1. If for every input some optimal pattern lies in the convex hull
 of the experts' maps, then routing weights exist with which the accumulated discrepancy equals the sum of the inputs' own
 optima, which by [Theorem 1](../Reports/theorem-1-global-prompt.md) no shared prompt attains.

 **What the proof needs and does not say.** It mixes attention *maps*, Σ r_j f_j(x). The method mixes *prompts*, and the
 layer computes one map from the mixture. Softmax is not linear, so the two differ, and the theorem says nothing about the
 second. It also says that weights exist, not that a router of limited size, shared by all inputs, can give them.

 The theorem would be contradicted by a target inside the hull that no weights reach; its use for the method by prompts
 that stay behind where maps succeed. Both are measured.
 */
extension Experiment {
  static let theorem2Adaptivity = Experiment(
    "theorem-2-mope-adaptivity", title: "Theorem 2 · Mixed experts reach what every instance needs",
    summary:
      "Routing weights that reach every target in the experts' hull, and what mixing prompts instead of maps costs.",
    reproduces: "Theorem 2 (V4), Theorem 0.B.2 (V1)", trains: false
  ) { notebook, workbench in
    //: ## Set-up
    //: The layer, inputs and hidden prompts of theorem 1, whole maps, N = 16 inputs. Each seed is a new draw of everything.
    //: Four kinds of targets:
    //:
    //: * **covered**, (a): every hidden prompt is an expert, k = N; the target is the map with the hidden prompt;
    //: * **in the hull**, (b): k = 4 random experts; the target mixes their maps with weights from a Dirichlet distribution;
    //: * **outside**, (c): the same experts; the target is the map with a hidden prompt that is none of them;
    //: * **mixed prompts**, (e): the same experts and weights as in (b), but the target is the map of the mixed prompt.
    let count = workbench.tier == .smoke ? 4 : 16
    let few = workbench.tier == .smoke ? 2 : 4
    let startCount = workbench.tier == .smoke ? 4 : 20
    let root = RandomStream(seed: UInt64(workbench.dataSeed)).stream("theorem 2")
    struct Draw {
      let setting: HiddenPrompts
      let covering: ExpertMixing
      let mixing: ExpertMixing
      let weights: [[Double]]
      let shared: RandomStream
    }
    func draw(_ seed: Int, experts: Int) -> Draw {
      let random = root.stream(seed)
      let setting = HiddenPrompts(count: count, rows: .all, random)
      let prompts = HiddenPrompts.prompts(experts, random.stream("experts"))
      return Draw(
        setting: setting, covering: ExpertMixing(setting.instances, experts: setting.hidden),
        mixing: ExpertMixing(setting.instances, experts: prompts),
        weights: setting.instances.indices.map { n in
          var random = random.stream("weights").stream(n)
          return random.simplexPoint(experts)
        },
        shared: random.stream("starts"))
    }
    func targets(_ kind: String, _ draw: Draw) -> [[Double]] {
      draw.setting.instances.indices.map { n in
        switch kind {
        case "hull": draw.mixing.mixedMaps(n, draw.weights[n])
        case "prompts": draw.mixing.mapOfMixedPrompts(n, draw.weights[n])
        default: draw.setting.instances[n].map(draw.setting.hidden[n])
        }
      }
    }

    //: ## Four ways to serve the inputs
    //: Mixing maps is a convex problem per input and is solved exactly (an active-set method whose optimality conditions
    //: are checked below). Mixing prompts is not convex; its weights are learned by L-BFGS from every corner and the centre.
    //: Both get the best weights of each input: a real router can only do worse. The best single expert and the best
    //: shared prompt serve all inputs alike.
    let kinds = [
      ("covered", "(a) covered, k = N"), ("hull", "(b) in the hull, k < N"),
      ("outside", "(c) outside"), ("prompts", "(e) mixed prompts"),
    ]
    let ways = [
      ("maps", "mixing maps (theorem)"), ("mixed-prompts", "mixing prompts (method)"),
      ("single", "best single expert"), ("shared", "best shared prompt"),
    ]
    var measured = Measurements(
      rows: ways.map { Measurements.Row($0, title: $1) },
      columns: kinds.map {
        Measurements.Column(
          $0, title: "Σ D, \($1)", unit: "", digits: 4, resolution: 1e-6, higherIsBetter: false)
      })
    var violation = 0.0
    for seed in workbench.seeds {
      let draw = draw(seed, experts: few)
      for (kind, _) in kinds {
        let targets = targets(kind, draw)
        let mixing = kind == "covered" ? draw.covering : draw.mixing
        let solved = targets.indices.map { mixing.leastMixingMaps($0, targets[$0]) }
        violation = solved.map(\.violation).reduce(violation, max)
        let discrepancy = Discrepancy(draw.setting.instances, targets: targets)
        let values = [
          ("maps", solved.reduce(0) { $0 + $1.residual }),
          (
            "mixed-prompts",
            targets.indices.reduce(0) { $0 + mixing.leastMixingPrompts($1, targets[$1]) }
          ),
          ("single", mixing.bestSingleExpert(targets)),
          (
            "shared",
            Minimum.all(
              of: discrepancy.totalWithGradient,
              starts: HiddenPrompts.prompts(startCount, draw.shared)
            ).lowest.value
          ),
        ]
        for (way, value) in values { measured.set(value, row: way, column: kind, seed: seed) }
      }
    }
    func values(_ way: String, _ kind: String) -> [Double] {
      measured.ordered(row: way, column: kind)
    }
    notebook.show(
      measured.table(rowTitle: "Σ D over \(count) inputs"),
      "Accumulated discrepancy to four kinds of targets. The sum of the inputs' own optima is 0 in every column."
    )
    notebook.show(
      BarChart(
        "Targets in the hull of four experts", axis: Axis("accumulated discrepancy Σ D"),
        groups: ways.map(\.1),
        series: [BarChart.Series("", ways.map { measured.estimate(row: $0.0, column: "hull") })]),
      named: "ways",
      "Column (b) of the table: mean over \(workbench.seeds.count) set-ups, 95 % t intervals, dots single set-ups.",
      alternative: """
        Bar chart: mixing maps has no discrepancy, mixing prompts little, the best shared prompt several times as much, the \
        best single expert most.
        """)
    notebook.compare(measured)

    //: ## The theorem
    let covered = values("maps", "covered").max() ?? 1
    let hull = workbench.seeds.flatMap { seed in
      [2, 4, 8].flatMap { k in
        let draw = draw(seed, experts: k)
        return targets("hull", draw).enumerated().map {
          draw.mixing.leastMixingMaps($0, $1).residual
        }
      }
    }
    notebook.note(
      "Largest residuals: (a) \(scientific(covered)) summed over inputs, (b) \(scientific(hull.max() ?? .nan)) for any input with 2, 4 or 8 experts. Largest breach of the optimality conditions: \(scientific(violation))."
    )
    notebook.claim(
      "(a) With an expert for every input, routing reaches every optimum",
      .criterion(
        Claim.Criterion(
          holds: covered < 1e-10, effect: covered, digits: 9, count: workbench.seeds.count,
          test: "largest Σ D < 1e-10, k = N")),
      paper: "Σ D(MoPE) = Σ min D where the hull holds an optimum of every input")
    notebook.claim(
      "(b) With fewer experts than inputs, routing reaches every target in the hull",
      .criterion(
        Claim.Criterion(
          holds: (hull.max() ?? 1) < 1e-8 && violation < 1e-10, effect: hull.max() ?? .nan,
          digits: 9, count: hull.count,
          test:
            "largest residual of an input < 1e-8, k = 2, 4, 8; optimality conditions hold to 1e-10")
      ), paper: "Σ D(MoPE) = Σ min D where the hull holds an optimum of every input")
    notebook.claim(
      "(c) The premise is needed: outside the hull a discrepancy remains",
      .criterion(
        Claim.Criterion(
          holds: (values("maps", "outside").min() ?? 0) > 1e-4,
          effect: values("maps", "outside").min() ?? .nan,
          count: workbench.seeds.count, test: "smallest Σ D > 1e-4")))
    let margins = ["single", "shared"].flatMap { way in
      zip(values(way, "hull"), values("maps", "hull")).map { $0 - $1 }
    }
    notebook.claim(
      "(d) With theorem 1: the best single expert and the best shared prompt stay behind the mixture",
      .criterion(
        Claim.Criterion(
          holds: (margins.min() ?? 0) > 1e-4, effect: margins.min() ?? .nan, count: margins.count,
          test: "smallest difference to mixing maps > 1e-4, targets in the hull")),
      paper: "Σ D(MoPE) = Σ min D < Σ D(shared P)")

    //: ## Leaving the hull
    //: Targets on the way from (b) to (c): each input's target is moved in a straight line from the hull to its own map.
    let fractions = (0...10).map { Double($0) / 10 }
    func path(_ residual: (Draw, Int, [Double]) -> Double) -> [(Double, Estimate)] {
      fractions.map { fraction in
        (
          fraction,
          Estimate(
            workbench.seeds.map { seed in
              let draw = draw(seed, experts: few)
              let ends = zip(targets("hull", draw), targets("outside", draw))
              return ends.enumerated().reduce(0) { sum, pair in
                sum
                  + residual(
                    draw, pair.offset,
                    mixture([pair.element.0, pair.element.1], [1 - fraction, fraction]))
              }
            })
        )
      }
    }
    notebook.show(
      LineChart(
        "The further from the hull, the less the experts help",
        x: Axis("position of the targets: 0 in the hull, 1 the inputs' own"),
        y: Axis("accumulated discrepancy Σ D", includes: [0]),
        series: [
          LineChart.Series(
            "mixing maps (theorem)", path { $0.mixing.leastMixingMaps($1, $2).residual }),
          LineChart.Series(
            "mixing prompts (method)", path { $0.mixing.leastMixingPrompts($1, $2) }),
        ]),
      named: "leaving-the-hull",
      "Mean over \(workbench.seeds.count) set-ups; bands are 95 % t intervals of the mean.",
      alternative: """
        Two rising curves over the distance from the hull. Mixing maps starts at 0, mixing prompts a little above; towards \
        the end they run together.
        """)

    //: ## From maps to prompts
    //: The method mixes prompts. Move from one expert to another: mixing maps moves every entry in a straight line, mixing
    //: prompts moves the prompt's scores in a straight line and the attention through softmax.
    let first = draw(workbench.seeds.first ?? 0, experts: 2).mixing
    let steps = (0...40).map { Double($0) / 40 }
    let width = HiddenPrompts.tokens + 1
    let bend = (0..<HiddenPrompts.tokens).map { row in
      let entry = row * width + HiddenPrompts.tokens
      return abs(
        first.mixedMaps(0, [0.5, 0.5])[entry] - first.mapOfMixedPrompts(0, [0.5, 0.5])[entry])
    }
    let row = bend.indexOfLargest ?? 0
    let entry = row * width + HiddenPrompts.tokens
    notebook.show(
      LineChart(
        "A token's attention to the prompt", x: Axis("weight of the second expert, r"),
        y: Axis("attention to the prompt", includes: [0]),
        series: [
          LineChart.Series(
            "mixing maps (theorem)",
            steps.map { ($0, Estimate(first.mixedMaps(0, [1 - $0, $0])[entry])) }),
          LineChart.Series(
            "mixing prompts (method)",
            steps.map { ($0, Estimate(first.mapOfMixedPrompts(0, [1 - $0, $0])[entry])) }),
        ]),
      named: "maps-and-prompts",
      "Input 1 of the first set-up, two experts; the content row where the two differ most.",
      alternative:
        "A straight line and a curve with the same ends: attention to the prompt over the weight of the second expert."
    )
    let prompts = values("mixed-prompts", "hull")
    notebook.claim(
      "(e) The theorem carries over to the method: mixed prompts reach what mixed maps reach",
      .criterion(
        Claim.Criterion(
          holds: (prompts.max() ?? 1) < 1e-8, effect: prompts.min() ?? .nan, digits: 4,
          count: prompts.count,
          test:
            "largest Σ D of mixed prompts < 1e-8, targets in the hull of maps; the smallest is shown"
        )),
      paper: "the method is an instance of the theorem")
    notebook.claim(
      "(e) Mixed prompts are better than the best shared prompt",
      .exceeds(zip(values("shared", "hull"), prompts).map { $0 - $1 }, unit: "Σ D", digits: 3))

    let nearer = zip(values("shared", "hull"), prompts).count { $0 > $1 }
    notebook.note(
      "Mixed prompts came nearer than the best shared prompt in \(nearer) of \(prompts.count) set-ups, by amounts that differ widely."
    )
    //: Neither way contains the other: column (e) shows targets that mixing prompts reaches and mixing maps does not. So
    //: theorem 2 is true, and it is about another network than the one that is trained. That weights can be chosen freely
    //: for each input is granted here to both.
  }
}
