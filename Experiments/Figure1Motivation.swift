import Determinism
import Laboratory
import Reporting
import Theory

/*:
 # Figure 1 · Why one prompt is not enough

 The papers open with a picture. Instances come from several concepts, and each concept wants another prompt. One global
 prompt is pulled to the majority and fits nobody; experts divide the instances among themselves, and the prompt follows
 the concept that the router sees.

 The picture has no numbers. Here it is made from a world small enough to see: prompts are points in the plane, an instance
 is what the router sees of it (a noisy feature) and the prompt that would be best for it, and the loss is the squared
 distance between the prompt it gets and that one. Four concepts have shares of 55, 20, 15 and 10 %. Experts and a linear
 router are fitted to 400 instances and judged on 1000 others.

 The idea would be contradicted if routed prompts lost against the shared one where concepts differ. It would be empty if
 they also won where concepts want the same: then the gain would come from more parameters alone.
 */
extension Experiment {
  static let figure1Motivation = Experiment(
    "fig-1-motivation", title: "Figure 1 · Why one prompt is not enough",
    summary: "Four concepts in the plane: one shared prompt against routed ones.",
    reproduces: "Figure 1 (CPT, V1, V4)", trains: false
  ) { notebook, workbench in
    //: ## The world
    //: Separation 0 means that all concepts want the same prompt, 1 is the picture below. Features do not change with it.
    let isSmoke = workbench.tier == .smoke
    let (trainCount, testCount, startCount) = isSmoke ? (60, 60, 2) : (400, 1000, 4)
    let root = RandomStream(seed: UInt64(workbench.dataSeed)).stream("figure 1")
    func worlds(_ seed: Int, _ separation: Double) -> (train: ClusterWorld, test: ClusterWorld) {
      let random = root.stream(seed)
      return (
        ClusterWorld(count: trainCount, separation: separation, random.stream("train")),
        ClusterWorld(count: testCount, separation: separation, random.stream("test"))
      )
    }
    func fitted(_ k: Int, _ seed: Int, _ separation: Double) -> RoutedPrompts {
      RoutedPrompts(
        count: k, fitting: worlds(seed, separation).train, starts: k == 1 ? 1 : startCount,
        root.stream(seed).stream("starts").stream(k))
    }

    //: ## The picture
    let shown = workbench.seeds.first ?? 0
    let instances = Array(worlds(shown, 1).test.instances.prefix(150))
    let best = instances.map { Point($0.best[0], $0.best[1]) }
    let names = ["majority", "concept 2", "concept 3", "concept 4"]
    func panel(_ title: String, _ model: RoutedPrompts) -> ScatterChart {
      let concepts = names.indices.map { c in
        ScatterChart.Class(names[c], zip(instances, best).filter { $0.0.cluster == c }.map(\.1))
      }
      let given = instances.map { model.prompt($0.feature) }.map { Point($0[0], $0[1]) }
      return ScatterChart(
        title, x: Axis("prompt, first coordinate", includes: [-3, 3]),
        y: Axis("second coordinate", includes: [-3, 3]),
        classes: concepts.prefix(3) + [ScatterChart.Class("prompt given", given)]
          + concepts.suffix(1), width: 400, height: 400)
    }
    notebook.show(
      Panels([
        panel("(a) One global prompt", fitted(1, shown, 1)),
        panel("(b) Four routed prompts", fitted(4, shown, 1)),
      ]),
      named: "prompts",
      """
      The best prompt of each of 150 test instances, by concept, and the prompts that the instances are given: \
      the same one for all in (a), the router's mixture in (b). Separation 1, seed \(shown).
      """,
      alternative: """
        Two scatter plots of the same four clouds of points. In the left one a single prompt lies between the clouds, \
        nearest to the largest; in the right one the prompts given lie inside the clouds.
        """)

    //: ## Loss against separation
    //: The dotted level is the noise inside a concept: a floor that no router can go below.
    let separations: [Double] = isSmoke ? [0, 1] : [0, 0.25, 0.5, 0.75, 1]
    let methods: [(k: Int, title: String)] = [
      (1, "one shared prompt"), (2, "2 routed prompts"), (4, "4 routed prompts"),
    ]
    func column(_ separation: Double) -> String { "separation-\(fixed(separation, 2))" }
    var measured = Measurements(
      rows: methods.map { Measurements.Row("k-\($0.k)", title: $0.title) },
      columns: separations.map {
        Measurements.Column(
          column($0), title: "loss at separation \(fixed($0, 2))", unit: "", digits: 3,
          resolution: 1e-6, higherIsBetter: false)
      })
    for seed in workbench.seeds {
      for separation in separations {
        let test = worlds(seed, separation).test
        for (k, _) in methods {
          measured.set(
            fitted(k, seed, separation).loss(on: test), row: "k-\(k)", column: column(separation),
            seed: seed)
        }
      }
    }
    notebook.show(
      LineChart(
        "Routing pays where concepts differ", x: Axis("separation of the concepts"),
        y: Axis("mean squared distance to the best prompt", includes: [0]),
        series: methods.map { k, title in
          LineChart.Series(
            title,
            separations.map { ($0, Estimate(measured.ordered(row: "k-\(k)", column: column($0)))) })
        },
        references: [BarChart.Reference("noise inside a concept", ClusterWorld.noise)]),
      named: "separation",
      "Loss on \(testCount) test instances, mean over \(workbench.seeds.count) draws of the world; bands are 95 % t intervals.",
      alternative: """
        Line chart over the separation of the concepts. The loss of the shared prompt rises steeply from the noise level, \
        that of two routed prompts less, and that of four stays near the noise level.
        """)
    notebook.compare(measured)

    //: ## Verdicts
    func gaps(_ k: Int, _ separation: Double) -> [Double] {
      zip(
        measured.ordered(row: "k-1", column: column(separation)),
        measured.ordered(row: "k-\(k)", column: column(separation))
      ).map { $0 - $1 }
    }
    notebook.claim(
      "Routed prompts fit better than one shared prompt where concepts differ",
      .exceeds(gaps(4, 1), unit: "loss, shared − 4 routed at separation 1"))
    notebook.claim(
      "One expert per concept fits better than fewer",
      .exceeds(
        zip(gaps(4, 1), gaps(2, 1)).map { $0 - $1 }, unit: "loss, 2 − 4 routed at separation 1"))
    notebook.claim(
      "The advantage grows with the separation of the concepts",
      .criterion(
        Claim.Criterion(
          holds: zip(separations, separations.dropFirst()).allSatisfy { pair in
            zip(gaps(4, pair.0), gaps(4, pair.1)).allSatisfy { $0 < $1 }
          },
          effect: (separations.last.map { gaps(4, $0).min() ?? .nan }) ?? .nan, unit: "loss",
          count: workbench.seeds.count, test: "shared − 4 routed rises at every step in every draw")
      ))
    //: Ten percent of the noise inside a concept count as no difference.
    notebook.claim(
      "Where all concepts want the same prompt, routing gains nothing",
      .isSmall(
        gaps(4, 0), margin: ClusterWorld.noise / 10,
        unit: "loss, shared − 4 routed at separation 0", digits: 3))

    //: The shared prompt is the mean of what all want, and so leans to the majority, yet it lies in none of the clouds:
    //: with a squared loss "biased to the majority" and "fits nobody" are both true. The fitted router is sharp: nearly
    //: every instance gets one expert alone, and what four experts lose at large separation comes from the few instances
    //: whose feature points to another concept.
  }
}
