import Datasets
import Fusion
import NN

/// How large an experiment is run (README, "Tiers").
public enum Tier: String, Codable, Hashable, Sendable, CaseIterable {
  /// A few dozen stand-in samples, tiny encoders, two epochs: shows that everything runs, decides nothing.
  case smoke
  /// Stand-in data and small encoders that two cores can train.
  case mini
  /// The real datasets and the public checkpoints, by path.
  case paper

  /// Which defaults of methods it takes.
  public var form: TierProfile.Form { self == .paper ? .papers : .compact }

  /// What defaults of methods depend on, for a dataset at this tier.
  public func profile(_ data: DatasetDescriptor) -> TierProfile {
    profile(modalities: data.modalities, makesMasks: data.makesMasks)
  }

  /// What defaults of methods depend on where there is no dataset.
  public func profile(modalities: [Modality] = [.vision, .text], makesMasks: Bool = false) -> TierProfile {
    TierProfile(
      form, modalities: modalities, makesMasks: makesMasks,
      separator: self == .paper ? MMBTConfiguration.bertSeparator : WordVocabulary.separator)
  }
}

extension MethodPlan {
  /// The method at a tier, on a dataset: the defaults there, then what the plan changes.
  public func callAsFunction(at tier: Tier, on data: DatasetID = .snliVE) -> Method {
    self(in: tier.profile(data.descriptor))
  }
}
