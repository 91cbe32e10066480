/// The first page of the `Reports` folder: verdicts, then one sentence and a picture an experiment.
struct ReportIndex {
  let parts: [OverviewPart]
  /// The day to print; nil prints none.
  let date: String?

  /// `Reports/README.md`.
  var markdown: String {
    var texts = ["# Reports", introduction]
    texts.append(Table.markdown(Self.columns, parts.map(\.row)))
    texts.append("[All claims in one table](claims.md): what the papers say, what was found, how sure that is.")
    texts += parts.map(\.section)
    return texts.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(separator: "\n")
  }

  /// What the reader holds in hands: how many claims ended how.
  var introduction: String {
    let tiers = Set(parts.flatMap(\.tiers)).sorted().joined(separator: ", ")
    let date = date.map { " · \($0)" } ?? ""
    return "\(counted(parts.count, "experiment")) · tier \(tiers)\(date) · "
      + "\(Self.headline(parts.flatMap(\.verdicts)))."
  }

  /// "2 claims of the papers: 1 reproduced, 1 within noise · 1 check of our own: 1 reproduced".
  private static func headline(_ claims: [(isOfThePapers: Bool, verdict: Verdict)]) -> String {
    let parts = [
      (claims.filter(\.isOfThePapers), "claim", "of the papers"),
      (claims.filter { !$0.isOfThePapers }, "check", "of our own"),
    ].filter { !$0.0.isEmpty }.map { claims, noun, whose in
      "\(counted(claims.count, noun)) \(whose): \(counts(claims.map(\.verdict), areMarked: false))"
    }
    return parts.isEmpty ? "no claims" : parts.joined(separator: " · ")
  }

  private static let columns = [
    Table.Column("experiment", .leading), Table.Column("reproduces", .leading),
    Table.Column("claims of the papers", .leading), Table.Column("checks of our own", .leading),
    Table.Column("goldens", .leading),
  ]

  /// A report's row of the table, in Markdown.
  static func row(_ report: Report) -> [String] {
    func verdicts(_ isOfThePapers: Bool) -> Table.Cell {
      .text(counts(report.claims.filter { $0.isOfThePapers == isOfThePapers }.map(\.judgement.verdict)))
    }
    var table = Table(columns)
    table.append([
      .link(report.info.title, to: "\(report.info.id).md"), .text(report.info.reproduces),
      verdicts(true), verdicts(false),
      .text(report.notRun == nil ? report.summary.text : "○ not run"),
    ])
    return table.markdownRows[0]
  }

  /// A report's title, sentence and pictures.
  static func section(_ report: Report) -> String {
    let pictures = report.figures.map { figure in
      "<a href=\"\(report.info.id).md\"><img src=\"\(report.info.id)/\(figure.name).svg\" "
        + "width=\"240\" alt=\"\(escapedHTML(figure.alternative))\"></a>\n"
    }
    return "## [\(escapedMarkdown(report.info.title))](\(report.info.id).md)\n\n"
      + escapedMarkdown(report.info.summary) + "\n" + (pictures.isEmpty ? "" : "\n" + pictures.joined())
  }

  /// The verdicts of a report in words.
  static func words(_ report: Report) -> String {
    report.notRun == nil
      ? headline(report.claims.map { ($0.isOfThePapers, $0.judgement.verdict) }) : "○ not run"
  }

  /// "✓ 3 reproduced, ≈ 1 within noise"; "–" where there are none.
  private static func counts(_ verdicts: [Verdict], areMarked: Bool = true) -> String {
    let counts = Verdict.allCases.compactMap { verdict -> String? in
      let count = verdicts.count { $0 == verdict }
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
