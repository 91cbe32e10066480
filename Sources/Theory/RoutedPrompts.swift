import Determinism

/// k prompts in the plane and a linear router that mixes them for each instance; with k = 1 one shared prompt.
public struct RoutedPrompts: Sendable {
  /// E, `[k, 2]`
  public let experts: [[Double]]
  /// `[k, 3]`: two weights and a bias for each expert.
  private let router: [[Double]]

  /// The lowest mean squared distance to the best prompts over several starts.
  public init(count k: Int, fitting world: ClusterWorld, starts: Int, _ random: RandomStream) {
    require(k > 0, "RoutedPrompts: expected at least one expert")
    let starts = (0..<starts).map { i in
      var random = random.stream(i)
      let experts = (0..<k).flatMap { _ in random.pick(world.instances).best }
      return experts + random.normals(3 * k)
    }
    let found = Minimum.all(
      of: { Self.loss($0, world.instances) }, starts: starts, limit: 100
    ).lowest.point
    experts = (0..<k).map { Array(found[2 * $0..<2 * $0 + 2]) }
    router = (0..<k).map { Array(found[2 * k + 3 * $0..<2 * k + 3 * $0 + 3]) }
  }

  /// r, one weight per expert, for an instance with this feature.
  public func weights(_ feature: [Double]) -> [Double] {
    softmax(router.map { $0[0] * feature[0] + $0[1] * feature[1] + $0[2] })
  }

  /// Σ rⱼ Eⱼ
  public func prompt(_ feature: [Double]) -> [Double] { mixture(experts, weights(feature)) }

  /// The mean squared distance from each instance's prompt to its best one.
  public func loss(on world: ClusterWorld) -> Double {
    let sum = world.instances.reduce(0) { $0 + squaredDistance(prompt($1.feature), $1.best) }
    return sum / Double(world.instances.count)
  }

  /// - Parameter parameters: E `[k, 2]`, then the router `[k, 3]`.
  package static func loss(
    _ parameters: [Double], _ instances: [ClusterWorld.Instance]
  ) -> (value: Double, gradient: [Double]) {
    let k = parameters.count / 5
    let scale = 1 / Double(instances.count)
    var (value, gradient) = (0.0, [Double](repeating: 0, count: 5 * k))
    var weights = [Double](repeating: 0, count: k)  // no array per instance: this loop is hot
    for instance in instances {
      let (a, b) = (instance.feature[0], instance.feature[1])
      var (largest, sum) = (-Double.infinity, 0.0)
      for j in 0..<k {
        let start = 2 * k + 3 * j
        weights[j] = parameters[start] * a + parameters[start + 1] * b + parameters[start + 2]
        largest = max(largest, weights[j])
      }
      for j in 0..<k {
        weights[j] = portableExp(weights[j] - largest)
        sum += weights[j]
      }
      for j in 0..<k { weights[j] /= sum }
      var (x, y) = (-instance.best[0], -instance.best[1])  // the error Σ rⱼ Eⱼ − best
      for j in 0..<k {
        x += weights[j] * parameters[2 * j]
        y += weights[j] * parameters[2 * j + 1]
      }
      value += scale * (x * x + y * y)
      // ∂loss/∂scoreⱼ = rⱼ (2 error · Eⱼ − mean), the mean of 2 error · E over the weights.
      let mean = 2 * (x * (x + instance.best[0]) + y * (y + instance.best[1]))
      for j in 0..<k {
        gradient[2 * j] += scale * 2 * x * weights[j]
        gradient[2 * j + 1] += scale * 2 * y * weights[j]
        let pull = 2 * (x * parameters[2 * j] + y * parameters[2 * j + 1])
        let score = scale * weights[j] * (pull - mean)
        gradient[2 * k + 3 * j] += score * a
        gradient[2 * k + 3 * j + 1] += score * b
        gradient[2 * k + 3 * j + 2] += score
      }
    }
    return (value, gradient)
  }
}
