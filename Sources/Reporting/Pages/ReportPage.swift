import CCMark
import Determinism
import Foundation

/// All reports as one HTML page that needs nothing else: pictures and style are inside.
struct ReportPage {
  let index: ReportIndex

  func html() throws -> String {
    let cards = index.parts.map(\.card).joined(separator: "\n")
    let (sections, shapes) = try sharingShapes()
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
      \(shapes)</svg>
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
      \(ClaimTable(index: index).html)
      </details>
      <main id="content">
      \(sections)
      </main>
      </body>
      </html>

      """
  }

  /// All sections, and the shapes of their pictures, each once.
  private func sharingShapes() throws -> (sections: String, shapes: String) {
    var names: [String: String] = [:]
    var outlines: [(name: String, path: String)] = []
    let sections = try index.parts.map { part in
      let section = part.renamingShapes { old in
        guard let path = part.shapes[old] else { return nil }
        if let name = names[path] { return name }
        let name = SVGShapes.name(outlines.count)
        names[path] = name
        outlines.append((name, path))
        return name
      }
      guard let section else { throw Failure(.internal, "\(part.id): a picture's shape was not defined for it") }
      return section
    }
    return (sections.joined(separator: "\n"), SVGShapes.definitions(outlines))
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
  static func card(_ report: Report) -> String {
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
