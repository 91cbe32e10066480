import Determinism

/// What became of one cell when it was compared with its golden.
public struct CellComparison: Hashable, Sendable {
  /// The names of all outcomes. Only `agrees` is good; nothing unknown is ever green.
  public enum Outcome: String, Sendable, CaseIterable {
    case agrees
    case differs
    /// The golden has the cell, the run does not.
    case missing
    /// The run has the cell, the golden does not: waits for `mope accept`.
    case new
    case nan = "not a number"
    case stale
    case notRun = "not run"
    case tooFewSeeds = "too few seeds"

    public var mark: String {
      switch self {
      case .agrees: "✓"
      case .differs, .nan: "✗"
      case .new: "+"
      case .missing, .stale, .notRun, .tooFewSeeds: "○"
      }
    }

    public var label: String { "\(mark) \(rawValue)" }

    /// The exit code this outcome asks for; nil for the good one.
    public var failureKind: Failure.Kind? {
      switch self {
      case .agrees: nil
      case .differs, .nan: .checkFailed
      case .new: .waiting
      case .missing, .stale, .notRun, .tooFewSeeds: .undecided
      }
    }

    /// Whether the comparison was made, whatever it found.
    public var wasChecked: Bool { self == .agrees || self == .differs || self == .nan }

    /// Orders outcomes from good to bad.
    var severity: Int {
      switch self {
      case .agrees: 0
      case .new: 1
      case .tooFewSeeds: 2
      case .notRun: 3
      case .stale: 4
      case .missing: 5
      case .nan: 6
      case .differs: 7
      }
    }
  }

  public let key: Measurements.Key
  public let outcome: Outcome
  /// Expected ± tolerance and why, found, seed; empty for the good outcome.
  public let explanation: String

  public init(_ key: Measurements.Key, _ outcome: Outcome, _ explanation: String) {
    self.key = key
    self.outcome = outcome
    self.explanation = explanation
  }
}

/// Compares measurements with a golden, cell by cell.
public struct GoldenComparison: Sendable {
  public let golden: Golden?
  public let context: RunContext

  public init(golden: Golden?, context: RunContext) {
    self.golden = golden
    self.context = context
  }

  /// One comparison for each cell of `measurements`, row by row.
  public func compare(_ measurements: Measurements) -> [CellComparison] {
    measurements.rows.flatMap { row in
      measurements.columns.map { column in compare(measurements, row.id, column) }
    }
  }

  /// The golden cells that none of these keys measured.
  public func missing(measured: Set<Measurements.Key>) -> [CellComparison] {
    (golden?.cells ?? []).filter { !measured.contains($0.key) }.map {
      CellComparison($0.key, .missing, "the golden has this cell, the run did not measure it")
    }
  }

  private func compare(
    _ measurements: Measurements, _ row: String, _ column: Measurements.Column
  ) -> CellComparison {
    let key = Measurements.Key(row, column.id)
    func outcome(_ outcome: CellComparison.Outcome, _ why: String) -> CellComparison {
      CellComparison(key, outcome, why)
    }
    if let absence = measurements.absence(row: row, column: column.id) {
      return switch absence {
      case .stale(let why): outcome(.stale, why)
      case .tooFewSeeds: outcome(.tooFewSeeds, absence.label)
      case .notRun(let why): outcome(.notRun, why)
      case .notReported: outcome(.notRun, absence.label)
      }
    }
    let values = measurements.values(row: row, column: column.id).sorted { $0.key < $1.key }
    if let bad = values.first(where: { !$0.value.isFinite }) {
      return outcome(.nan, "seed \(bad.key): found \(bad.value), which is no finite number")
    }
    if let reservation = context.reservation { return outcome(.notRun, reservation) }
    guard let golden else {
      return outcome(.new, "no golden value yet; look at it, then: mope accept")
    }
    guard let cell = golden[key] else {
      return outcome(.new, "the golden has no value for this cell yet; look at it, then: mope accept")
    }
    if let why = staleness(of: golden, cell, column) { return outcome(.stale, why) }
    let seeds = measurements.seeds ?? context.seeds
    if let seed = seeds.first(where: { seed in !values.contains { $0.key == seed } }) {
      return outcome(.missing, "seed \(seed) was asked for, the run has no value for it")
    }
    let results = values.map { compare(cell, seed: $0.key, value: $0.value, column) }
    let worst = results.max { $0.0.severity < $1.0.severity }
    return worst.map { outcome($0.0, $0.1) } ?? outcome(.notRun, "no values")
  }

  private func staleness(
    of golden: Golden, _ cell: Golden.Cell, _ column: Measurements.Column
  ) -> String? {
    if golden.tier != context.tier {
      return "the golden is for tier \(golden.tier), this run is \(context.tier)"
    }
    if golden.dataSeed != context.dataSeed {
      return "the golden is for data seed \(golden.dataSeed), this run drew \(context.dataSeed)"
    }
    if cell.unit != column.unit {
      return "the golden is in \"\(cell.unit)\", this run in \"\(column.unit)\""
    }
    return nil
  }

  private func compare(
    _ cell: Golden.Cell, seed: Int, value: Double, _ column: Measurements.Column
  ) -> (CellComparison.Outcome, String) {
    let digits = column.digits + 4
    func explain(_ expected: String, _ why: String) -> String {
      "seed \(seed): expected \(expected), found \(numberText(value, digits)) \(column.unit) (\(why))"
    }
    let half = cell.tolerance.resolution.value / 2
    if let expected = cell.values[seed] {
      let isSameClass = golden?.environmentClass == context.environmentClass
      let (sameSeed, spread) = (cell.tolerance.sameSeed, cell.tolerance.kernelSpread)
      let tolerance = isSameClass ? sameSeed.value : spread.value + half
      let why =
        isSameClass
        ? "same seed and environment class: \(sameSeed.reason)"
        : "same seed, other environment class: \(spread.reason); widened by half the resolution"
      if abs(value - expected) <= tolerance { return (.agrees, "") }
      return (
        .differs, explain("\(numberText(expected, digits)) ± \(numberText(tolerance, digits))", why)
      )
    }
    guard let interval = predictionInterval(cell.ordered)?.widened(by: half) else {
      return (
        .tooFewSeeds,
        "seed \(seed) is new and the golden has \(cell.values.count) seed to predict from"
      )
    }
    if interval.contains(value) { return (.agrees, "") }
    let range = "\(numberText(interval.lower, digits)) to \(numberText(interval.upper, digits))"
    return (
      .differs,
      explain(
        range,
        "95 % prediction interval from \(cell.values.count) golden seeds, widened by half the resolution"
      )
    )
  }
}
