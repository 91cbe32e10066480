import Determinism
import Foundation

/// What the overviews (first page, table of claims, the page with everything) say of one report: made from the report, or
/// taken from the files that are there, so that one report can be written without making the others again.
public struct OverviewPart: Sendable {
  public let id: String
  /// Which tiers the report, or the files, are of.
  let tiers: [String]
  /// Its row on the first page, cell by cell, in Markdown.
  let row: [String]
  /// Its section on the first page.
  let section: String
  /// Its rows in the table of claims, cell by cell, in Markdown.
  let claims: [[String]]
  /// Its rows in the page's table of claims.
  let claimRows: [String]
  /// The link to it at the top of the page.
  let card: String
  /// Its section of the page. Shapes have names of their own.
  let body: String
  /// The outlines of the shapes by name.
  let shapes: [String: String]

  /// Whether each claim is the papers', and how it ended.
  var verdicts: [(isOfThePapers: Bool, verdict: Verdict)] {
    claims.compactMap { cells in
      Verdict.allCases.first { $0.label == cells[3] }.map { (cells[2] != ClaimTable.ownCheck, $0) }
    }
  }
}

extension OverviewPart {
  init(_ report: Report, in set: ReportSet) throws {
    id = report.info.id
    tiers = [report.context.tier]
    row = ReportIndex.row(report)
    section = ReportIndex.section(report)
    claims = ClaimTable.rows(report, link: "\(id).md").markdownRows
    claimRows = ClaimTable.rows(report, link: "#\(id)").htmlRows
    card = ReportPage.card(report)
    let shapes = SVGShapes(report.figures.map(\.drawing))
    self.shapes = Dictionary(uniqueKeysWithValues: shapes.outlines.map { ($0.name, $0.path) })
    body = "<section id=\"\(id)\">\n\(try set.html(report, shapes))</section>"
  }

  /// The parts of the overviews in a folder; nil where one is not there or not as it is written here.
  public static func read(_ folder: String) -> [OverviewPart]? {
    guard let index = lines("\(folder)/README.md"), let claims = lines("\(folder)/claims.md"),
      let page = lines("\(folder)/index.html"), let claimStart = page.firstIndex(of: "<details class=\"claims\">"),
      let main = page[claimStart...].firstIndex(of: "<main id=\"content\">"), let end = page.lastIndex(of: "</main>")
    else { return nil }
    let tiers = index.lazy.compactMap { $0.firstMatch(of: /^\d+ experiments? · tier ([a-z, ]+) ·/) }.first
    guard let tiers = tiers?.1.components(separatedBy: ", ") else { return nil }
    let rows = index.filter { $0.hasPrefix("| [") }.map(cells)
    let claimCells = claims.filter { $0.hasPrefix("| [") }.map(cells)
    let claimRows = page[claimStart..<main].filter { $0.hasPrefix("<tr><th scope=\"row\"") }
    let sections = blocks(index[...], from: "## [")
    let cards = blocks(page[..<claimStart], from: "<a class=\"card\"", through: "</a>")
    let bodies = blocks(page[(main + 1)..<end], from: "<section id=\"", through: "</section>")
    var shapes: [String: String] = [:]
    for line in page[..<claimStart] where line.hasPrefix("<path id=\"S") {
      let parts = line.components(separatedBy: "\"")
      guard parts.count == 5 else { return nil }
      shapes[parts[1]] = parts[3]
    }
    var parts: [OverviewPart] = []
    for row in rows {
      guard let id = row[0].components(separatedBy: "](").last.map({ String($0.dropLast(4)) }),
        row[0].hasSuffix("](\(id).md)"),
        let section = sections.first(where: { $0[0].hasSuffix("](\(id).md)") }),
        let card = cards.first(where: { $0[0] == "<a class=\"card\" href=\"#\(id)\">" }),
        let body = bodies.first(where: { $0[0] == "<section id=\"\(id)\">" })
      else { return nil }
      let part = OverviewPart(
        id: id, tiers: tiers, row: row, section: section.joined(separator: "\n") + "\n",
        claims: claimCells.filter { $0[0].hasSuffix("](\(id).md)") },
        claimRows: claimRows.filter { $0.contains("<a href=\"#\(id)\">") },
        card: card.joined(separator: "\n"), body: body.joined(separator: "\n"), shapes: shapes)
      let isWhole = part.claims.count == part.claimRows.count && part.verdicts.count == part.claims.count
      guard row.count == 5, isWhole, part.renamingShapes({ shapes[$0] }) != nil else { return nil }
      parts.append(part)
    }
    return parts.isEmpty ? nil : parts
  }

  private static func lines(_ path: String) -> [String]? {
    FileManager.default.contents(atPath: path).map { data in
      data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// The cells of a row of a pipe table; bars in them have a backslash in front.
  private static func cells(_ line: String) -> [String] {
    line.dropFirst(2).dropLast(2).components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The blocks of lines that begin like this, each through its last line or up to the next, without blank lines behind.
  private static func blocks(
    _ lines: ArraySlice<String>, from start: String, through end: String? = nil
  ) -> [[String]] {
    var blocks: [[String]] = []
    var isInside = false
    for line in lines {
      if line.hasPrefix(start) && !(isInside && end != nil) {
        blocks.append([])
        isInside = true
      }
      guard isInside else { continue }
      blocks[blocks.count - 1].append(line)
      if line == end { isInside = false }
    }
    return blocks.map { block in Array(block.prefix(through: block.lastIndex { !$0.isEmpty } ?? 0)) }
  }

  /// The section of the page with other names for its shapes; nil if one of them has none.
  /// - Parameter name: the new name; asked for in the order of the text.
  func renamingShapes(_ name: (String) -> String?) -> String? {
    let mark = "href=\"#S"
    var pieces = body.components(separatedBy: mark)
    for i in pieces.indices.dropFirst() {
      guard let quote = pieces[i].utf8.firstIndex(of: UInt8(ascii: "\"")), let new = name("S\(pieces[i][..<quote])")
      else { return nil }
      pieces[i] = "href=\"#\(new)\(pieces[i][quote...])"
    }
    return pieces.joined()
  }
}
