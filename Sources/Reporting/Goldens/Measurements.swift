import Determinism

/// One value per row, column and seed, with what is needed to print, compare and judge it.
///
/// Rows and columns keep the order in which they were declared. A value that is not there says why.
public struct Measurements: Sendable {
  public struct Row: Hashable, Sendable {
    public let id: String
    public let title: String
    /// The row of the paper's table that this one stands for.
    public let paper: String?

    public init(_ id: String, title: String? = nil, paper: String? = nil) {
      self.id = id
      self.title = title ?? id
      self.paper = paper
    }
  }

  public struct Column: Hashable, Sendable {
    public let id: String
    public let title: String
    /// "%", "ms", "bits"; empty for a pure number.
    public let unit: String
    public let digits: Int
    /// The smallest step the metric can make: 100 / N_test for an accuracy in percent.
    public let resolution: Double
    public let higherIsBetter: Bool
    /// The column of the paper's table that this one stands for.
    public let paper: String?

    public init(
      _ id: String, title: String? = nil, unit: String, digits: Int, resolution: Double,
      higherIsBetter: Bool = true, paper: String? = nil
    ) {
      require(
        resolution > 0 && resolution.isFinite,
        "Column \(id): expected a positive resolution, found \(resolution)")
      self.id = id
      self.title = title ?? id
      self.unit = unit
      self.digits = digits
      self.resolution = resolution
      self.higherIsBetter = higherIsBetter
      self.paper = paper
    }
  }

  /// Names one cell.
  public struct Key: Hashable, Sendable, Comparable {
    public let row: String
    public let column: String

    public init(_ row: String, _ column: String) {
      self.row = row
      self.column = column
    }

    public static func < (a: Key, b: Key) -> Bool { (a.row, a.column) < (b.row, b.column) }
  }

  public let rows: [Row]
  public let columns: [Column]
  /// The paper's table, as `Golden/paper.json` names it.
  public let paperTable: String?
  /// The seeds every cell should have, where they are not those of the run; a search has one.
  public let seeds: [Int]?
  private var values: [Key: [Int: Double]] = [:]
  private var absences: [Key: Missing] = [:]

  public init(rows: [Row], columns: [Column], paperTable: String? = nil, seeds: [Int]? = nil) {
    require(Set(rows.map(\.id)).count == rows.count, "Measurements: two rows have the same id")
    require(
      Set(columns.map(\.id)).count == columns.count, "Measurements: two columns have the same id")
    self.rows = rows
    self.columns = columns
    self.paperTable = paperTable
    self.seeds = seeds
  }

  /// Records the value of one seed.
  public mutating func set(_ value: Double, row: String, column: String, seed: Int) {
    values[checked(row, column), default: [:]][seed] = value
  }

  /// Records why a cell has no value.
  public mutating func set(_ missing: Missing, row: String, column: String) {
    absences[checked(row, column)] = missing
  }

  /// The values of a cell by seed, empty when there are none.
  public func values(row: String, column: String) -> [Int: Double] {
    values[checked(row, column)] ?? [:]
  }

  /// The values of a cell in the order of their seeds.
  public func ordered(row: String, column: String) -> [Double] {
    values(row: row, column: column).sorted { $0.key < $1.key }.map(\.value)
  }

  /// Why a cell has no value; nil when it has one.
  public func absence(row: String, column: String) -> Missing? {
    let key = checked(row, column)
    if let absence = absences[key] { return absence }
    return values[key, default: [:]].isEmpty ? .notRun("no run of \(row) gave this value") : nil
  }

  /// The column of this id.
  public func column(_ id: String) -> Column {
    let found = columns.first { $0.id == id }
    require(found != nil, "Measurements: no column \(id) among \(columns.map(\.id))")
    return found!
  }

  /// The row of this id.
  public func row(_ id: String) -> Row {
    let found = rows.first { $0.id == id }
    require(found != nil, "Measurements: no row \(id) among \(rows.map(\.id))")
    return found!
  }

  /// Rows against columns, mean ± standard deviation; the best mean of a column stands out.
  public func table(rowTitle: String = "Method", markBest: Bool = true) -> Table {
    var table = Table(
      [Table.Column(rowTitle, .leading)] + columns.map { Table.Column($0.titleWithUnit) })
    let best = columns.map { markBest ? bestRow(column: $0) : nil }
    for row in rows {
      let cells = columns.enumerated().map { i, column in
        let cell = cell(row: row.id, column: column)
        return best[i] == row.id ? Table.Cell.strong(cell.text) : cell
      }
      table.append([.text(row.title)] + cells)
    }
    return table
  }

  /// One cell as it is printed: mean ± standard deviation (n), or why there is none.
  public func cell(row: String, column: Column) -> Table.Cell {
    if let absence = absence(row: row, column: column.id) { return .missing(absence) }
    return .summary(ordered(row: row, column: column.id), digits: column.digits)
  }

  private func bestRow(column: Column) -> String? {
    let means = rows.compactMap { row -> (id: String, mean: Double)? in
      let values = ordered(row: row.id, column: column.id)
      return values.isEmpty || absence(row: row.id, column: column.id) != nil
        ? nil : (row.id, mean(values))
    }
    guard means.count > 1, means.allSatisfy({ $0.mean.isFinite }) else { return nil }
    let best = column.higherIsBetter ? means.map(\.mean).max() : means.map(\.mean).min()
    let winners = means.filter { $0.mean == best }
    return winners.count == 1 ? winners[0].id : nil
  }

  private func checked(_ row: String, _ column: String) -> Key {
    require(rows.contains { $0.id == row }, "Measurements: no row \(row) among \(rows.map(\.id))")
    require(
      columns.contains { $0.id == column },
      "Measurements: no column \(column) among \(columns.map(\.id))")
    return Key(row, column)
  }
}

extension Measurements.Column {
  /// "Accuracy [%]", or the title alone for a pure number.
  public var titleWithUnit: String { unit.isEmpty ? title : "\(title) [\(unit)]" }
}
