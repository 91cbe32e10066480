import CCMark
import Determinism
import Foundation

/// Builds one report as a tree of Markdown nodes and prints it as Markdown or HTML.
///
/// What Markdown has no node for (tables, figures, verdicts) is a custom node whose text is made for
/// the format that is printed.
struct ReportDocument {
  enum Format {
    case markdown, html
  }

  let report: Report
  let format: Format
  private let tree: MarkdownTree
  private var parser: ProseParser
  private var figureCount = 0
  private var tableCount = 0
  private let shapes: SVGShapes

  /// - Parameter shapes: what the page defines for the pictures of all its reports.
  init(
    _ report: Report, format: Format, shapes: SVGShapes = SVGShapes([]), root: String?,
    reports: Set<String>
  ) throws {
    self.report = report
    self.format = format
    self.shapes = shapes
    parser = ProseParser(
      path: report.sourcePath, root: root, reports: reports,
      anchorPrefix: format == .html ? report.info.id : nil)
    guard let node = cmark_node_new(CMARK_NODE_DOCUMENT) else {
      throw Failure(.internal, "\(report.info.id): cmark gave no document")
    }
    tree = MarkdownTree(node)
    try build()
  }

  /// The report's text in its format.
  func rendered() throws -> String {
    let text: UnsafeMutablePointer<CChar>?
    switch format {
    case .markdown: text = cmark_render_commonmark(tree.root, CMARK_OPT_DEFAULT, 0)
    case .html: text = cmark_render_html(tree.root, CMARK_OPT_DEFAULT)
    }
    guard let text else { throw Failure(.internal, "\(report.info.id): cmark printed nothing") }
    defer { free(text) }
    return String(cString: text)
  }

  private mutating func build() throws {
    var hasOverview = false
    for section in report.sections {
      switch section.cell.kind {
      case .prose:
        try append(section.cell.text, firstLine: section.cell.lines.lowerBound)
        if !hasOverview { try appendOverview() }
        hasOverview = true
      case .code:
        if !hasOverview { try appendOverview() }
        hasOverview = true
        try appendCode(section.cell.text)
      }
      for result in section.results { try append(result, line: section.cell.lines.upperBound) }
    }
    try appendProvenance()
    try parser.finish()
  }

  /// Parses Markdown and moves its blocks to the end of the report.
  private mutating func append(_ markdown: String, firstLine: Int) throws {
    let prose = try parser.parse(markdown, firstLine: firstLine)
    while let child = cmark_node_first_child(prose.root) {
      cmark_node_unlink(child)
      try add(child)
    }
  }

  /// Code longer than this is folded on the page, where prose and results come first.
  private static let openCodeLines = 4

