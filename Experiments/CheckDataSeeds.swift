import Datasets
import Fusion
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
    reproduces: "nothing in the papers; how far Table 1 depends on the draw", needsStandIns: true
  ) { notebook, workbench in
    //: ## Runs
    let methods: [(id: String, method: MethodPlan)] = [
      ("mope", .mope(.all)), ("p-sequentialfuse", .promptedSequentialFuse), ("p-lateconcat", .promptedLateConcat),
    ]
    let names: [DatasetID] = [.snliVE, .food101, .mmIMDB]

    //: ## Each draw
    var leads: [String: (title: String, means: [Double])] = [:]
    var columns: [String] = []
    for offset in [0, 1, 2] {
      let draw = workbench.dataSeed + offset
      let measured = workbench.results(
        of: methods.map {
          (Measurements.Row("\($0.id) draw \(draw)", title: "\(workbench.title($0.method)), draw \(draw)"), $0.method)
        },
        on: names.map { DataChoice($0, dataSeed: draw) }
      ).measurements()
      notebook.compare(measured)
      notebook.claim(
        "MoPE beats P-SequentialFuse on all columns, draw \(draw)",
        .beats(["mope draw \(draw)"], ["p-sequentialfuse draw \(draw)"], in: measured))
      notebook.claim(
        "MoPE beats P-LateConcat on all columns, draw \(draw)",
        .beats(["mope draw \(draw)"], ["p-lateconcat draw \(draw)"], in: measured))
      for column in measured.columns {
        if leads[column.id] == nil { columns.append(column.id) }
        let other = measured.values(row: "p-sequentialfuse draw \(draw)", column: column.id)
        let points = measured.values(row: "mope draw \(draw)", column: column.id).sorted { $0.key < $1.key }
          .compactMap { seed, value in other[seed].map { value - $0 } }
        guard !points.isEmpty else { continue }
        leads[column.id, default: (column.title, [])].means.append(mean(points))
      }
    }

    //: ## All draws together
    //: The four pairs of one draw share its examples, so that a draw counts once, with the mean over its seeds. Three means
    //: show less than twelve pairs would seem to.
    for column in columns {
      guard let (title, means) = leads[column] else { continue }
      notebook.claim(
        "Over three draws MoPE beats P-SequentialFuse, \(title)",
        .exceeds(means, unit: "points, mean over the seeds of a draw"))
    }

    //: The mean of a method moves between draws by up to 4.5 points on SNLI-VE, 1.5 on Food-101 and 3 on MM-IMDB's F1-macro: on
    //: the last by as much as MoPE and P-SequentialFuse are apart, so that only methods on the same draw can be compared. The
    //: lead over P-SequentialFuse has the same sign in every draw and column. On SNLI-VE and Food-101 three draws tell it from
    //: nothing; on MM-IMDB, where four seeds of one draw could not, three draws cannot either, if only just. The seven points
    //: by which P-LateConcat leads on MM-IMDB's F1-macro are in every draw, too.
  }
}
