import Determinism

/// A sentence of the paper or a check of our own, made decidable, with the evidence and the verdict.
public struct Claim: Sendable {
  /// What must hold for the sentence to be true. Differences are in the column's unit and oriented so
  /// that positive means better.
  public enum Kind: Sendable {
    /// Each of `rows` beats each of `others` on each column, paired by seed, by more than `margin`.
    /// No columns means all. A negative margin makes it "not worse by more than".
    case beats(
      _ rows: [String], _ others: [String], columns: [String] = [], by: Margin = .points(0),
      in: Measurements)
    /// The two rows differ by less than `margin` on each column.
    case within(
      _ row: String, _ other: String, margin: Margin, columns: [String] = [], in: Measurements)
    /// The row is nearer than `margin` to a constant, such as the chance level.
    case near(
      _ row: String, value: Double, margin: Double, columns: [String] = [], in: Measurements)
    /// Each row beats the one before it, on each column.
    case ordered(_ rows: [String], columns: [String] = [], in: Measurements)
    /// The score rises with the position in `rows`: the slope of each seed's line is positive on
    /// average and no step of the means goes down.
    case rises(_ rows: [String], columns: [String] = [], in: Measurements)
    /// The mean of these values, one per seed, exceeds `margin`; for effects computed elsewhere. `null` is the value that says
    /// "no effect": 1 for a ratio, and the margin itself where values are levels, which have a direction only beyond it.
    case exceeds(
      _ values: [Double], margin: Double = 0, null: Double = 0, unit: String, digits: Int = 2)
    /// The mean of these values, one per seed, lies within ± `margin` of zero.
    case isSmall(_ values: [Double], margin: Double, unit: String, digits: Int = 2)
    /// A condition that was computed directly, such as a theorem's criterion, an exact count, or a
    /// permutation test.
    case criterion(Criterion)
    /// All of these must hold.
    case all([Kind])
    /// The evidence could not be made, and why.
    case notRun(String)
  }

  /// How large a difference has to be.
  public enum Margin: Hashable, Sendable {
    /// In the unit of the column.
    case points(Double)
    /// In percent of the other row's value.
    case percent(Double)

    var value: Double {
      switch self {
      case .points(let value), .percent(let value): value
      }
    }
  }

  /// A condition decided without a t test.
  public struct Criterion: Hashable, Sendable {
    public let holds: Bool
    /// The number on which the decision rests.
    public let effect: Double
    public let unit: String
    public let digits: Int
    /// How many independent cases were looked at.
    public let count: Int
    /// What was tested and against which threshold: "largest error ≤ 1e-6 over 1000 draws".
    public let test: String

    public init(
      holds: Bool, effect: Double, unit: String = "", digits: Int = 3, count: Int, test: String
    ) {
      self.holds = holds
      self.effect = effect
      self.unit = unit
      self.digits = digits
      self.count = count
      self.test = test
    }
  }

  public let sentence: String
  /// What the paper prints, in its own numbers; nil for a check of our own.
  public let paper: String?
  /// Checks of our own are counted apart from what the papers say.
  public var isOfThePapers: Bool { paper != nil }
  public let judgement: Judgement

  /// Judges the sentence by the evidence.
  public init(_ sentence: String, _ kind: Kind, paper: String? = nil, context: RunContext) {
    self.sentence = sentence
    self.paper = paper
    if context.decidesClaims {
      judgement = Judgement(kind)
    } else {
      judgement = Judgement(notRun: context.reservation ?? "tier \(context.tier) never decides")
    }
  }
}
