/// What became of a claim.
public enum Verdict: String, Sendable, Codable, CaseIterable {
  /// The whole interval lies beyond the margin the claim asks for.
  case reproduced
  /// The whole interval lies beyond no effect, but not beyond the claimed margin.
  case directionOnly = "direction only"
  /// None of these: this run cannot tell.
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

  /// The class name of the verdict's badge.
  var styleClass: String { rawValue.replacing(" ", with: "-") }

  /// How each verdict is reached, for the reader of a report.
  public static let definitions = """
    Effects are paired by seed; intervals are 95 % t intervals of the mean difference. \
    **Reproduced**: the whole interval lies beyond the claimed margin. \
    **Direction only**: the whole interval lies on the side of an effect, not all of it beyond the margin. \
    **Not reproduced**: the whole interval lies on the wrong side of the threshold. \
    **Within noise**: none of these, this run cannot tell. \
    When several comparisons must hold at once, the claim is reproduced if each one is, and the weakest \
    is shown, with its 95 % interval; for "not reproduced" the level is divided by their number (Bonferroni), so that \
    an interval that is shown on the wrong side may still be within noise. \
    "Smallest visible effect" is what a paired t test at 5 % would have found with 80 % power.
    """
}
