import Determinism

extension Table {
  /// The table as a Markdown pipe table, columns padded so that the source reads well.
  public var markdown: String { Self.markdown(columns, markdownRows) }

  /// The cells of each row, in Markdown.
  var markdownRows: [[String]] {
    rows.map { row in
      switch row {
      case .group(let title):
        ["**\(Self.escaped(title))**"] + Array(repeating: "", count: columns.count - 1)
      case .cells(let cells): cells.map(Self.markdownText)
      }
    }
  }

  /// A pipe table of cells that are Markdown already.
  static func markdown(_ columns: [Column], _ body: [[String]]) -> String {
    let titles = columns.map { escaped($0.title) }
    let widths = columns.indices.map { i in
      max(3, (body.map { $0[i].count } + [titles[i].count]).max() ?? 3)
    }
    let rule = columns.indices.map { i in
      func dashes(_ count: Int) -> String { String(repeating: "-", count: count) }
      return switch columns[i].alignment {
      case .leading: ":" + dashes(widths[i] - 1)
      case .trailing: dashes(widths[i] - 1) + ":"
      case .center: ":" + dashes(widths[i] - 2) + ":"
      }
    }
    let lines = [titles, rule] + body
    return lines.map { line in
      let cells = line.indices.map { padded(line[$0], widths[$0], columns[$0].alignment) }
      return "| " + cells.joined(separator: " | ") + " |\n"
    }.joined()
  }

  /// The table for a terminal of `width` columns, in box-free aligned text.
  ///
  /// A table that is too wide is split into blocks which repeat the first column.
  /// - Parameter color: whether ANSI emphasis may be used; the text is the same without.
  public func terminalText(width: Int, color: Bool) -> String {
    let widths = columns.indices.map { i in
      var longest = columns[i].title.count
      for case .cells(let cells) in rows { longest = max(longest, cells[i].text.count) }
      return longest
    }
    return blocks(widths, within: width).map { block in
      var lines = [
        emphasized(line(block, widths) { columns[$0].title }, color),
        block.map { String(repeating: "─", count: widths[$0]) }.joined(separator: "  "),
      ]
      for row in rows {
        switch row {
        case .group(let title): lines.append(emphasized(title, color))
        case .cells(let cells): lines.append(line(block, widths) { cells[$0].text })
        }
      }
      return lines.map { $0 + "\n" }.joined()
    }.joined(separator: "\n")
  }

  /// Which columns go side by side; the first column heads every block.
  private func blocks(_ widths: [Int], within width: Int) -> [[Int]] {
    var blocks = [[0]]
    var used = widths[0]
    for i in columns.indices.dropFirst() {
      let isAlone = blocks[blocks.count - 1].count == 1
      if used + 2 + widths[i] > width && !isAlone {
        blocks.append([0])
        used = widths[0]
      }
      blocks[blocks.count - 1].append(i)
      used += 2 + widths[i]
    }
    return blocks
  }

  private func line(_ block: [Int], _ widths: [Int], _ text: (Int) -> String) -> String {
    let padded = block.map { Self.padded(text($0), widths[$0], columns[$0].alignment) }
    var line = padded.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }

  private func emphasized(_ text: String, _ color: Bool) -> String {
    color ? "\u{1B}[1m\(text)\u{1B}[0m" : text
  }

  private static func padded(_ text: String, _ width: Int, _ alignment: Alignment) -> String {
    let gap = max(0, width - text.count)
    let left =
      switch alignment {
      case .leading: 0
      case .center: gap / 2
      case .trailing: gap
      }
    return String(repeating: " ", count: left) + text + String(repeating: " ", count: gap - left)
  }

  private static func markdownText(_ cell: Cell) -> String {
    switch cell {
    case .strong(let text): "**\(escaped(text))**"
    case .link(let text, let target): "[\(escaped(text))](\(target))"
    case .missing: "*\(escaped(cell.text))*"
    default: escaped(cell.text)
    }
  }

  /// Plain text made safe inside a Markdown table cell.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\n": result += " "
      case "|", "*", "_", "`", "<", "\\", "~": result += "\\\(character)"
      default: result.append(character)
      }
    }
    // Brackets alone are text, and prompt sets such as [Ps,Pd] read better bare; a link is not.
    return result.replacing("](", with: "]\\(").replacing("][", with: "]\\[")
  }
}
