import Determinism

/// How many comparisons ended how.
public struct ComparisonSummary: Hashable, Sendable {
  public let comparisons: [CellComparison]

  public init(_ comparisons: [CellComparison]) { self.comparisons = comparisons }

  public func count(_ outcome: CellComparison.Outcome) -> Int {
    comparisons.count { $0.outcome == outcome }
  }

  /// "checked 41 of 43: 40 agrees, 1 differs, 2 missing".
  public var text: String {
    let checked = comparisons.count { $0.outcome.wasChecked }
    let counts = CellComparison.Outcome.allCases.filter { count($0) > 0 }
      .map { "\(count($0)) \($0.rawValue)" }
    let details = counts.isEmpty ? "nothing to compare" : counts.joined(separator: ", ")
    return "checked \(checked) of \(comparisons.count): \(details)"
  }

  /// The exit code that the worst outcome asks for; nil when every cell agrees.
  ///
  /// An experiment without any comparison is undecided, not good.
  public var failureKind: Failure.Kind? {
    if comparisons.isEmpty { return .undecided }
    return worst(comparisons.compactMap { $0.outcome.failureKind })
  }

  /// One paragraph per failed cell: cell, expected ± tolerance and why, found, seed, environment,
  /// and the command that reproduces it.
  public func failures(experiment: String, context: RunContext) -> [String] {
    // Where nothing is judged, the reason is said once.
    comparisons.filter {
      $0.outcome != .agrees && !(context.reservation != nil && $0.outcome == .notRun)
    }.map { comparison in
      """
      \(comparison.outcome.label): \(experiment) | \(comparison.key.row) | \(comparison.key.column)
        \(comparison.explanation)
        environment \(context.environmentClass), tier \(context.tier), data seed \(context.dataSeed)
        reproduce: \(reproductionCommand(experiment, context))
      """
    }
  }
}

/// The command that makes an experiment's numbers again.
public func reproductionCommand(_ experiment: String, _ context: RunContext) -> String {
  "mope check \(experiment) \(context.flags)"
}

/// The exit code that wins when several hold: 70, 2, 1, 4, 3; any other before these.
public func worst(_ kinds: [Failure.Kind]) -> Failure.Kind? {
  let order: [Failure.Kind] = [.internal, .runFailed, .checkFailed, .undecided, .waiting]
  return kinds.first { !order.contains($0) } ?? order.first { kinds.contains($0) }
}
