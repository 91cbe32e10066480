/// How large an experiment is run (README, "Tiers").
public enum Tier: String, Codable, Hashable, Sendable, CaseIterable {
  /// A few dozen stand-in samples, tiny encoders, two epochs: shows that everything runs, decides nothing.
  case smoke
  /// Stand-in data and small encoders that two cores can train.
  case mini
  /// The real datasets and the public checkpoints, by path.
  case paper
}
