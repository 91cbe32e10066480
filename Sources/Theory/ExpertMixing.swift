import Determinism

/// k expert prompts and the two ways to mix them for an instance: their attention maps, as the theorem has it, and the
/// prompts themselves, as the method is built.
public struct ExpertMixing: Sendable {
  public let instances: [PromptedAttention]
  /// E, `[k, d]`
  public let experts: [[Double]]
  /// fⱼ(xₙ), by instance and expert.
  public let maps: [[[Double]]]

  public init(_ instances: [PromptedAttention], experts: [[Double]]) {
    require(!experts.isEmpty, "ExpertMixing: expected at least one expert")
    self.instances = instances
    self.experts = experts
    maps = instances.map { instance in experts.map { instance.map($0) } }
  }

  /// Σⱼ rⱼ fⱼ(xₙ)
  public func mixedMaps(_ instance: Int, _ weights: [Double]) -> [Double] {
    mixture(maps[instance], weights)
  }

  /// f_P(xₙ) with P = Σⱼ rⱼ Eⱼ
  public func mapOfMixedPrompts(_ instance: Int, _ weights: [Double]) -> [Double] {
    instances[instance].map(mixture(experts, weights))
  }

  /// min over r of ‖Σ rⱼ fⱼ(xₙ) − target‖²: a convex problem, solved exactly.
  public func leastMixingMaps(_ instance: Int, _ target: [Double]) -> SimplexLeastSquares {
    SimplexLeastSquares(maps[instance], target: target)
  }

  /// The lowest value found of ‖f_{Σ rⱼ Eⱼ}(xₙ) − target‖². Not convex: r = softmax(z) is searched from the centre and
  /// from near every corner; the corners themselves, single experts, are tried too.
  public func leastMixingPrompts(_ instance: Int, _ target: [Double]) -> Double {
    let k = experts.count
    let discrepancy = Discrepancy([instances[instance]], targets: [target])
    func objective(_ scores: [Double]) -> (value: Double, gradient: [Double]) {
      let weights = softmax(scores)
      let found = discrepancy.valueWithGradient(0, mixture(experts, weights))
      let pulls = experts.map { expert in
        zip(expert, found.gradient).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let mean = zip(weights, pulls).reduce(0) { $0 + $1.0 * $1.1 }
      return (found.value, zip(weights, pulls).map { $0 * ($1 - mean) })
    }
    let corners = (0..<k).map { corner in (0..<k).map { $0 == corner ? 2.0 : 0 } }
    let starts = [[Double](repeating: 0, count: k)] + corners
    let searched = Minimum.all(of: objective, starts: starts, limit: 100).lowest.value
    return maps[instance].map { squaredDistance($0, target) }.reduce(searched, min)
  }

  /// Σₙ ‖fⱼ(xₙ) − targetₙ‖² of the one expert that is best for all.
  public func bestSingleExpert(_ targets: [[Double]]) -> Double {
    let sums = experts.indices.map { j in
      zip(maps, targets).reduce(0) { $0 + squaredDistance($1.0[j], $1.1) }
    }
    return sums.min() ?? .nan
  }
}
