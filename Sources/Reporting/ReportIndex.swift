/// The first page of the `Reports` folder: verdicts, then one sentence and a picture an experiment.
struct ReportIndex {
  let set: ReportSet

  init(_ set: ReportSet) { self.set = set }

  /// `Reports/README.md`.
  var markdown: String {
    var parts = ["# Reports", introduction]
    parts.append(table.markdown)
    parts.append("[All claims in one table](claims.md): what the papers say, what was found, how sure that is.")
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
    return "\(counted(set.reports.count, "experiment")) · tier \(tiers)\(date) · "
      + "\(counted(total, "claim")): \(words)."
  }

  /// One row an experiment.
  private var table: Table {
    var table = Table([
      Table.Column("experiment", .leading), Table.Column("reproduces", .leading),
      Table.Column("claims", .leading), Table.Column("goldens", .leading),
    ])
    for report in set.reports {
      table.append([
        .link(report.info.title, to: "\(report.info.id).md"), .text(report.info.reproduces),
        .text(Self.verdicts(report)),
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

/// "1 claim", "2 claims".
private func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
