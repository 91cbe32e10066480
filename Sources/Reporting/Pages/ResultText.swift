extension Claim {
  /// The claim as a Markdown quotation.
  var markdown: String {
    var lines = ["**\(judgement.verdict.label)** · \(escapedMarkdown(sentence))"]
    if !judgement.text.isEmpty { lines.append(escapedMarkdown(judgement.text)) }
    lines.append(escapedMarkdown(source))
    return lines.map { "> \($0)" }.joined(separator: "\\\n") + "\n"
  }

  /// Who says it.
  private var source: String { paper.map { "Paper: \($0)" } ?? "A check of our own" }

  /// The claim as an HTML block with a badge.
  var html: String {
    let verdict = judgement.verdict
    var lines = [
      "<div class=\"claim \(verdict.styleClass)\">",
      "<p><span class=\"badge\">\(verdict.label)</span> \(escapedHTML(sentence))</p>",
    ]
    if !judgement.text.isEmpty {
      lines.append("<p class=\"evidence\">\(escapedHTML(judgement.text))</p>")
    }
    lines.append("<p class=\"evidence\">\(escapedHTML(source))</p>")
    return (lines + ["</div>"]).joined(separator: "\n")
  }
}

extension Figure {
  /// The figure as a Markdown image with its caption below.
  func markdown(folder: String, number: Int) -> String {
    """
    ![\(escapedMarkdown(alternative))](\(folder)/\(name).svg)

    *Figure \(number).* \(escapedMarkdown(caption)) ([PNG](\(folder)/\(name).png))

    """
  }

  /// The figure as an HTML `<figure>` with the picture inside the page.
  /// - Parameter shapes: what the page defines for all its pictures.
  func html(report: String, number: Int, shapes: SVGShapes) throws -> String {
    """
    <figure id="\(report)-figure-\(name)">
    <svg width="\(drawing.width)" height="\(drawing.height)" \(viewBoxAndLabel)>
    <g id="\(pictureID(report))">
    \(try drawing.svgElements(shapes))
    </g>
    </svg>
    <figcaption>Figure \(number). \(escapedHTML(caption))</figcaption>
    </figure>
    """
  }

  /// The picture of `html(report:number:shapes:)` once more, small, for the cards of the page.
  func thumbnailHTML(report: String) -> String {
    "<svg \(viewBoxAndLabel)><use href=\"#\(pictureID(report))\"/></svg>"
  }

  private var viewBoxAndLabel: String {
    "viewBox=\"0 0 \(drawing.width) \(drawing.height)\" role=\"img\" "
      + "aria-label=\"\(escapedHTML(alternative))\""
  }

  private func pictureID(_ report: String) -> String { "\(report)-picture-\(name)" }
}
