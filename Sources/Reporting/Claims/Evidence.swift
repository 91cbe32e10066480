import Determinism

/// One comparison of a claim, reduced to an effect per seed and the threshold it must pass.
struct Evidence: Hashable, Sendable {
  enum Requirement: Hashable {
    /// The mean effect exceeds the margin; beyond `null` it has the claimed direction.
    case exceeds(Double, null: Double = 0)
    /// The mean effect lies within ± the margin.
    case within(Double)
    /// The mean effect is positive and these steps of the means never go down.
    case rises(steps: [Double])
  }

  /// Which rows and column: "MoPE − P-SequentialFuse, SNLI-VE".
  let label: String
  let effects: [Double]
  let requirement: Requirement
  let unit: String
  let digits: Int
  let missing: Missing?

  init(
    _ label: String, _ effects: [Double], _ requirement: Requirement, unit: String, digits: Int,
    missing: Missing? = nil
  ) {
    self.label = label
    self.effects = effects
    self.requirement = requirement
    self.unit = unit
    self.digits = digits
    self.missing = missing
  }

  /// The point that the interval is compared with.
  var threshold: Double {
    switch requirement {
    case .exceeds(let margin, _): margin
    case .within(let margin): margin
    case .rises: 0
    }
  }

  /// The verdict on this comparison, one of `family` that must hold together.
  func verdict(family: Int) -> Verdict {
    if missing != nil { return .notRun }
    guard effects.allSatisfy(\.isFinite) else { return .notRun }
    let strict = 1 - 0.05 / Double(max(1, family))
    guard let interval = meanInterval(effects),
      let wide = meanInterval(effects, confidence: strict)
    else { return .tooFewSeeds }
    switch requirement {
    case .exceeds(let margin, let null):
      if interval.lower > margin { return .reproduced }
      if margin > null && interval.lower > null { return .directionOnly }
      return wide.upper < margin ? .notReproduced : .withinNoise
    case .within(let margin):
      if interval.lower > -margin && interval.upper < margin { return .reproduced }
      return wide.lower > margin || wide.upper < -margin ? .notReproduced : .withinNoise
    case .rises(let steps):
      if interval.lower > 0 { return steps.allSatisfy { $0 >= 0 } ? .reproduced : .directionOnly }
      return wide.upper < 0 ? .notReproduced : .withinNoise
    }
  }

  /// How far the interval's critical end is beyond the threshold; small is weak.
  var strength: Double {
    guard let interval = meanInterval(effects) else { return -.infinity }
    return switch requirement {
    case .exceeds(let margin, _): interval.lower - margin
    case .within(let margin): min(interval.lower + margin, margin - interval.upper)
    case .rises: interval.lower
    }
  }
}

extension Claim.Kind {
  /// The comparisons that must all hold; empty for a criterion.
  func evidence() -> [Evidence] {
    switch self {
    case .beats(let rows, let others, let columns, let margin, let data):
      return data.chosen(columns).flatMap { column in
        rows.flatMap { row in
          others.map { data.pair(row, $0, column, margin, .exceeds(margin.value)) }
        }
      }
    case .within(let row, let other, let margin, let columns, let data):
      return data.chosen(columns).map {
        data.pair(row, other, $0, margin, .within(margin.value))
      }
    case .near(let row, let value, let margin, let columns, let data):
      return data.chosen(columns).map { data.near(row, value, margin, $0) }
    case .ordered(let rows, let columns, let data):
      require(rows.count > 1, "ordered: expected at least two rows, found \(rows.count)")
      return data.chosen(columns).flatMap { column in
        zip(rows, rows.dropFirst()).map {
          data.pair($1, $0, column, .points(0), .exceeds(0))
        }
      }
    case .rises(let rows, let columns, let data):
      return data.chosen(columns).map { data.trend(rows, $0) }
    case .exceeds(let values, let margin, let null, let unit, let digits):
      return [
        Evidence("mean", values, .exceeds(margin, null: null), unit: unit, digits: digits)
      ]
    case .isSmall(let values, let margin, let unit, let digits):
      return [Evidence("mean", values, .within(margin), unit: unit, digits: digits)]
    case .all(let kinds): return kinds.flatMap { $0.evidence() }
    case .criterion(_), .notRun(_): return []
    }
  }

