import Determinism
import Foundation

/// What changed between two sets of goldens: two commits, stores or folders of results.
///
/// Values are judged with the tolerances of the older set.
public struct ReportDifference: Codable, Hashable, Sendable {
  /// One cell or one verdict, old → new.
  public struct Entry: Codable, Hashable, Sendable {
    public let experiment: String
    /// "claim" for a verdict.
    public let row: String
    /// The claim's sentence for a verdict.
    public let column: String
    public let unit: String
    /// The value of each seed; nil for verdicts and where there is none.
    public let oldValues: [Int: Double]?
    public let newValues: [Int: Double]?
    /// The mean over the seeds, or the verdict's words; nil where there is none.
    public let old: String?
    public let new: String?
    /// The difference of equal seeds that is largest in size, of the means when no seed is equal;
    /// nil for verdicts and where one side is missing.
    public let change: Double?
    /// A name of `CellComparison.Outcome`.
    public let outcome: String
    /// Expected ± tolerance and why, found, seed; empty when it agrees.
    public let explanation: String

    /// Whether nothing needs to be looked at.
    public var agrees: Bool { outcome == CellComparison.Outcome.agrees.rawValue }
  }

  /// By experiment, cells before verdicts, in the order of the older golden and then the newer one.
  public let entries: [Entry]

  public init(from old: [Golden], to new: [Golden]) {
    for goldens in [old, new] {
      require(
        Set(goldens.map(\.experiment)).count == goldens.count,
        "ReportDifference: an experiment is given twice")
    }
    let ids = Set((old + new).map(\.experiment)).sorted()
    entries = ids.flatMap { id in
      Self.entries(
        id, old.first { $0.experiment == id }, new.first { $0.experiment == id })
    }
  }

  /// The entries that do not agree.
  public var changed: [Entry] { entries.filter { !$0.agrees } }

  /// "41 of 43 agree; 1 differs, 1 missing".
  public var summary: String {
    let agreeing = entries.count - changed.count
    let counts = CellComparison.Outcome.allCases.compactMap { outcome -> String? in
      let count = changed.count { $0.outcome == outcome.rawValue }
      return count > 0 ? "\(count) \(outcome.rawValue)" : nil
    }
    let text = "\(agreeing) of \(entries.count) agree"
    return counts.isEmpty ? text : "\(text); \(counts.joined(separator: ", "))"
  }

  /// The worst exit code that an entry asks for; nil when all agree.
  public var failureKind: Failure.Kind? {
    guard !entries.isEmpty else { return .noMatch }
    let kinds = entries.compactMap { CellComparison.Outcome(rawValue: $0.outcome)?.failureKind }
    return worst(kinds)
  }

  /// One row an entry, under the experiment's name.
  /// - Parameter all: whether entries that agree are listed too.
  public func table(all: Bool = false) -> Table {
    var table = Table([
      Table.Column("cell", .leading), Table.Column("old"), Table.Column("new"), Table.Column("Δ"),
      Table.Column("check", .leading),
    ])
    var last: String?
    for entry in all ? entries : changed {
      if entry.experiment != last { table.append(group: entry.experiment) }
      last = entry.experiment
      let unit = entry.unit.isEmpty ? "" : " [\(entry.unit)]"
      table.append([
        .text("\(entry.row) | \(entry.column)\(unit)"), .text(entry.old ?? "–"),
        .text(entry.new ?? "–"), .text(entry.change.map(Self.signed) ?? "–"),
        .text(CellComparison.Outcome(rawValue: entry.outcome)?.label ?? entry.outcome),
      ])
    }
    return table
  }

  /// The difference as JSON: sorted keys, one value a line, a newline at the end.
  public func json() throws -> Data {
    struct Document: Encodable {
      let summary: String
      let entries: [Entry]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(Document(summary: summary, entries: entries)) + Data("\n".utf8)
    } catch {
      throw Failure(.internal, "difference of goldens: cannot encode: \(error)")
    }
  }

