import Determinism
import Foundation
import Reporting
import Testing

/// Overviews into which one report is put while the others are read back.
@Suite struct OverviewTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("overviews-\(ProcessInfo.processInfo.globallyUniqueString)").path

  private let order = ["fig-1-tiny", "table-0-tiny", "table-9-tiny"]

  /// A report with a picture and a claim.
  private func report(_ id: String, claim: String? = "b | [beats](a) <a>", width: Int = 240) throws -> Report {
    let info = ExperimentInfo(
      id: id, title: "Tiny · [a](b) | \(id)", summary: "One | two.", source: "Tiny.swift", reproduces: "Table 0")
    let source = NotebookSource(path: "Experiments/Tiny.swift", text: tinySource)
    let notebook = try Notebook(
      info: info, source: source, context: context(),
      paper: try PaperResults.decode(Data(TinyReport.paper.utf8), path: "paper.json"), golden: golden())
    func line(_ text: String) -> Int { TinyReport.line("notebook.\(text)") }
    let chart = BarChart(
      axis: Axis("accuracy [%]"), groups: ["A", id],
      series: [BarChart.Series("", [Estimate([1, 2, 3]), Estimate([3, 5, 4])])], width: width, height: 160)
    notebook.show(chart, named: "bars", "Caption.", alternative: "Bars.", file: source.path, line: line("show"))
    if let claim {
      notebook.claim(claim, .beats(["b"], ["a"], in: TinyReport.data), file: source.path, line: line("claim"))
      notebook.claim(
        "a \(claim)", .beats(["a"], ["b"], in: TinyReport.data), paper: "+1 | 2", file: source.path, line: line("claim")
      )
    }
    return try notebook.finish()
  }

  private func overviews(_ set: ReportSet) throws -> [ReportFile] {
    try set.files().filter { ReportSet.overviews.contains($0.path) }
  }

  // With the report first, in the middle and last; with shapes that no other has; with claims and without.
  @Test(arguments: ["fig-1-tiny", "table-0-tiny", "table-9-tiny"], [nil, "c beats a"])
  func `one report put into overviews gives the bytes of all reports made again`(_ id: String, _ claim: String?) throws
  {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let old = try order.map { try report($0) }
    try ReportWriter(folder: folder).write(try ReportSet(old, root: nil).files())
    let new = try report(id, claim: claim, width: 300)
    let others = try #require(OverviewPart.read(folder)).filter { $0.id != id }
    #expect(others.count == 2)
    let put = ReportSet([new], others: others, order: order, root: nil)
    let whole = ReportSet(old.map { $0.info.id == id ? new : $0 }, root: nil)
    #expect(try overviews(put) == overviews(whole))
    #expect(try overviews(put) != overviews(ReportSet(old, root: nil)))
    #expect(try put.files().map(\.path).filter { $0.contains("tiny") }.allSatisfy { $0.hasPrefix(id) })
  }

  @Test func `a report that the overviews do not have comes to its place`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let all = try order.map { try report($0) }
    try ReportWriter(folder: folder).write(try ReportSet([all[0], all[2]], root: nil).files())
    let put = ReportSet([all[1]], others: try #require(OverviewPart.read(folder)), order: order, root: nil)
    #expect(try overviews(put) == overviews(ReportSet(all, root: nil)))
  }

  @Test(arguments: [
    ("README.md", "## [", "## "), ("claims.md", "✓ reproduced", "✓ invented"), ("index.html", "id=\"S1\"", "id=\"T1\""),
    ("index.html", "<section id=\"table-0-tiny\">", "<section>"), ("claims.md", "", nil),
  ])
  func `overviews that were damaged are not taken apart`(_ file: String, _ text: String, _ other: String?) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let reports = try ["fig-1-tiny", "table-0-tiny"].map { try report($0) }
    try ReportWriter(folder: folder).write(try ReportSet(reports, root: nil).files())
    let path = "\(folder)/\(file)"
    if let other {
      let whole = try String(contentsOfFile: path, encoding: .utf8)
      let damaged = whole.replacing(text, with: other)
      #expect(damaged != whole)
      try AtomicFile.write(damaged, to: path)
    } else {
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(OverviewPart.read(folder) == nil)
  }
}