  /// The criteria among the conditions.
  func criteria() -> [Claim.Criterion] {
    switch self {
    case .criterion(let criterion): [criterion]
    case .all(let kinds): kinds.flatMap { $0.criteria() }
    default: []
    }
  }

  /// Why evidence is absent, if it is.
  func absences() -> [String] {
    switch self {
    case .notRun(let why): [why]
    case .all(let kinds): kinds.flatMap { $0.absences() }
    default: []
    }
  }
}

extension Measurements {
  /// These columns, or all when none is named.
  fileprivate func chosen(_ ids: [String]) -> [Column] {
    ids.isEmpty ? columns : ids.map { column($0) }
  }

  /// The seeds that every one of these rows has, in order.
  private func commonSeeds(_ rows: [String], _ column: Column) -> [Int] {
    var seeds = Set(values(row: rows[0], column: column.id).keys)
    for row in rows { seeds.formIntersection(values(row: row, column: column.id).keys) }
    return seeds.sorted()
  }

  private func absence(_ rows: [String], _ column: Column) -> Missing? {
    for row in rows {
      if let missing = absence(row: row, column: column.id) { return missing }
    }
    return nil
  }

  fileprivate func pair(
    _ row: String, _ other: String, _ column: Column, _ margin: Claim.Margin,
    _ requirement: Evidence.Requirement
  ) -> Evidence {
    let label = "\(self.row(row).title) − \(self.row(other).title), \(column.title)"
    let sign = column.higherIsBetter ? 1.0 : -1.0
    let (a, b) = (values(row: row, column: column.id), values(row: other, column: column.id))
    var (unit, digits) = (column.unit == "%" ? "points" : column.unit, column.digits)
    let effects = commonSeeds([row, other], column).compactMap { seed -> Double? in
      guard let left = a[seed], let right = b[seed] else { return nil }
      return switch margin {
      case .points: sign * (left - right)
      case .percent: sign * (left - right) / right * 100
      }
    }
    if case .percent = margin { (unit, digits) = ("% relative", 1) }
    return Evidence(
      label, effects, requirement, unit: unit, digits: digits,
      missing: absence([row, other], column))
  }

  fileprivate func near(
    _ row: String, _ value: Double, _ margin: Double, _ column: Column
  ) -> Evidence {
    let label =
      "\(self.row(row).title) − \(numberText(value, column.digits)), \(column.title)"
    return Evidence(
      label, ordered(row: row, column: column.id).map { $0 - value }, .within(margin),
      unit: column.unit == "%" ? "points" : column.unit, digits: column.digits,
      missing: absence([row], column))
  }

  fileprivate func trend(_ rows: [String], _ column: Column) -> Evidence {
    require(rows.count > 1, "rises: expected at least two rows, found \(rows.count)")
    let sign = column.higherIsBetter ? 1.0 : -1.0
    let seeds = commonSeeds(rows, column)
    let positions = rows.indices.map { Double($0) }
    let scores = seeds.map { seed in
      rows.compactMap { values(row: $0, column: column.id)[seed].map { sign * $0 } }
    }
    let slopes = scores.map { slope(positions, $0) }
    let means =
      seeds.isEmpty ? [] : rows.indices.map { i in mean(scores.map { $0[i] }) }
    let steps = zip(means.dropFirst(), means).map { $0 - $1 }
    let unit = column.unit == "%" ? "points" : column.unit
    return Evidence(
      "slope per step, \(column.title)", slopes, .rises(steps: steps),
      unit: unit.isEmpty ? "per step" : "\(unit) per step", digits: column.digits,
      missing: absence(rows, column))
  }
}
