import Foundation
import Reporting
import Testing

/// What a report says where the data are the papers' own.
@Suite struct PaperTierReportTests {
  /// The comparison of row "a" (mean 51.5) with a printed 50.1 and this deviation.
  private func compared(std: String, reservation: String? = nil, tier: String = "paper") throws
    -> Report
  {
    let paper = TinyReport.paper.replacing(
      "\"mean\": \"50.1\"", with: "\"mean\": \"50.1\", \"std\": \"\(std)\"")
    let notebook = try Notebook(
      info: TinyReport.info,
      source: NotebookSource(path: "Experiments/Tiny.swift", text: tinySource),
      context: RunContext(
        tier: tier, dataSeed: 1, environmentClass: "test", seeds: [0, 1, 2, 3],
        reservation: reservation),
      paper: try PaperResults.decode(Data(paper.utf8), path: "paper.json"), golden: nil)
    let file = "Experiments/Tiny.swift"
    notebook.compare(TinyReport.data, file: file, line: TinyReport.line("notebook.compare"))
    notebook.claim(
      "b beats a", .beats(["b"], ["a"], in: TinyReport.data), file: file,
      line: TinyReport.line("notebook.claim"))
    return try notebook.finish()
  }

  private func text(_ report: Report) -> String {
    report.sections.flatMap(\.results).compactMap { result in
      if case .comparison(let table, _) = result {
        table.terminalText(width: 200, color: false)
      } else {
        nil
      }
    }.joined()
  }

  @Test func `a difference is held against the printed deviation`() throws {
    #expect(text(try compared(std: "1.5")).contains("+1.4 (within ± 1.5)"))
    #expect(text(try compared(std: "1.2")).contains("+1.4 (outside ± 1.2)"))
    // What rounds to 1.3 and to 50.1 may be 1.35 and 50.15.
    #expect(text(try compared(std: "1.4")).contains("within"))
    #expect(!text(try compared(std: "1.5", tier: "mini")).contains("within"))
  }

  @Test func `with a reservation nothing is compared and no claim is judged`() throws {
    let report = try compared(std: "1.5", reservation: "a dry run")
    #expect(
      report.comparisons.allSatisfy { $0.outcome == .notRun && $0.explanation == "a dry run" })
    #expect(report.claims.allSatisfy { $0.judgement.verdict == .notRun })
    #expect(report.summary.failureKind == .undecided)
  }
}
