import Determinism

/// Instances in clusters, each with the prompt that would be best for it: the picture of the papers' first figure.
///
/// What an instance looks like (its feature) always tells its cluster fairly well. How far the best prompts of the
/// clusters lie apart is the separation: at 0 all clusters want the same.
public struct ClusterWorld: Sendable {
  public struct Instance: Hashable, Sendable {
    public let cluster: Int
    /// What a router sees: a point in the plane.
    public let feature: [Double]
    /// The prompt that is best for it: a point in the plane.
    public let best: [Double]
  }

  /// Variance of the best prompts inside a cluster, over both coordinates: no router can know this part.
  public static let noise = 2 * spread * spread
  /// How many of the instances belong to each cluster: one majority and three minorities.
  public static let shares = [0.55, 0.2, 0.15, 0.1]
  private static let spread = 0.4
  private static let featureSpread = 0.4
  private static let features: [[Double]] = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
  private static let centers: [[Double]] = [[-1.6, -1], [2, -1.4], [1.6, 1.8], [-1.2, 2]]

  public let instances: [Instance]

  /// - Parameter separation: 0 … 1. With the same random stream, worlds of other separations have the same noise.
  public init(count: Int, separation: Double, _ random: RandomStream) {
    instances = (0..<count).map { i in
      var random = random.stream(i)
      let u = random.uniform()
      var (cluster, reached) = (0, Self.shares[0])
      while u >= reached && cluster < Self.shares.count - 1 {
        cluster += 1
        reached += Self.shares[cluster]
      }
      func near(_ center: [Double], _ scale: Double, _ spread: Double) -> [Double] {
        center.map { scale * $0 + spread * random.normal() }
      }
      let feature = near(Self.features[cluster], 1, Self.featureSpread)
      return Instance(
        cluster: cluster, feature: feature,
        best: near(Self.centers[cluster], separation, Self.spread))
    }
  }
}
