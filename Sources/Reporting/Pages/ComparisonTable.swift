import Determinism

/// Lays out paper, golden and this run side by side, one block of rows for each metric.
struct ComparisonTable {
  let measurements: Measurements
  let comparisons: [CellComparison]
  let paper: PaperResults
  let golden: Golden?
  /// Whether a difference to the paper is held against its printed deviation: where the data are the paper's.
  var isOfThePaper = false

  var table: Table {
    var table = Table([
      Table.Column("", .leading), Table.Column("paper"), Table.Column("golden"),
      Table.Column("this run"), Table.Column("Δ paper"), Table.Column("Δ golden"),
      Table.Column("check", .leading),
    ])
    for column in measurements.columns {
      table.append(group: column.titleWithUnit)
      for row in measurements.rows { table.append(cells(row, column)) }
    }
    return table
  }

  /// What is known to be wrong or doubtful about the printed cells of this table: rows, column, versions, and why.
  var doubts: [String] {
    guard let table = measurements.paperTable else { return [] }
    let shown = measurements.rows.flatMap { row in
      measurements.columns.compactMap { paperCell(row, $0) }
    }
    return paper.suspicions(table: table).filter { suspicion in shown.contains(where: suspicion.concerns) }
      .map { suspicion in
        let rows = suspicion.rows.map { row in
          paper.cells.first { $0.table == table && $0.row == row }?.title ?? row
        }
        let column = suspicion.column == "all" ? "all columns" : suspicion.column.replacing(":", with: " ")
        return "\(rows.joined(separator: " and ")); \(column) (\(suspicion.versions.joined(separator: ", "))): "
          + suspicion.why
      }
  }

  private func cells(_ row: Measurements.Row, _ column: Measurements.Column) -> [Table.Cell] {
    let key = Measurements.Key(row.id, column.id)
    let printed = paperCell(row, column)
    let accepted = golden?[key]
    let run = measurements.cell(row: row.id, column: column)
    let values = measurements.ordered(row: row.id, column: column.id)
    let isUsable = measurements.absence(row: row.id, column: column.id) == nil
    let outcome = comparisons.first { $0.key == key }?.outcome
    return [
      .text(row.title),
      printed.map { .text("\($0.text) (\($0.version))") } ?? .missing(.notReported),
      accepted.map { .summary($0.ordered, digits: column.digits) } ?? .text("–"),
      run,
      .text(isUsable ? differenceToPaper(values, printed, column) : "–"),
      .text(isUsable ? differenceToGolden(key, accepted, column) : "–"),
      .text(outcome?.label ?? "–"),
    ]
  }

  private func paperCell(
    _ row: Measurements.Row, _ column: Measurements.Column
  ) -> PaperResults.Cell? {
    guard let table = measurements.paperTable, let row = row.paper, let column = column.paper
    else { return nil }
    return paper.cell(table: table, row: row, column: column)
  }

  /// The difference of the means; "=" where it lies within the paper's printed precision.
  private func differenceToPaper(
    _ values: [Double], _ cell: PaperResults.Cell?, _ column: Measurements.Column
  ) -> String {
    guard let printed = cell?.printed else { return "–" }
    let center = mean(values)
    if printed.range.contains(center) { return "=" }
    let difference = signedText(center - printed.value, min(column.digits, printed.digits))
    guard isOfThePaper, let std = cell?.std, let deviation = PrintedNumber(std) else {
      return difference
    }
    // A deviation printed as 0.03 may be up to 0.035, a mean printed as 33.34 may be 33.335.
    let bound =
      deviation.range.upper + (printed.range.upper - printed.value)
    let isWithin = abs(center - printed.value) <= bound
    return "\(difference) (\(isWithin ? "within" : "outside") ± \(std))"
  }

  /// The largest difference of equal seeds, or of the means where no seed is shared.
  private func differenceToGolden(
    _ key: Measurements.Key, _ cell: Golden.Cell?, _ column: Measurements.Column
  ) -> String {
    guard let cell else { return "–" }
    let values = measurements.values(row: key.row, column: key.column)
    let shared = values.keys.sorted().compactMap { seed -> Double? in
      guard let value = values[seed], let accepted = cell.values[seed] else { return nil }
      return value - accepted
    }
    guard let largest = shared.max(by: { $0.magnitude < $1.magnitude }) else {
      let difference = mean(values.sorted { $0.key < $1.key }.map(\.value)) - mean(cell.ordered)
      return "\(signedText(difference, column.digits)) (other seeds)"
    }
    return largest == 0 ? "0" : signedText(largest, column.digits + 2)
  }
}
