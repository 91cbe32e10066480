import Determinism

/// Rows of cells under titled columns, printed as a pipe table, as HTML and for the terminal.
public struct Table: Hashable, Sendable {
  public enum Alignment: String, Sendable {
    case leading, center, trailing
  }

  public struct Column: Hashable, Sendable {
    public let title: String
    public let alignment: Alignment

    public init(_ title: String, _ alignment: Alignment = .trailing) {
      self.title = title
      self.alignment = alignment
    }
  }

  public enum Cell: Hashable, Sendable {
    case text(String)
    /// Text that stands out, such as the best value of a column.
    case strong(String)
    /// Text that leads to another file or address.
    case link(String, to: String)
    case number(Double, digits: Int)
    /// Mean, sample standard deviation (nil for one value) and the number of values.
    case summary(mean: Double, deviation: Double?, count: Int, digits: Int)
    case missing(Missing)

    /// The cell as plain text.
    public var text: String {
      switch self {
      case .text(let text), .strong(let text), .link(let text, _): text
      case .number(let value, let digits): numberText(value, digits)
      case .summary(let mean, let deviation, let count, let digits):
        deviation.map { "\(numberText(mean, digits)) ± \(numberText($0, digits)) (\(count))" }
          ?? "\(numberText(mean, digits)) (\(count))"
      case .missing(let missing): missing.label
      }
    }
  }

  public enum Row: Hashable, Sendable {
    case cells([Cell])
    /// A heading over the rows that follow.
    case group(String)
  }

  public let columns: [Column]
  public private(set) var rows: [Row] = []

  public init(_ columns: [Column]) {
    require(!columns.isEmpty, "Table: expected at least one column")
    self.columns = columns
  }

  /// A table whose first column is left-aligned text and whose others are right-aligned.
  public init(_ titles: String...) {
    self.init(titles.enumerated().map { Column($1, $0 == 0 ? .leading : .trailing) })
  }

  /// Adds a row with one cell for each column.
  public mutating func append(_ cells: [Cell]) {
    require(
      cells.count == columns.count,
      "Table: a row has \(cells.count) cells, the table has \(columns.count) columns")
    rows.append(.cells(cells))
  }

  /// Adds a heading over the rows that follow.
  public mutating func append(group: String) { rows.append(.group(group)) }

  /// What the numbers in the cells are, where they need saying: "mean ± …".
  public var legend: String {
    var hasSummary = false
    for case .cells(let cells) in rows {
      for case .summary in cells { hasSummary = true }
    }
    return hasSummary ? "Mean ± sample standard deviation (number of seeds)." : ""
  }

  /// The reasons behind missing cells, in order of appearance, without repetition.
  public var reasons: [String] {
    var seen = [String]()
    for case .cells(let cells) in rows {
      for case .missing(let missing) in cells where !missing.reason.isEmpty {
        let text = "\(missing.label): \(missing.reason)"
        if !seen.contains(text) { seen.append(text) }
      }
    }
    return seen
  }
}

extension Table.Cell: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self = .text(value) }
}

extension Table.Cell {
  /// Mean ± standard deviation of these values; "not run" when there are none.
  public static func summary(_ values: [Double], digits: Int) -> Table.Cell {
    guard !values.isEmpty else { return .missing(.notRun("no values")) }
    return .summary(
      mean: Reporting.mean(values), deviation: sampleStandardDeviation(values),
      count: values.count, digits: digits)
  }
}
