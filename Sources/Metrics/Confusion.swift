import Determinism

/// How decisions about something that is there or not compare with the truth: about a class, a label, or labels pooled.
public struct Confusion: Hashable, Sendable {
  /// Decided and true.
  public private(set) var hits = 0
  /// Decided and not true.
  public private(set) var wrong = 0
  /// True and not decided.
  public private(set) var missed = 0

  public init() {}

  /// - Parameter truths: one for each decision.
  public init(_ decisions: [Bool], _ truths: [Bool]) {
    require(decisions.count == truths.count, "Confusion: \(decisions.count) decisions for \(truths.count) truths")
    for (decided, isTrue) in zip(decisions, truths) { add(decided, isTrue) }
  }

  /// Counts one decision.
  public mutating func add(_ decided: Bool, _ isTrue: Bool) {
    switch (decided, isTrue) {
    case (true, true): hits += 1
    case (true, false): wrong += 1
    case (false, true): missed += 1
    case (false, false): break
    }
  }

  /// The counts of both.
  public static func + (a: Confusion, b: Confusion) -> Confusion {
    var sum = a
    sum.hits += b.hits
    sum.wrong += b.wrong
    sum.missed += b.missed
    return sum
  }

  /// F1 = 2·hits / (2·hits + wrong + missed), 0 to `whole`; 0 for what is neither decided nor true.
  public func f1(of whole: Double = 1) -> Double {
    whole * Double(2 * hits) / Double(max(1, 2 * hits + wrong + missed))
  }

  /// Intersection over union, 0 to `whole`; `whole` where nothing is decided and nothing is true.
  public func overlap(of whole: Double = 1) -> Double {
    let either = hits + wrong + missed
    return either == 0 ? whole : whole * Double(hits) / Double(either)
  }
}
