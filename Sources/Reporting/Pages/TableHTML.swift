extension Table {
  /// The table as an HTML `<table>` with a header row, in a figure when there is a caption.
  ///
  /// The caption stands outside the part that scrolls, so that it stays readable on a phone.
  /// - Parameter caption: already escaped.
  func html(caption: String) -> String {
    let table = Self.html(columns, htmlRows)
    return caption.isEmpty
      ? table : "<figure>\n\(table)\n<figcaption>\(caption)</figcaption>\n</figure>"
  }

  /// Each row as a `<tr>`.
  var htmlRows: [String] {
    rows.map { row in
      switch row {
      case .group(let title):
        "<tr class=\"group\"><th scope=\"colgroup\" colspan=\"\(columns.count)\">\(escapedHTML(title))</th></tr>"
      case .cells(let cells): "<tr>\(cells.indices.map { cellHTML(cells[$0], $0) }.joined())</tr>"
      }
    }
  }

  /// A table of rows that are HTML already.
  static func html(_ columns: [Column], _ rows: [String]) -> String {
    let titles = columns.map {
      "<th scope=\"col\" class=\"\($0.alignment.rawValue)\">\(escapedHTML($0.title))</th>"
    }
    let head = ["<div class=\"scroll\"><table>", "<thead><tr>\(titles.joined())</tr></thead>", "<tbody>"]
    return (head + rows + ["</tbody>", "</table></div>"]).joined(separator: "\n")
  }

  private func cellHTML(_ cell: Cell, _ column: Int) -> String {
    let alignment = columns[column].alignment.rawValue
    var text = escapedHTML(cell.text)
    if case .link(_, let target) = cell { text = "<a href=\"\(escapedHTML(target))\">\(text)</a>" }
    if column == 0 { return "<th scope=\"row\" class=\"\(alignment)\">\(text)</th>" }
    return switch cell {
    case .strong: "<td class=\"\(alignment)\"><strong>\(text)</strong></td>"
    case .missing(let missing):
      "<td class=\"\(alignment) missing\" title=\"\(escapedHTML(missing.reason))\">\(text)</td>"
    default: "<td class=\"\(alignment)\">\(text)</td>"
    }
  }
}

/// `text` with the five characters that mean something in HTML replaced.
func escapedHTML(_ text: String) -> String {
  var result = ""
  for character in text {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.append(character)
    }
  }
  return result
}
