/// Every claim of all reports in one table: what the papers say, what was found, how sure that is.
struct ClaimTable {
  let set: ReportSet

  init(_ set: ReportSet) { self.set = set }

  /// `Reports/claims.md`.
  var markdown: String {
    """
    # All claims

    \(ReportIndex(set).introduction) Checks of our own say so where the papers' words would stand. Effects are those of the weakest comparison of a claim, in brackets their 95 % interval; \
    *visible* is the smallest effect that so many seeds could have shown (5 % level, 80 % power). What was tested, and why a \
    claim was not reproduced, is in the report. ([All reports](README.md))

    \(table(link: { "\($0).md" }).markdown)
    """
  }

  /// - Parameter link: where the report of an experiment is.
  func table(link: (String) -> String) -> Table {
    var table = Table([
      Table.Column("experiment", .leading), Table.Column("claim", .leading), Table.Column("papers", .leading),
      Table.Column("verdict", .leading), Table.Column("effect", .leading), Table.Column("n"), Table.Column("visible"),
    ])
    for report in set.reports {
      for claim in report.claims {
        let judgement = claim.judgement
        table.append([
          .link(report.info.id, to: link(report.info.id)), .text(claim.sentence), .text(claim.paper ?? "our own check"),
          .text(judgement.verdict.label), .text(judgement.effectText ?? "–"),
          .text(judgement.count > 0 ? "\(judgement.count)" : "–"),
          .text(judgement.smallestVisible.map { numberText($0, judgement.digits) } ?? "–"),
        ])
      }
    }
    return table
  }
}
