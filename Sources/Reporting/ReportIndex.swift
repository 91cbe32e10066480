/// The first page of the `Reports` folder: verdicts, then one sentence and a picture an experiment.
struct ReportIndex {
  let set: ReportSet

  init(_ set: ReportSet) { self.set = set }

  /// `Reports/README.md`.
  var markdown: String {
    var parts = ["# Reports", introduction]
    var table = table { report in "\(report.info.title)" }.markdown
    // Titles become links after the table is laid out, since a cell's text is plain.
    for report in set.reports {
      let title = escapedMarkdown(report.info.title)
      if let range = table.range(of: "| \(title) ") {
        table.replaceSubrange(range, with: "| [\(title)](\(report.info.id).md) ")
      }
    }
    parts.append(table)
    for report in set.reports {
      parts.append(
        "## [\(escapedMarkdown(report.info.title))](\(report.info.id).md)\n\n"
          + escapedMarkdown(report.info.summary))
      let pictures = report.figures.map { figure in
        "<a href=\"\(report.info.id).md\"><img src=\"\(report.info.id)/\(figure.name).svg\" "
          + "width=\"240\" alt=\"\(escapedHTML(figure.alternative))\"></a>"
      }
      if !pictures.isEmpty { parts.append(pictures.joined(separator: "\n")) }
    }
    return parts.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(separator: "\n")
  }

  /// What the reader holds in hands: how many claims ended how.
  var introduction: String {
    let counts = Verdict.allCases.compactMap { verdict -> String? in
      let count = set.reports.reduce(0) { $0 + $1.count(verdict) }
      return count > 0 ? "\(count) \(verdict.rawValue)" : nil
    }
    let total = set.reports.reduce(0) { $0 + $1.claims.count }
    let tiers = Array(Set(set.reports.map(\.context.tier))).sorted().joined(separator: ", ")
    let date = set.date.map { " · \($0)" } ?? ""
    let words = counts.isEmpty ? "none judged" : counts.joined(separator: ", ")
    return "\(set.reports.count) experiments · tier \(tiers)\(date) · \(total) claims: \(words)."
  }

  /// One row an experiment.
  func table(title: (Report) -> String) -> Table {
    var table = Table([
      Table.Column("experiment", .leading), Table.Column("reproduces", .leading),
      Table.Column("claims", .leading), Table.Column("goldens", .leading),
    ])
    for report in set.reports {
      table.append([
        .text(title(report)), .text(report.info.reproduces), .text(Self.verdicts(report)),
        .text(report.notRun == nil ? report.summary.text : "○ not run"),
      ])
    }
    return table
  }

  /// "✓ 3 reproduced, ≈ 1 within noise".
  static func verdicts(_ report: Report) -> String {
    if report.notRun != nil { return "○ not run" }
    let counts = Verdict.allCases.compactMap { verdict -> String? in
      let count = report.count(verdict)
      return count > 0 ? "\(verdict.mark) \(count) \(verdict.rawValue)" : nil
    }
    return counts.isEmpty ? "no claims" : counts.joined(separator: ", ")
  }
}
