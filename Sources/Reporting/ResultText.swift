import Foundation

extension Claim {
  /// The claim as a Markdown quotation.
  var markdown: String {
    var lines = ["**\(judgement.verdict.label)** · \(escapedMarkdown(sentence))"]
    if !judgement.text.isEmpty { lines.append(escapedMarkdown(judgement.text)) }
    if let paper { lines.append("Paper: \(escapedMarkdown(paper))") }
    return lines.map { "> \($0)" }.joined(separator: "\\\n") + "\n"
  }

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
    if let paper { lines.append("<p class=\"evidence\">Paper: \(escapedHTML(paper))</p>") }
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
  func html(report: String, number: Int) -> String {
    let data = Data(svg.utf8).base64EncodedString()
    return """
      <figure id="\(report)-figure-\(name)">
      <img src="data:image/svg+xml;base64,\(data)" width="\(width)" height="\(height)" \
      alt="\(escapedHTML(alternative))">
      <figcaption>Figure \(number). \(escapedHTML(caption))</figcaption>
      </figure>
      """
  }

  /// A small picture for the index of the page.
  var thumbnailHTML: String {
    let data = Data(thumbnail).base64EncodedString()
    return "<img src=\"data:image/png;base64,\(data)\" alt=\"\(escapedHTML(alternative))\" "
      + "width=\"\(width / 2)\" height=\"\(height / 2)\">"
  }
}
