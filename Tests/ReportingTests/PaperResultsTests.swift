import Determinism
import Foundation
import Reporting
import Testing

@Suite struct PaperResultsTests {
  static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Golden/paper.json").path

  @Test func `every recovered cell is there`() throws {
    let paper = try PaperResults.read(Self.path)
    #expect(paper.cells.count == 210)
    #expect(paper.suspicious.count == 9)
    let counts = ["table-1-main": 132, "table-2-prompt-types": 28, "table-6-ris": 18]
    for (table, count) in counts.sorted(by: { $0.key < $1.key }) {
      #expect(paper.cells.count { $0.table == table } == count)
    }
  }

  @Test func `cells keep their printed precision`() throws {
    let paper = try PaperResults.read(Self.path)
    let full = try #require(
      paper.cell(table: "table-1-main", row: "mope-swin-k16", column: "MM-IMDB:f1_macro"))
    #expect(full.version == "V1")
    #expect(full.text == "62.01 ± 0.21")
    let sparse = try #require(
      paper.cell(table: "table-3-routing", row: "sparse-top1", column: "SNLI-VE:accuracy"))
    #expect(sparse.mean == "73.00" && sparse.version == "CPT")
  }

  @Test func `the newer version comes first and a version can be asked for`() throws {
    let paper = try PaperResults.read(Self.path)
    func mean(_ version: String?) -> String? {
      paper.cell(
        table: "table-1-main", row: "sequentialfuse", column: "UPMC Food-101:accuracy",
        version: version)?.mean
    }
    #expect(mean(nil) == "93.73")
    #expect(mean("CPT") == "87.38")
    #expect(mean("V4") == nil)
  }

  @Test(arguments: [
    ("\"50.1\"", "\"fifty\"", "decimal number"),
    ("\"CPT\", \"table\"", "\"V9\", \"table\"", "version"),
    ("\"cells\"", "\"sells\"", "no \"cells\""),
    ("\"mean\": \"50.1\"", "\"mean\": \"50.1\", \"std\": \"-1\"", "deviation"),
  ])
  func `corrupt transcriptions are refused`(old: String, new: String, message: String) {
    let text = TinyReport.paper.replacing(old, with: new)
    #expect(text != TinyReport.paper)
    let failure = #expect(throws: Failure.self) {
      try PaperResults.decode(Data(text.utf8), path: "paper.json")
    }
    #expect(failure?.kind == .badInput)
    #expect(failure?.description.contains(message) == true)
  }

  @Test func `a missing file is named`() {
    let failure = #expect(throws: Failure.self) { try PaperResults.read("/nonexistent/p.json") }
    #expect(failure?.kind == .missingInput)
  }
}
