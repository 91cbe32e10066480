import Determinism
import Foundation
import Reporting
import Testing

@Suite struct ReportTests {
  func markdown(_ source: String) throws -> String {
    let report = Report.notRun(
      TinyReport.info, source: NotebookSource(path: "Experiments/Tiny.swift", text: source),
      context: context(), why: "no data")
    return try ReportSet([report], root: nil).markdown(report)
  }

  @Test func `the Markdown report is this`() throws {
    let report = try TinyReport.report()
    #expect(try ReportSet([report], root: nil).markdown(report) == expectedMarkdown)
  }

  @Test func `rendering twice gives the same bytes`() throws {
    let first = try ReportSet([TinyReport.report()], root: nil).files()
    let second = try ReportSet([TinyReport.report()], root: nil).files()
    #expect(first == second)
    #expect(
      first.map(\.path) == [
        "table-0-tiny.md", "table-0-tiny/bars.svg", "table-0-tiny/bars.png", "README.md",
        "claims.md", "index.html",
      ])
  }

  @Test func `the page stands alone and names every verdict in words`() throws {
    let files = try ReportSet([TinyReport.report()], root: nil).files()
    let page = String(decoding: try #require(files.last).bytes, as: UTF8.self)
    #expect(!page.contains("src=\"http") && !page.contains("<link") && !page.contains("<script"))
    #expect(page.contains("<h2 id=\"table-0-tiny-a-tiny-table\">\nA tiny table\n</h2>"))
    #expect(page.contains("<span class=\"badge\">✓ reproduced</span> b beats a"))
    #expect(!page.contains("<img") && page.contains("<svg width=\"240\" height=\"160\""))
    #expect(page.contains("<figcaption>Table 1. ") && page.contains("<figcaption>Figure 1. "))
    #expect(page.contains("prefers-color-scheme: dark"))
  }

  @Test func `the table of claims has every claim with verdict, effect and what could have been seen`() throws {
    let report = try TinyReport.report()
    let files = try ReportSet([report], root: nil).files()
    let table = String(decoding: try #require(files.first { $0.path == "claims.md" }).bytes, as: UTF8.self)
    let rows = table.split(separator: "\n").filter { $0.hasPrefix("| [table-0-tiny](table-0-tiny.md)") }
    #expect(rows.count == report.claims.count)
    let claim = try #require(report.claims.first { $0.sentence == "b beats a" })
    let row = try #require(rows.first { $0.contains("b beats a") })
    #expect(row.contains("✓ reproduced"))
    let effect = try #require(claim.judgement.effect)
    let interval = try #require(claim.judgement.interval)
    #expect(row.contains(String(format: "+%.2f", effect)) && row.contains(String(format: "+%.2f", interval.upper)))
    let page = String(decoding: try #require(files.last).bytes, as: UTF8.self)
    #expect(page.contains("<a href=\"#table-0-tiny\">table-0-tiny</a>"))
  }

  @Test func `long code is folded on the page, short code and Markdown are not`() throws {
    func report(_ lines: Int) -> Report {
      let code = (0..<lines).map { "let x\($0) = \"<\"\n" }.joined()
      let source = NotebookSource(path: "Experiments/Tiny.swift", text: "//: # T\n" + code)
      return Report.notRun(TinyReport.info, source: source, context: context(), why: "w")
    }
    func page(_ lines: Int) throws -> String {
      let files = try ReportSet([report(lines)], root: nil).files()
      return String(decoding: try #require(files.last).bytes, as: UTF8.self)
    }
    #expect(try !page(4).contains("<details class=\"code\">"))
    let long = try page(5)
    #expect(long.contains("<details class=\"code\">\n<summary>Code · 5 lines</summary>\n<pre>"))
    #expect(long.contains("let x4 = &quot;&lt;&quot;\n</code></pre>\n</details>"))
    #expect(try !ReportSet([report(5)], root: nil).markdown(report(5)).contains("<details"))
  }

  @Test func `the index links reports and counts verdicts`() throws {
    let files = try ReportSet([TinyReport.report()], root: nil, date: "2026-01-31").files()
    let index = String(decoding: files[3].bytes, as: UTF8.self)
    #expect(index.contains("1 experiment · tier mini · 2026-01-31 · 1 claim of the papers: 1 reproduced."))
    #expect(index.contains("| [A tiny table](table-0-tiny.md) "))
    #expect(index.contains("src=\"table-0-tiny/bars.svg\""))
    #expect(index.contains("Two rows, one column."))
  }

  @Test func `checks of our own are counted apart from the papers' claims`() throws {
    let notebook = try TinyReport.notebook()
    let claims: [(sentence: String, rows: [String], paper: String?)] = [
      ("b beats a", ["b", "a"], "+1.0"), ("a beats b", ["a", "b"], nil), ("b still beats a", ["b", "a"], nil),
    ]
    for (sentence, rows, paper) in claims {
      notebook.claim(
        sentence, .beats([rows[0]], [rows[1]], in: TinyReport.data), paper: paper,
        file: "Experiments/Tiny.swift", line: TinyReport.line("notebook.claim"))
    }
    let files = try ReportSet([notebook.finish()], root: nil).files()
    let texts = files.map { String(decoding: $0.bytes, as: UTF8.self) }
    let headline =
      "1 claim of the papers: 1 reproduced · 2 checks of our own: 1 reproduced, 1 not reproduced"
    let pages = ["README.md", "claims.md", "index.html"]
    for (file, text) in zip(files, texts) where pages.contains(file.path) { #expect(text.contains(headline)) }
    #expect(texts[0].contains("> A check of our own") && texts[0].contains("> Paper: +1.0"))
    let index = try #require(
      texts[files.firstIndex { $0.path == "README.md" } ?? 0].split(separator: "\n").first {
        $0.contains("](table-0-tiny.md) ")
      })
    #expect(index.contains("| ✓ 1 reproduced ") && index.contains("| ✓ 1 reproduced, ✗ 1 not reproduced "))
  }

  @Test func `what is doubtful about a printed cell stands below its table`() throws {
    func text(_ suspicion: String) throws -> String {
      let paper = TinyReport.paper.replacing(
        "\"suspicious\": []", with: "\"suspicious\": [\(suspicion)]")
      let notebook = try Notebook(
        info: TinyReport.info, source: NotebookSource(path: "Experiments/Tiny.swift", text: tinySource),
        context: context(), paper: try PaperResults.decode(Data(paper.utf8), path: "paper.json"), golden: nil)
      notebook.compare(
        TinyReport.data, file: "Experiments/Tiny.swift", line: TinyReport.line("notebook.compare"))
      let report = try notebook.finish()
      return try ReportSet([report], root: nil).markdown(report)
    }
    func suspicion(version: String = "CPT/V1", row: String = "a vs z", column: String = "all") -> String {
      "{\"version\": \"\(version)\", \"table\": \"table-0-tiny\", \"row\": \"\(row)\", "
        + "\"column\": \"\(column)\", \"why\": \"copied\"}"
    }
    #expect(try text(suspicion()).contains("A and z; all columns (CPT, V1): copied"))
    #expect(try text(suspicion(column: "c")).contains("A and z; c (CPT, V1): copied"))
    for other in [suspicion(version: "V1"), suspicion(row: "z"), suspicion(column: "d")] {
      #expect(try !text(other).contains("copied"))
    }
  }

  @Test func `an experiment that was not run says so everywhere`() throws {
    let text = try markdown("//: # T\nlet x = 1\n")
    #expect(text.contains("**○ not run**: no data"))
    #expect(text.contains("``` swift\nlet x = 1\n```"))
  }

  @Test(arguments: [
    ("//: # T\n//: [a]()", "2: a link without a target"),
    ("//: # T\n//: [a](/etc/passwd)", "2: expected a relative link"),
    ("//: # T\n//: [a](#nowhere)", "2: expected a heading for the link #nowhere"),
    ("//: # T\n//: [a](../Reports/table-9.md)", "2: there is no report table-9"),
    ("//: # T\nlet x = 1\n//: ### Jump", "3: expected a heading of level 2 or less, found level 3"),
    ("//: # T\nlet x = 1\n//: # U", "3: a second title"),
    ("//: # T\n//:\n//: <b>x</b>", "3: expected Markdown, found raw HTML"),
    ("//: # T\n//:\n//: | a | b |", "3: a pipe table in prose"),
    ("//: # T\n//: [a][nowhere]", "a link to a reference that is not defined"),
  ])
  func `prose that would read wrongly is refused with its line`(source: String, message: String) {
    let failure = #expect(throws: Failure.self) { try markdown(source) }
    #expect(failure?.kind == .badInput)
    #expect(failure?.description.hasPrefix("Experiments/Tiny.swift:") == true)
    #expect(failure?.description.contains(message) == true)
  }

  @Test func `a link to a file that is not there is refused`() throws {
    let source = NotebookSource(path: "Experiments/Tiny.swift", text: "//: # T\n//: [a](b.swift)")
    let report = Report.notRun(TinyReport.info, source: source, context: context(), why: "w")
    #expect(throws: Failure.self) {
      try ReportSet([report], root: "/nonexistent").markdown(report)
    }
    // Links are written from the experiments' folder and must lead there from the reports' one.
    let text = try ReportSet([report], root: nil).markdown(report)
    #expect(text.contains("[a](../Experiments/b.swift)"))
  }

  @Test func `only a valid SOURCE_DATE_EPOCH gives a date`() throws {
    #expect(try ReportSet.date(environment: [:]) == nil)
    #expect(try ReportSet.date(environment: ["SOURCE_DATE_EPOCH": "86400"]) == "1970-01-02")
    #expect(throws: Failure.self) {
      try ReportSet.date(environment: ["SOURCE_DATE_EPOCH": "yesterday"])
    }
  }
}

@Suite struct ReportWriterTests {
  /// A fresh folder that is removed again.
  func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("reporting-\(ProcessInfo.processInfo.globallyUniqueString)").path
    try body(folder)
    try FileManager.default.removeItem(atPath: folder)
  }

  @Test func `unchanged files are not written again`() throws {
    try inFolder { folder in
      let files = try ReportSet([TinyReport.report()], root: nil).files()
      let writer = ReportWriter(folder: folder)
      #expect(try writer.write(files) == files.map(\.path))
      #expect(try writer.write(files).isEmpty)
      #expect(writer.differences(files).isEmpty)
      #expect(try writer.leftovers(files).isEmpty)
    }
  }

  @Test func `a number edited by hand is found with its line and both texts`() throws {
    try inFolder { folder in
      let files = try ReportSet([TinyReport.report()], root: nil).files()
      let writer = ReportWriter(folder: folder)
      try writer.write(files)
      let path = "\(folder)/table-0-tiny.md"
      let text = String(decoding: files[0].bytes, as: UTF8.self)
      try AtomicFile.write(text.replacing("51.50 ± 1.29", with: "61.50 ± 1.29"), to: path)
      let found = writer.differences(files)
      #expect(found.map(\.path) == ["table-0-tiny.md"])
      let description = try #require(found.first).description
      #expect(description.contains("51.50 ± 1.29") && description.contains("61.50 ± 1.29"))
    }
  }

  @Test func `missing and left-over files are found`() throws {
    try inFolder { folder in
      let files = try ReportSet([TinyReport.report()], root: nil).files()
      let writer = ReportWriter(folder: folder)
      #expect(writer.differences(files).count == files.count)
      #expect(try writer.leftovers(files).isEmpty)
      try AtomicFile.write("x", to: "\(folder)/old.md")
      #expect(try writer.leftovers(files) == ["old.md"])
      // A picture that a report no longer has, and one of a report that is gone.
      for path in ["table-0-tiny/old.svg", "table-9/old.png"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\((path as NSString).deletingLastPathComponent)", withIntermediateDirectories: true)
        try AtomicFile.write("x", to: "\(folder)/\(path)")
      }
      try writer.write(files)
      #expect(try writer.leftovers(files) == ["old.md", "table-0-tiny/old.svg", "table-9/old.png"])
    }
  }
}
