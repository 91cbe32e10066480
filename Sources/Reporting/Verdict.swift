/// What became of a claim.
public enum Verdict: String, Sendable, Codable, CaseIterable {
  /// The whole interval lies beyond the margin the claim asks for.
  case reproduced
  /// The effect is certainly there, but not certainly as large as claimed.
  case directionOnly = "direction only"
  /// The interval contains the threshold: this run cannot tell.
  case withinNoise = "within noise"
  /// The whole interval lies on the wrong side of the threshold.
  case notReproduced = "not reproduced"
  /// Fewer than two pairs.
  case tooFewSeeds = "too few seeds"
  /// No data, or data that may not decide (smoke tier).
  case notRun = "not run"

  /// A sign that goes with the words and never stands alone.
  public var mark: String {
    switch self {
    case .reproduced: "✓"
    case .directionOnly: "↗"
    case .withinNoise: "≈"
    case .notReproduced: "✗"
    case .tooFewSeeds: "◔"
    case .notRun: "○"
    }
  }

  /// Mark and words: "✓ reproduced".
  public var label: String { "\(mark) \(rawValue)" }

  /// Whether the data were able to speak, for or against.
  public var isDecided: Bool { self != .tooFewSeeds && self != .notRun }

  /// The class name of the verdict's badge.
  var styleClass: String { rawValue.replacing(" ", with: "-") }

  /// How each verdict is reached, for the reader of a report.
  public static let definitions = """
    Effects are paired by seed; intervals are 95 % t intervals of the mean difference. \
    **Reproduced**: the whole interval lies beyond the claimed margin. \
    **Direction only**: the whole interval lies above zero, not all of it beyond the margin. \
    **Within noise**: the interval contains the threshold. \
    **Not reproduced**: the whole interval lies on the wrong side of the threshold. \
    When several comparisons must hold at once, the claim is reproduced if each one is, the weakest \
    is shown, and the level for "not reproduced" is divided by their number (Bonferroni). \
    "Smallest visible effect" is what a paired t test at 5 % would have found with 80 % power.
    """
}
