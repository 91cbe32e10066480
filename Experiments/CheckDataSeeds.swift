import Laboratory
import Reporting
import Training

/*:
 # Check · The headline on other draws of the data

 Four training seeds say how much a result moves when training is repeated. They say nothing about the draw of the data,
 which all tables share. The headline comparison, MoPE with sixteen experts against P-SequentialFuse and P-LateConcat, is
 repeated here on two further draws of every stand-in: other training pairs, other test pairs.

 A lead that is of one draw alone would disappear here.
 */
extension Experiment {
  static let checkDataSeeds = Experiment(
    "check-data-seeds", title: "Check · The headline on other draws of the data",
    summary: "MoPE, P-SequentialFuse and P-LateConcat on two further draws of the stand-ins.",
    reproduces: "nothing in the papers; how far Table 1 depends on the draw"
  ) { notebook, workbench in
    //: ## Runs
    let methods: [(id: String, method: Method)] = [
      ("mope", .mope(.all)), ("p-sequentialfuse", .promptedSequentialFuse), ("p-lateconcat", .promptedLateConcat),
    ]
    let names: [DataChoice.Name] = [.snliVE, .food101, .mmIMDB]

    //: ## Each draw
    for offset in [0, 1, 2] {
      let draw = workbench.dataSeed + offset
      let measured = workbench.results(
        of: methods.map { (Measurements.Row("\($0.id) draw \(draw)", title: "\($0.method.title), draw \(draw)"), $0.method) },
        on: names.map { DataChoice($0, dataSeed: draw) }
      ).measurements()
      notebook.compare(measured)
      notebook.claim(
        "MoPE beats P-SequentialFuse on all columns, draw \(draw)",
        .beats(["mope draw \(draw)"], ["p-sequentialfuse draw \(draw)"], in: measured), paper: "holds")
      notebook.claim(
        "MoPE beats P-LateConcat on all columns, draw \(draw)",
        .beats(["mope draw \(draw)"], ["p-lateconcat draw \(draw)"], in: measured), paper: "holds")
    }
  }
}
