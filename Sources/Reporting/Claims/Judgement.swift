import Determinism

/// A verdict with everything a reader needs to doubt it: effect, interval, n, test, visible effect.
public struct Judgement: Hashable, Sendable {
  public let verdict: Verdict
  /// The mean effect of the weakest comparison; nil when there is none.
  public let effect: Double?
  /// The 95 % interval of that effect.
  public let interval: Interval?
  public let unit: String
  public let digits: Int
  /// The number of pairs, or of cases for a criterion.
  public let count: Int
  /// Which test decided, and which comparison is shown.
  public let test: String
  /// The smallest effect this run could have seen (5 % level, 80 % power).
  public let smallestVisible: Double?
  /// Which comparison is shown, of how many.
  public let comparison: String
  /// What stood in the way, where nothing was decided.
  public let reason: String

  /// The judgement when there is nothing to judge.
  init(notRun reason: String) {
    verdict = .notRun
    effect = nil
    interval = nil
    unit = ""
    digits = 0
    count = 0
    test = ""
    smallestVisible = nil
    comparison = ""
    self.reason = reason
  }

  /// Judges all comparisons and criteria together; the worst one decides and is shown.
  public init(_ kind: Claim.Kind) {
    let parts = kind.evidence()
    // The weakest comparison is found before it is described: describing costs an integration.
    let ranked = parts.map { (part: $0, verdict: $0.verdict(family: parts.count)) }
    let weakest = ranked.max { a, b in
      let (one, other) = (a.verdict.weakness, b.verdict.weakness)
      return one == other ? a.part.strength > b.part.strength : one < other
    }
    var candidates = kind.absences().map { Judgement(notRun: $0) }
    candidates += kind.criteria().map { Judgement($0) }
    if let weakest { candidates.append(Judgement(weakest.part, weakest.verdict)) }
    let worst = candidates.max { $0.verdict.weakness < $1.verdict.weakness }
    self.init(
      worst ?? Judgement(notRun: "no comparison was given"),
      outOf: parts.count + candidates.count - (weakest == nil ? 0 : 1))
  }

  private init(_ part: Evidence, _ verdict: Verdict) {
    self.verdict = verdict
    let isUsable =
      part.missing == nil && !part.effects.isEmpty && part.effects.allSatisfy(\.isFinite)
    effect = isUsable ? mean(part.effects) : nil
    interval = isUsable ? meanInterval(part.effects) : nil
    unit = part.unit
    digits = part.digits
    count = part.effects.count
    test = part.testName
    smallestVisible = isUsable ? smallestVisibleEffect(part.effects) : nil
    comparison = part.label
    reason =
      part.missing.map { "\($0.label) \($0.reason)" }
      ?? (part.effects.allSatisfy(\.isFinite)
        ? (part.effects.count < 2 ? "\(part.effects.count) pairs, two are needed" : "")
        : "an effect is not a number")
  }

  private init(_ criterion: Claim.Criterion) {
    let isFinite = criterion.effect.isFinite
    verdict = isFinite ? (criterion.holds ? .reproduced : .notReproduced) : .notRun
    effect = isFinite ? criterion.effect : nil
    interval = nil
    unit = criterion.unit
    digits = criterion.digits
    count = criterion.count
    test = criterion.test
    smallestVisible = nil
    comparison = ""
    reason = isFinite ? "" : "the effect is not a number"
  }

  private init(_ worst: Judgement, outOf count: Int) {
    verdict = worst.verdict
    effect = worst.effect
    interval = worst.interval
    unit = worst.unit
    digits = worst.digits
    self.count = worst.count
    test = worst.test
    smallestVisible = worst.smallestVisible
    comparison =
      count > 1 && !worst.comparison.isEmpty
      ? "weakest of \(count): \(worst.comparison)" : worst.comparison
    reason = worst.reason
  }

  /// "+6.0 [+2.7, +9.4] points"; nil when there is no effect.
  var effectText: String? {
    guard let effect else { return nil }
    var words = signedText(effect, digits)
    if let interval {
      words += " [\(signedText(interval.lower, digits)), \(signedText(interval.upper, digits))]"
    }
    return unit.isEmpty ? words : "\(words) \(unit)"
  }

  /// Effect, interval, n, test and smallest visible effect as one line.
  public var text: String {
    var parts = [String]()
    if !comparison.isEmpty { parts.append(comparison) }
    if let effectText { parts.append("effect \(effectText)") }
    if count > 0 { parts.append("n = \(count)") }
    if !test.isEmpty { parts.append(test) }
    if let smallestVisible {
      parts.append("smallest visible effect \(numberText(smallestVisible, digits))")
    }
    if !reason.isEmpty { parts.append(reason) }
    return parts.joined(separator: "; ")
  }
}

extension Verdict {
  /// Orders the parts of a claim in which everything must hold: the weakest part decides.
  var weakness: Int {
    switch self {
    case .reproduced: 0
    case .directionOnly: 1
    case .withinNoise: 2
    case .tooFewSeeds: 3
    case .notRun: 4
    case .notReproduced: 5
    }
  }
}

extension Evidence {
  /// The name of the test and the threshold.
  fileprivate var testName: String {
    switch requirement {
    case .exceeds(let margin, _):
      margin == 0
        ? "paired t, two-sided 5 %"
        : "paired t, two-sided 5 %, margin \(signedText(margin, digits))"
    case .within(let margin): "95 % interval inside ± \(numberText(margin, digits))"
    case .rises: "t test of the slopes, two-sided 5 %, no falling step"
    }
  }
}
