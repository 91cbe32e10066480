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
    let claims = set.reports.flatMap(\.claims)
    let tiers = Array(Set(set.reports.map(\.context.tier))).sorted().joined(separator: ", ")
    let date = set.date.map { " · \($0)" } ?? ""
    return "\(counted(set.reports.count, "experiment")) · tier \(tiers)\(date) · "
      + "\(Self.headline(claims))."
  }

  /// "2 claims of the papers: 1 reproduced, 1 within noise · 1 check of our own: 1 reproduced".
  static func headline(_ claims: [Claim]) -> String {
    let parts = [
      (claims.filter(\.isOfThePapers), "claim", "of the papers"),
      (claims.filter { !$0.isOfThePapers }, "check", "of our own"),
    ].filter { !$0.0.isEmpty }.map { claims, noun, whose in
      "\(counted(claims.count, noun)) \(whose): \(verdicts(claims, areMarked: false))"
    }
    return parts.isEmpty ? "no claims" : parts.joined(separator: " · ")
  }

  /// One row an experiment.
  private var table: Table {
    var table = Table([
      Table.Column("experiment", .leading), Table.Column("reproduces", .leading),
      Table.Column("claims of the papers", .leading), Table.Column("checks of our own", .leading),
      Table.Column("goldens", .leading),
    ])
    for report in set.reports {
      table.append([
        .link(report.info.title, to: "\(report.info.id).md"), .text(report.info.reproduces),
        .text(Self.verdicts(report.claims.filter(\.isOfThePapers))),
        .text(Self.verdicts(report.claims.filter { !$0.isOfThePapers })),
        .text(report.notRun == nil ? report.summary.text : "○ not run"),
      ])
    }
    return table
  }

  /// The verdicts of a report in words.
  static func words(_ report: Report) -> String {
    report.notRun == nil ? headline(report.claims) : "○ not run"
  }

  /// "✓ 3 reproduced, ≈ 1 within noise"; "–" where there are none.
  private static func verdicts(_ claims: [Claim], areMarked: Bool = true) -> String {
    let counts = Verdict.allCases.compactMap { verdict -> String? in
      let count = claims.count { $0.judgement.verdict == verdict }
      guard count > 0 else { return nil }
      return "\(areMarked ? "\(verdict.mark) " : "")\(count) \(verdict.rawValue)"
    }
    return counts.isEmpty ? "–" : counts.joined(separator: ", ")
  }
}

/// "1 claim", "2 claims".
private func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