  private static func signed(_ value: Double) -> String {
    value > 0 ? "+\(numberText(value, 4))" : numberText(value, 4)
  }
}

extension ReportDifference {
  private static func entries(_ id: String, _ old: Golden?, _ new: Golden?) -> [Entry] {
    var keys = (old?.cells ?? []).map(\.key)
    keys += (new?.cells ?? []).map(\.key).filter { key in !keys.contains(key) }
    let sentences = Set((old?.verdicts ?? [:]).keys).union((new?.verdicts ?? [:]).keys).sorted()
    return keys.map { entry(id, $0, old, new) } + sentences.map { entry(id, $0, old, new) }
  }

  private static func entry(
    _ id: String, _ key: Measurements.Key, _ old: Golden?, _ new: Golden?
  ) -> Entry {
    let (before, after) = (old?[key], new?[key])
    let comparison = comparison(key, old, new)
    return Entry(
      experiment: id, row: key.row, column: key.column, unit: (after ?? before)?.unit ?? "",
      oldValues: before?.values, newValues: after?.values, old: before.map(text),
      new: after.map(text), change: change(before, after),
      outcome: comparison.outcome.rawValue, explanation: comparison.explanation)
  }

  /// The newer cell judged as a run is judged by `mope check`.
  private static func comparison(
    _ key: Measurements.Key, _ old: Golden?, _ new: Golden?
  ) -> CellComparison {
    guard let new, let cell = new[key] else {
      return CellComparison(key, .missing, "only the older set has this cell")
    }
    guard old?[key] != nil else {
      return CellComparison(key, .new, "only the newer set has this cell")
    }
    var measured = Measurements(
      rows: [Measurements.Row(key.row)],
      columns: [
        Measurements.Column(
          key.column, unit: cell.unit, digits: 2, resolution: cell.tolerance.resolution.value)
      ])
    for (seed, value) in cell.values {
      measured.set(value, row: key.row, column: key.column, seed: seed)
    }
    let context = RunContext(
      tier: new.tier, dataSeed: new.dataSeed, environmentClass: new.environmentClass,
      seeds: cell.values.keys.sorted())
    return GoldenComparison(golden: old, context: context).compare(measured)[0]
  }

  private static func entry(
    _ id: String, _ sentence: String, _ old: Golden?, _ new: Golden?
  ) -> Entry {
    let (before, after) = (old?.verdicts[sentence], new?.verdicts[sentence])
    let outcome: CellComparison.Outcome
    var explanation = ""
    switch (old, before, new, after) {
    case (let old?, let before?, let new?, let after?):
      if old.tier != new.tier || old.dataSeed != new.dataSeed {
        outcome = .stale
        explanation =
          "tier \(old.tier), data seed \(old.dataSeed) against tier \(new.tier), data seed "
          + "\(new.dataSeed)"
      } else {
        outcome = before == after ? .agrees : .differs
        explanation = before == after ? "" : "\(before.rawValue) became \(after.rawValue)"
      }
    case (_, _, _, _?):
      outcome = .new
      explanation = "only the newer set has this claim"
    default:
      outcome = .missing
      explanation = "only the older set has this claim"
    }
    return Entry(
      experiment: id, row: "claim", column: sentence, unit: "", oldValues: nil, newValues: nil,
      old: before?.rawValue, new: after?.rawValue, change: nil, outcome: outcome.rawValue,
      explanation: explanation)
  }

  private static func text(_ cell: Golden.Cell) -> String {
    Table.Cell.summary(cell.ordered, digits: 4).text
  }

  private static func change(_ old: Golden.Cell?, _ new: Golden.Cell?) -> Double? {
    guard let old, let new else { return nil }
    let changes = new.values.sorted { $0.key < $1.key }.compactMap { seed, value in
      old.values[seed].map { value - $0 }
    }
    return changes.max { $0.magnitude < $1.magnitude } ?? mean(new.ordered) - mean(old.ordered)
  }
}
