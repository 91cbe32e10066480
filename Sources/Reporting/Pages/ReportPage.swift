import CCMark
import Determinism
import Foundation

/// All reports as one HTML page that needs nothing else: pictures and style are inside.
struct ReportPage {
  let set: ReportSet

  init(_ set: ReportSet) { self.set = set }

  func html() throws -> String {
    let index = ReportIndex(set)
    let shapes = SVGShapes(set.reports.flatMap(\.figures).map(\.drawing))
    let cards = set.reports.map(card).joined(separator: "\n")
    let sections = try set.reports.map { report in
      "<section id=\"\(report.info.id)\">\n\(try set.html(report, shapes))</section>"
    }.joined(separator: "\n")
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>Mixture of prompt experts: reports</title>
      <style>
      \(ReportStyle.text)
      </style>
      </head>
      <body>
      <svg class="shapes" aria-hidden="true">
      \(shapes.definitions)</svg>
      <a class="skip" href="#content">Skip to the reports</a>
      <header id="top">
      <h1>Mixture of prompt experts: reports</h1>
      <p>\(escapedHTML(index.introduction))</p>
      <details>
      <summary>How verdicts are reached</summary>
      \(try definitions())</details>
      </header>
      <nav aria-label="Experiments">
      <div class="cards">
      \(cards)
      </div>
      </nav>
      <details class="claims">
      <summary>All claims in one table</summary>
      \(ClaimTable(set).table(link: { "#\($0)" }).html(caption: ""))
      </details>
      <main id="content">
      \(sections)
      </main>
      </body>
      </html>

      """
  }

  /// The definitions of the verdicts, which are written in Markdown.
  private func definitions() throws -> String {
    let text = Verdict.definitions
    guard let html = cmark_markdown_to_html(text, text.utf8.count, CMARK_OPT_DEFAULT) else {
      throw Failure(.internal, "cmark printed nothing")
    }
    defer { free(html) }
    return String(cString: html)
  }

  /// Title, verdicts and the first picture of a report, linking to it.
  private func card(_ report: Report) -> String {
    let badges = report.claims.map { claim in
      let verdict = claim.judgement.verdict
      return "<span class=\"badge \(verdict.styleClass)\" title=\"\(escapedHTML(claim.sentence))\">"
        + "\(verdict.mark)</span>"
    }
    let picture = report.figures.first.map { "\n" + $0.thumbnailHTML(report: report.info.id) } ?? ""
    return """
      <a class="card" href="#\(report.info.id)">
      <strong>\(escapedHTML(report.info.title))</strong>
      <span class="verdicts">\(badges.joined(separator: " "))</span>
      <span class="words">\(escapedHTML(ReportIndex.words(report)))</span>\(picture)
      </a>
      """
  }
}
