import Datasets
import Fusion

/// What the search of learning rates chose, on validation data of another draw than the one that is reported
/// (experiment search-learning-rates): factors of the rate that a recipe starts from.
public enum SearchedRates {
  /// The factors that are tried for every method.
  public static let tried: [Float] = [0.5, 1, 2]

  /// Where the rate of a method comes from.
  public enum Source: Hashable, Sendable {
    /// The search chose it for this method, or for the one of which this is an ablation.
    case searched(Float)
    /// Nothing was searched: the rate that a search would start from.
    case start

    public var factor: Float {
      switch self {
      case .searched(let factor): factor
      case .start: 1
      }
    }
  }

  /// The rate of a method on a dataset.
  public static func rate(_ method: Method, on data: DatasetID, _ tier: Tier) -> Source {
    let profile = tier.profile(data.descriptor)
    let owner = method.choices.searched(in: profile)
    let id = data.descriptor.takesRatesOf ?? data
    for (plan, factors) in chosen where plan(in: profile) == owner {
      if let factor = factors[id] { return .searched(factor) }
    }
    return .start
  }

  private static let chosen: [(MethodPlan, [DatasetID: Float])] = [
    (.fineTuned(.vision), [.snliVE: 2, .food101: 2, .mmIMDB: 2]),
    (.fineTuned(.text), [.snliVE: 2, .food101: 1, .mmIMDB: 2]),
    (.lateConcat, [.snliVE: 2, .food101: 0.5, .mmIMDB: 2]),
    (.sequentialFuse, [.snliVE: 1, .food101: 2, .mmIMDB: 1, .refCOCO: 1]),
    (.gatedLateFusion, [.snliVE: 1, .food101: 1, .mmIMDB: 2]),
    (.bilinearLateFusion, [.snliVE: 1, .food101: 1, .mmIMDB: 2]),
    (.mmbt, [.snliVE: 1, .food101: 1, .mmIMDB: 2]),
    (.prompted(.vision), [.snliVE: 1, .food101: 2, .mmIMDB: 1]),
    (.prompted(.text), [.snliVE: 2, .food101: 0.5, .mmIMDB: 2]),
    (.promptedLateConcat, [.snliVE: 0.5, .food101: 1, .mmIMDB: 2]),
    (.promptedSequentialFuse, [.snliVE: 1, .food101: 2, .mmIMDB: 2, .refCOCO: 2]),
    (.promptedMMBT, [.snliVE: 2, .food101: 2, .mmIMDB: 2]),
    (.promptFuse, [.snliVE: 0.5, .food101: 2, .mmIMDB: 2]),
    (.blindPrompt, [.snliVE: 0.5, .food101: 2, .mmIMDB: 2]),
    (.deepPromptFuse, [.snliVE: 2, .food101: 2, .mmIMDB: 2]),
    (.pmf, [.snliVE: 0.5, .food101: 0.5, .mmIMDB: 1]),
    (.largePMF, [.snliVE: 1, .food101: 1, .mmIMDB: 1]),
    (.mope(experts: 4), [.snliVE: 1, .food101: 1, .mmIMDB: 2, .refCOCO: 2]),
    (.mope(experts: 16), [.snliVE: 1, .food101: 1, .mmIMDB: 1]),
    (.mope(experts: 4, seeing: .swin), [.snliVE: 2, .food101: 1, .mmIMDB: 2]),
  ]
}
