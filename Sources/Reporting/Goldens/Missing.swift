/// Why a number is not there. Shown in its place, never left out.
public enum Missing: Hashable, Sendable {
  /// The run was not made, and why.
  case notRun(String)
  /// The run exists but for other code, data or settings, and which.
  case stale(String)
  /// There are fewer seeds than the statistic needs.
  case tooFewSeeds(found: Int, needed: Int)
  /// The paper prints no value, or it is lost.
  case notReported

  /// The words that stand in the cell.
  public var label: String {
    switch self {
    case .notRun: "not run"
    case .stale: "stale"
    case .tooFewSeeds(let found, let needed): "too few seeds (\(found) of \(needed))"
    case .notReported: "not reported"
    }
  }

  /// What is known about the reason; empty when the label says it all.
  public var reason: String {
    switch self {
    case .notRun(let why), .stale(let why): why
    case .tooFewSeeds, .notReported: ""
    }
  }
}