  private mutating func appendCode(_ code: String) throws {
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false).count
    if format == .html && lines > Self.openCodeLines {
      try custom(
        """
        <details class="code">
        <summary>Code · \(lines) lines</summary>
        <pre><code class="language-swift">\(escapedHTML(code))
        </code></pre>
        </details>
        """)
      return
    }
    let node = cmark_node_new(CMARK_NODE_CODE_BLOCK)
    cmark_node_set_fence_info(node, "swift")
    cmark_node_set_literal(node, code + "\n")
    try add(node)
  }

  private mutating func append(_ result: Report.Result, line: Int) throws {
    switch result {
    case .note(let text): try append(text, firstLine: line)
    case .table(let table, let caption):
      tableCount += 1
      try append(
        table, ["Table \(tableCount).", caption, table.legend].filter { !$0.isEmpty })
    case .comparison(let table, let comparisons):
      tableCount += 1
      try append(
        table,
        [
          "Table \(tableCount).", "Paper, golden and this run:",
          ComparisonSummary(comparisons).text + ".",
          "Δ golden is the largest difference of equal seeds; \"=\" is within the paper's printed "
            + "precision.", paperRemark, table.legend,
        ].filter { !$0.isEmpty })
    case .figure(let figure):
      figureCount += 1
      try custom(
        format == .markdown
          ? figure.markdown(folder: report.info.id, number: figureCount)
          : figure.html(report: report.info.id, number: figureCount, shapes: shapes))
    case .claim(let claim): try custom(format == .markdown ? claim.markdown : claim.html)
    }
  }

  private var paperRemark: String {
    report.context.tier == "paper"
      ? "\"within\" and \"outside\" hold the difference against the standard deviation that the paper prints."
      : "The paper's numbers belong to its own data, not to the \(report.context.tier) tier's."
  }

  private mutating func append(_ table: Table, _ caption: [String]) throws {
    let words = caption + table.reasons.map { $0 + "." }
    switch format {
    case .markdown:
      try custom(
        table.markdown + "\n" + escapedMarkdown(words.joined(separator: " ")) + "\n")
    case .html: try custom(table.html(caption: escapedHTML(words.joined(separator: " "))))
    }
  }

  /// What the reader should know before the details: circumstances and verdicts.
  private mutating func appendOverview() throws {
    var lines = [
      "\(report.info.reproduces) · tier `\(report.context.tier)` · data seed "
        + "\(report.context.dataSeed) · seeds \(report.context.seedText)"
    ]
    if let why = report.notRun {
      lines.append("**○ not run**: \(why)")
    } else {
      lines.append(report.summary.text)
    }
    switch report.context.tier {
    case "smoke":
      lines.append("The smoke tier shows that the experiment runs; it decides nothing.")
    case "mini":
      lines.append(
        "Numbers and verdicts are about the procedural stand-in data, not the paper's data sets.")
    case "paper":
      lines.append(
        "Numbers are of the published data and checkpoints. The text of this page was written about the stand-ins of the mini tier."
      )
      if let reservation = report.context.reservation {
        lines.append("**Nothing is judged**: \(reservation).")
      }
    default: break
    }
    try append(lines.joined(separator: "\\\n"), firstLine: 1)
    guard !report.claims.isEmpty else { return }
    var table = Table([Table.Column("verdict", .leading), Table.Column("claim", .leading)])
    for claim in report.claims {
      table.append([.text(claim.judgement.verdict.label), .text(claim.sentence)])
    }
    try custom(format == .markdown ? table.markdown : table.html(caption: ""))
  }

  private mutating func appendProvenance() throws {
    try append("## Provenance", firstLine: 1)
    if !report.provenance.isEmpty {
      var table = Table([Table.Column("", .leading), Table.Column("", .leading)])
      for (key, value) in report.provenance { table.append([.text(key), .text(value)]) }
      try custom(format == .markdown ? table.markdown : table.html(caption: ""))
    }
    try append(
      "Regenerate: `mope run \(report.info.id) \(report.context.flags)` · source: [`\(report.sourcePath)`]"
        + "(../\(report.sourcePath))", firstLine: 1)
    // The page holds all reports and explains verdicts once, at its top.
    if !report.claims.isEmpty && format == .markdown {
      try append(Verdict.definitions, firstLine: 1)
    }
  }

  private func custom(_ text: String) throws {
    let node = cmark_node_new(CMARK_NODE_CUSTOM_BLOCK)
    cmark_node_set_on_enter(node, text)
    try add(node)
  }

  private func add(_ node: OpaquePointer?) throws {
    guard let node, cmark_node_append_child(tree.root, node) == 1 else {
      throw Failure(.internal, "\(report.info.id): cmark refused a node")
    }
    if format == .html && cmark_node_get_type(node) == CMARK_NODE_HEADING { anchor(node) }
  }

  /// Gives a heading an id and lowers it by one level, since the page has a title of its own.
  private func anchor(_ heading: OpaquePointer) {
    let level = min(6, Int(cmark_node_get_heading_level(heading)) + 1)
    let id = "\(report.info.id)-\(slug(MarkdownTree.text(of: heading)))"
    let node = cmark_node_new(CMARK_NODE_CUSTOM_BLOCK)
    cmark_node_set_on_enter(node, "<h\(level) id=\"\(escapedHTML(id))\">")
    cmark_node_set_on_exit(node, "</h\(level)>")
    cmark_node_replace(heading, node)
    while let child = cmark_node_first_child(heading) {
      cmark_node_unlink(child)
      cmark_node_append_child(node, child)
    }
    cmark_node_free(heading)
  }
}

/// Plain text with Markdown's marks made harmless.
func escapedMarkdown(_ text: String) -> String {
  var result = ""
  for character in text {
    if "\\`*_<>#~".contains(character) { result.append("\\") }
    result.append(character)
  }
  // Brackets alone are text; only in front of these they would begin a link.
  return result.replacing("](", with: "]\\(").replacing("][", with: "]\\[")
}
