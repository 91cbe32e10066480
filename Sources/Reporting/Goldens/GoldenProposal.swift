import Determinism

extension Measurements {
  /// The cells of a golden with these values; recorded kernel spreads are kept.
  func goldenCells(keeping golden: Golden?) -> [Golden.Cell] {
    rows.flatMap { row in
      columns.compactMap { column -> Golden.Cell? in
        let values = values(row: row.id, column: column.id)
        guard absence(row: row.id, column: column.id) == nil,
          values.values.allSatisfy(\.isFinite)
        else { return nil }
        let known = golden?[Key(row.id, column.id)]?.tolerance
        let tolerance = Golden.Tolerance(
          sameSeed: known?.sameSeed ?? Golden.Bound(0, "the same class promises equal bits"),
          kernelSpread: known?.kernelSpread ?? Golden.Spread(column.resolution, measuredAgainst: []),
          resolution: Golden.Bound(column.resolution, "the smallest step of the metric"))
        return Golden.Cell(
          row: row.id, column: column.id, unit: column.unit, values: values, tolerance: tolerance)
      }
    }
  }
}

extension Golden {
  /// One difference between two goldens, for the reader who decides whether to accept it.
  public struct Change: Hashable, Sendable {
    /// "row | column" or the claim's sentence.
    public let what: String
    public let old: String
    public let new: String
  }

  /// What `new` would change: cells in order, then verdicts by sentence.
  public func changes(to new: Golden) -> [Change] { Golden.changes(from: self, to: new) }

  /// What accepting `new` would change; everything when there is no golden yet.
  public static func changes(from old: Golden?, to new: Golden) -> [Change] {
    func text(_ cell: Golden.Cell?) -> String {
      guard let cell else { return "none" }
      return cell.values.sorted { $0.key < $1.key }
        .map { "seed \($0.key): \(numberText($0.value, 6))" }.joined(separator: ", ")
    }
    var keys = new.cells.map(\.key)
    keys += (old?.cells ?? []).map(\.key).filter { key in !keys.contains(key) }
    var changes = keys.compactMap { key -> Change? in
      guard old?[key]?.values != new[key]?.values else { return nil }
      return Change(
        what: "\(key.row) | \(key.column)", old: text(old?[key]), new: text(new[key]))
    }
    let sentences = Set(new.verdicts.keys).union((old?.verdicts ?? [:]).keys).sorted()
    for sentence in sentences where old?.verdicts[sentence] != new.verdicts[sentence] {
      changes.append(
        Change(
          what: sentence, old: old?.verdicts[sentence]?.rawValue ?? "none",
          new: new.verdicts[sentence]?.rawValue ?? "none"))
    }
    return changes
  }

  /// This golden with kernel spreads widened to cover `other`, a run with the same seeds under
  /// another kernel or thread count.
  public func recordingSpread(of other: Measurements, environmentClass: String) -> Golden {
    let widened = cells.map { cell -> Golden.Cell in
      guard other.rows.contains(where: { $0.id == cell.row }),
        other.columns.contains(where: { $0.id == cell.column })
      else { return cell }
      let values = other.values(row: cell.row, column: cell.column)
      let distances = cell.values.compactMap { seed, value in
        values[seed].map { abs($0 - value) }
      }.filter(\.isFinite)
      guard let largest = distances.max() else { return cell }
      var copy = cell
      let known = cell.tolerance.kernelSpread
      let classes = known.measuredAgainst
      copy.tolerance.kernelSpread = Golden.Spread(
        classes.isEmpty ? largest : max(known.value, largest),
        measuredAgainst: classes.contains(environmentClass) ? classes : classes + [environmentClass])
      return copy
    }
    return Golden(
      experiment: experiment, tier: tier, dataSeed: dataSeed,
      environmentClass: self.environmentClass, date: date, commit: commit, cells: widened,
      verdicts: verdicts)
  }
}
