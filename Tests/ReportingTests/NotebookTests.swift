import Determinism
import Reporting
import Testing

@Suite struct NotebookTests {
  let file = "Experiments/Tiny.swift"

  @Test func `results stand behind the cell that made them`() throws {
    let report = try TinyReport.report()
    #expect(report.sections.map(\.results.count) == [0, 0, 0, 0, 4, 0])
    #expect(report.claims.map(\.sentence) == ["b beats a"])
    #expect(report.figures.map(\.name) == ["bars"])
    #expect(report.tables.map(\.caption) == ["Two rows."])
  }

  @Test func `golden cells, new cells and verdicts are all counted`() throws {
    let summary = try TinyReport.report().summary
    #expect(summary.text == "checked 1 of 3: 1 agrees, 2 new")
    #expect(summary.failureKind == .waiting)
  }

  @Test func `a golden cell that nobody compared is missing`() throws {
    let notebook = try TinyReport.notebook()
    let report = try notebook.finish()
    #expect(report.summary.failureKind == .undecided)
    #expect(report.comparisons.map(\.outcome) == [.missing])
  }

  @Test(arguments: [
    ("Experiments/Tiny.swift", 1), ("Experiments/Tiny.swift", 999), ("Other.swift", 17),
  ])
  func `a source file that was not compiled is detected`(file: String, line: Int) throws {
    let notebook = try TinyReport.notebook()
    notebook.note("x", file: file, line: line)
    let failure = #expect(throws: Failure.self) { try notebook.finish() }
    #expect(failure?.kind == .configuration)
    #expect(failure?.description.contains("rebuild") == true)
  }

  @Test(arguments: [
    tinySource.replacing(
      "//: ## Result\n", with: "//: ## Result\n      //: More.\n      //:\n\n      //: Still more.\n"),
    tinySource.replacing(" It says *little*.\n", with: ""), tinySource.replacing("//: Two rows.\n", with: "\n\n\n\n"),
  ])
  func `results keep their cell when prose around them grows or shrinks after the build`(_ source: String) throws {
    #expect(source != tinySource)
    let notebook = try TinyReport.notebook(source: source, compiled: tinySource)
    notebook.note("x", file: file, line: TinyReport.line("notebook.note"))
    let report = try notebook.finish()
    let section = try #require(report.sections.first { !$0.results.isEmpty })
    #expect(section.cell.text.hasPrefix("notebook.show(table"))
    #expect(report.sections.filter { !$0.results.isEmpty }.count == 1)
  }

  @Test(arguments: [
    ("[1]", "[2]", "[1]"), ("let results = run()\n", "let results = run()\n      print(1)\n", "print(1)"),
    ("private func run() -> [Int] {\n  [1]\n}", "", "nothing"),
  ])
  func `code that changed after the build is refused, with its line`(_ old: String, _ new: String, _ named: String) {
    let source = tinySource.replacing(old, with: new)
    #expect(source != tinySource)
    let failure = #expect(throws: Failure.self) {
      try TinyReport.notebook(source: source, compiled: tinySource)
    }
    #expect(failure?.kind == .configuration)
    #expect(failure?.description.contains("rebuild") == true && failure?.description.contains(named) == true)
  }

  @Test func `names, sentences and cells are given once`() throws {
    let show = TinyReport.line("notebook.show")
    let twice: [(Notebook) -> Void] = [
      {
        for _ in 0..<2 {
          $0.show(TinyReport.chart, named: "n", "c", alternative: "a", file: file, line: show)
        }
      },
      {
        for _ in 0..<2 {
          $0.compare(TinyReport.data, file: file, line: TinyReport.line("notebook.compare"))
        }
      },
      {
        for _ in 0..<2 {
          $0.claim("s", .notRun(""), file: file, line: TinyReport.line("notebook.claim"))
        }
      },
      { $0.show(TinyReport.chart, named: "n", "c", alternative: "", file: file, line: show) },
    ]
    for mistake in twice {
      let notebook = try TinyReport.notebook()
      mistake(notebook)
      #expect(throws: Failure.self) { try notebook.finish() }
    }
  }

  @Test func `a chart of NaN is refused`() throws {
    let notebook = try TinyReport.notebook()
    let chart = BarChart(
      axis: Axis("y"), groups: ["g"], series: [BarChart.Series("s", [Estimate(.nan)])])
    notebook.show(
      chart, named: "n", "c", alternative: "a", file: file, line: TinyReport.line("notebook.show"))
    #expect(throws: Failure.self) { try notebook.finish() }
  }

  @Test func `the proposed golden makes the next run agree`() throws {
    let notebook = try TinyReport.notebook(golden: nil)
    notebook.compare(TinyReport.data, file: file, line: TinyReport.line("notebook.compare"))
    notebook.claim(
      "b beats a", .beats(["b"], ["a"], in: TinyReport.data), file: file,
      line: TinyReport.line("notebook.claim"))
    let proposed = notebook.proposedGolden(date: "2026-01-01", commit: "abc")
    let report = try TinyReport.report(golden: proposed)
    #expect(report.summary.failureKind == nil)
    #expect(report.summary.text == "checked 3 of 3: 3 agrees")
  }
}
