import Foundation
import Reporting

/// A notebook over `tinySource`, as an experiment would fill it.
struct TinyReport {
  static let info = ExperimentInfo(
    id: "table-0-tiny", title: "A tiny table", summary: "Two rows, one column.",
    source: "Tiny.swift", reproduces: "Table 0 (CPT)")

  /// The line of `tinySource` that holds this text.
  static func line(_ text: String) -> Int {
    let lines = tinySource.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.firstIndex { $0.contains(text) } ?? -1) + 1
  }

  static let paper = """
    {"about": "", "versions": {"CPT": "x"}, "numbering": {}, "lost": [], "suspicious": [],
     "statements": [], "cells": [
      {"version": "CPT", "table": "table-0-tiny", "row": "a", "title": "A", "group": "g",
       "column": "c", "mean": "50.1"}
    ]}
    """

  static var data: Measurements {
    var data = Measurements(
      rows: [
        Measurements.Row("a", title: "A", paper: "a"), Measurements.Row("b", title: "B"),
      ],
      columns: [
        Measurements.Column(
          "acc", title: "accuracy", unit: "%", digits: 2, resolution: 0.1, paper: "c")
      ], paperTable: "table-0-tiny")
    for seed in 0..<4 {
      data.set(50 + Double(seed), row: "a", column: "acc", seed: seed)
      data.set(51.02 + 1.01 * Double(seed), row: "b", column: "acc", seed: seed)
    }
    return data
  }

  static var chart: BarChart {
    BarChart(
      axis: Axis("accuracy [%]"), groups: ["A", "B"],
      series: [
        BarChart.Series(
          "", ["a", "b"].map { Estimate(data.ordered(row: $0, column: "acc")) })
      ], width: 240, height: 160)
  }

  static func notebook(
    source: String = tinySource, compiled: String? = nil, run: RunContext = context(),
    golden accepted: Golden? = golden()
  ) throws -> Notebook {
    try Notebook(
      info: info, source: NotebookSource(path: "Experiments/Tiny.swift", text: source), compiled: compiled,
      context: run, paper: try PaperResults.decode(Data(paper.utf8), path: "paper.json"),
      golden: accepted)
  }

  static func report(
    source: String = tinySource, run: RunContext = context(), golden accepted: Golden? = golden()
  ) throws -> Report {
    let notebook = try notebook(source: source, run: run, golden: accepted)
    let file = "Experiments/Tiny.swift"
    notebook.show(data.table(), "Two rows.", file: file, line: line("notebook.show"))
    notebook.show(
      chart, named: "bars", "Accuracy; whiskers are 95 % intervals.", alternative: "Two bars.",
      file: file, line: line("notebook.show"))
    notebook.compare(data, file: file, line: line("notebook.compare"))
    notebook.claim(
      "b beats a", .beats(["b"], ["a"], in: data), paper: "+1.0", file: file,
      line: line("notebook.claim"))
    notebook.provenance("commit", "abc")
    return try notebook.finish()
  }
}
