import Datasets
import Determinism
import Fusion
import Laboratory
import Reporting
import Training

/*:
 # Recipes · A learning rate for every method

 A comparison of methods is fair if each was tuned with the same care. The papers state one recipe and a rate for their own
 method; what was searched for the baselines they do not say.

 Here every method of Table 1 is trained with three learning rates, a half, one and two times the rate it starts from, on
 each of its stand-ins, and so are the methods of Table 6 on RefCOCO (RefCOCO+ takes the same): all of the recipe's
 steps, one seed. The score is that of the *validation* split of a draw of the data (data seed 0) that
 nothing else uses; the tables of the papers are measured on another draw. The best rate of each method and dataset is its
 recipe. Ablations of MoPE, and MoPE the other way round, use the recipe of MoPE.
 */
extension Experiment {
  static let searchLearningRates = Experiment(
    "search-learning-rates", title: "Recipes · A learning rate for every method",
    summary: "Three learning rates for every method, judged on validation data of another draw.",
    reproduces: "the recipes behind Table 1; nothing the papers print", needsStandIns: true
  ) { notebook, workbench in
    //: ## Runs
    //: A column is a dataset and a factor of the learning rate: 0.004 for prompts; 0.0002 (SNLI-VE) or
    //: 0.0005 (others) for fine-tuning, of which the text's side has 1.25 times as much.
    let factors = SearchedRates.tried
    let table1 = table1Methods(workbench).map { (id: $0.id, title: workbench.title($0.plan), method: $0.plan) }
    let searches: [(name: DatasetID, methods: [(id: String, title: String, method: MethodPlan)])] = [
      (.snliVE, table1), (.food101, table1), (.mmIMDB, table1),
      (.refCOCO, referringMethods.map { ($0.row.id, $0.row.title, $0.method) }),
    ]
    let tables = searches.map { name, methods in
      let byFactor = factors.map { factor in
        workbench.results(
          of: methods.map { id, title, method in
            workbench.cell(
              Measurements.Row(id, title: title), method,
              on: DataChoice(name, judgedOn: "validation", dataSeed: 0), rateFactor: factor)
          }, seeds: [0])
      }
      return scores(name, factors, byFactor, rows: methods.map { Measurements.Row($0.id, title: $0.title) })
    }

    //: ## Result
    //: For SNLI-VE and Food-101 the score is the accuracy, for MM-IMDB the mean of F1-macro and F1-micro, for RefCOCO the mean
    //: intersection over union.
    for table in tables {
      notebook.compare(table)
    }

    //: ## Chosen
    //: The factor with the best score; of equal ones the smaller. These are the recipes in use. On MM-IMDB most methods
    //: take the largest rate that was tried, so that a larger one might do better still: the search is small, and equally so
    //: for all. One seed decides, and on SNLI-VE seeds differ by some points: there a factor between close scores is luck.
    var (agreeing, count) = (0, 0)
    for (place, titles) in [(0..<3, ["SNLI-VE", "Food-101", "MM-IMDB"]), (3..<4, ["RefCOCO"])] {
      var chosen = Table((["Method"] + titles).map { Table.Column($0) })
      for (id, title, method) in searches[place.lowerBound].methods {
        let best = place.map { bestFactor(row: id, factors, tables[$0]) }
        chosen.append([.text(title)] + best.map { .text($0.map { "×\($0)" } ?? "–") })
        for (search, factor) in zip(searches[place], best) {
          guard let factor else { continue }
          count += 1
          let inUse = SearchedRates.rate(workbench.method(method, on: search.name), on: search.name, workbench.tier)
          if inUse == .searched(factor) { agreeing += 1 }
        }
      }
      notebook.show(chosen, "Factor of the learning rate with the best validation score.")
    }

    notebook.claim(
      "The recipes in use are the best ones of this search",
      count == 0
        ? .notRun("no run of the search is there")
        : .criterion(
          Claim.Criterion(
            holds: agreeing == count, effect: Double(agreeing), digits: 0, count: count,
            test: "recipes that have the best factor, of \(count)")))
  }
}

/// The validation scores of one dataset, a column for each factor.
private func scores(
  _ name: DatasetID, _ factors: [Float], _ results: [RunResults], rows: [Measurements.Row]
) -> Measurements {
  let title = DataChoice(name, dataSeed: 0).title
  var measurements = Measurements(
    rows: rows,
    columns: factors.map {
      Measurements.Column(
        columnId(name, $0), title: "\(title) ×\($0)", unit: "%", digits: 1, resolution: 0.05)
    }, seeds: [0])
  for (factor, results) in zip(factors, results) {
    for row in rows {
      for run in results.runs(row.id, on: name) {
        let values = name.descriptor.metrics.compactMap { run.metric($0) ?? run.metric($0, on: .validation) }
        measurements.set(
          mean(values), row: row.id, column: columnId(name, factor), seed: run.run.seed)
      }
    }
  }
  return measurements
}

private func columnId(_ name: DatasetID, _ factor: Float) -> String {
  "\(name.rawValue):rate x\(factor)"
}

/// The factor with the best score of a row, nil while one is missing.
private func bestFactor(row: String, _ factors: [Float], _ scores: Measurements) -> Float? {
  let values = scores.columns.compactMap { scores.ordered(row: row, column: $0.id).first }
  guard values.count == scores.columns.count else { return nil }
  return values.indexOfLargest.map { factors[$0] }
}
