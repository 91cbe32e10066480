/// Every claim of all reports in one table: what the papers say, what was found, how sure that is.
struct ClaimTable {
  let index: ReportIndex

  /// What stands where the papers' words would.
  static let ownCheck = "our own check"

  /// `Reports/claims.md`.
  var markdown: String {
    """
    # All claims

    \(index.introduction) Checks of our own say so where the papers' words would stand. Effects are those of the weakest comparison of a claim, in brackets their 95 % interval; \
    *visible* is the smallest effect that so many seeds could have shown (5 % level, 80 % power). What was tested, and why a \
    claim was not reproduced, is in the report. ([All reports](README.md))

    \(Table.markdown(Self.columns, index.parts.flatMap(\.claims)))
    """
  }

  /// The table of the page.
  var html: String { Table.html(Self.columns, index.parts.flatMap(\.claimRows)) }

  private static let columns = [
    Table.Column("experiment", .leading), Table.Column("claim", .leading), Table.Column("papers", .leading),
    Table.Column("verdict", .leading), Table.Column("effect", .leading), Table.Column("n"), Table.Column("visible"),
  ]

  /// The rows of one report.
  /// - Parameter link: where it is.
  static func rows(_ report: Report, link: String) -> Table {
    var table = Table(columns)
    for claim in report.claims {
      let judgement = claim.judgement
      table.append([
        .link(report.info.id, to: link), .text(claim.sentence), .text(claim.paper ?? ownCheck),
        .text(judgement.verdict.label), .text(judgement.effectText ?? "–"),
        .text(judgement.count > 0 ? "\(judgement.count)" : "–"),
        .text(judgement.smallestVisible.map { numberText($0, judgement.digits) } ?? "–"),
      ])
    }
    return table
  }
}
