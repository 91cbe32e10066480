/// Names below the groups of a chart: broken into lines, or turned where they do not fit.
struct CategoryLabels {
  static let style = TextStyle(size: 10)
  private static let lineHeight = 13.0
  private let lines: [[String]]
  private let isTurned: Bool
  /// How much room the labels need below the plot.
  let height: Double

  /// - Parameter slot: the width that each label may take.
  init(_ titles: [String], slot: Double) throws {
    var broken: [[String]] = []
    var fits = true
    for title in titles {
      let lines = try brokenIntoLines(title, width: slot - 6, Self.style)
      for line in lines where try GlyphOutline.width(line, Self.style) > slot - 4 { fits = false }
      broken.append(lines)
    }
    isTurned = !fits || broken.contains { $0.count > 3 }
    if isTurned {
      lines = try titles.map { try brokenIntoLines($0, width: 96, Self.style) }
      var longest = 0.0
      for line in lines.joined() {
        longest = max(longest, try GlyphOutline.width(line, Self.style))
      }
      height = longest + 10
    } else {
      lines = broken
      height = Double(broken.map(\.count).max() ?? 1) * Self.lineHeight + 8
    }
  }

  func draw(on canvas: inout Canvas, area: Rectangle) throws {
    let slot = area.width / Double(lines.count)
    for (i, label) in lines.enumerated() {
      let middle = area.x + (Double(i) + 0.5) * slot
      for (j, line) in label.enumerated() {
        let shift = Double(j) * Self.lineHeight
        if isTurned {
          let first = middle + 3.6 - Double(label.count - 1) * Self.lineHeight / 2
          try canvas.text(
            line, at: Point(first + shift, area.bottom + 6), Self.style, anchor: .end,
            turned: true)
        } else {
          try canvas.text(
            line, at: Point(middle, area.bottom + 15 + shift), Self.style, anchor: .middle)
        }
      }
    }
  }
}

/// The words of `text` in lines of at most `width`; a longer word has a line of its own.
func brokenIntoLines(_ text: String, width: Double, _ style: TextStyle) throws -> [String] {
  var lines = [String]()
  for word in text.split(separator: " ").map(String.init) {
    if let last = lines.last, try GlyphOutline.width("\(last) \(word)", style) <= width {
      lines[lines.count - 1] = "\(last) \(word)"
    } else {
      lines.append(word)
    }
  }
  return lines
}
