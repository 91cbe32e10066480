import Autograd
import Determinism
import Encoders
import NN

/// The routing of one block.
public struct Routing {
  /// softmax(s/τ + ε), `[B, k]`: what entropies are computed on.
  public let scores: Tensor
  /// The weights the experts are mixed with, `[B, k]`; differs from `scores` when routing is sparse.
  public let weights: Tensor
}

/// What a router looks at (METHOD.md §3.2, §3.3).
public enum RouterKind: String, Codable, Hashable, Sendable {
  /// The feature of the complementary modality (first paper).
  case unimodal
  /// That feature and the state of the block (V1 and later).
  case multimodal
}

/// Which experts take part (METHOD.md §3.6).
public enum Gating: String, Codable, Hashable, Sendable {
  /// All, weighted by the softmax.
  case dense
  /// The one with the largest score, weighted by it: the gate of V-MoE, through which the router learns.
  case topOne
  /// The one with the largest score, weighted by 1 (the authors' code): the router gets no gradient.
  case topOneHard
}

/// The standard deviation of the noise on routing scores (METHOD.md §3.5).
public enum RoutingNoise: Codable, Hashable, Sendable {
  /// 1/k²
  case inverseSquare
  /// 1/k (V-MoE)
  case inverse
  case constant(Float)

  func deviation(experts: Int) -> Float {
    switch self {
    case .inverseSquare: 1 / Float(experts * experts)
    case .inverse: 1 / Float(experts)
    case .constant(let value): value
    }
  }
}

/// Scores the experts of one block.
///
/// Multimodal: `r = softmax([W_i ψ_x, W_c ψ_y] K / τ + ε)` with one key (column of K) per expert (METHOD.md Eq. 4, 5). Unimodal:
/// `r = softmax(W ψ_y / τ + ε)` (Eq. 6).
struct Router {
  private let own: Linear?  // W_i: C → d_i
  private let cross: Linear  // W_c: d_y → d_c, or W: d_y → k
  private let keys: Parameter?  // K [d_i + d_c, k]
  private let configuration: MoPEConfiguration
  private let path: String

  init(_ configuration: MoPEConfiguration, width: Int, complementaryWidth: Int, _ scope: Scope) {
    let c = configuration
    self.configuration = c
    path = scope.path
    switch c.router {
    case .unimodal:
      own = nil
      cross = Linear(complementaryWidth, c.experts, scope / "cross")
      keys = nil
    case .multimodal:
      own = Linear(width, c.ownWidth, scope / "own")
      cross = Linear(complementaryWidth, c.crossWidth, scope / "cross")
      keys = scope.parameter(
        "keys", [c.ownWidth + c.crossWidth, c.experts], .orthogonal, trainable: c.learnsKeys)
    }
  }

  /// - Parameters:
  ///   - own: ψ_x, the pooled state of the block, `[B, C]`
  ///   - cross: ψ_y, `[B, d_y]`
  func callAsFunction(own state: Tensor, cross feature: Tensor, _ mode: Mode) -> Routing {
    var scores: Tensor  // [B, k]
    if let own, let keys {
      scores = matmul(concatenated([own(state), cross(feature)], axis: 1), keys.value)
    } else {
      scores = cross(feature)
    }
    scores = scores * (1 / configuration.temperature)
    if let noise = noise(scores.shape, mode) { scores = scores + noise }
    let softened = softmax(scores)
    switch configuration.gating {
    case .dense: return Routing(scores: softened, weights: softened)
    case .topOne: return Routing(scores: softened, weights: softened * winners(softened))
    case .topOneHard: return Routing(scores: softened, weights: winners(softened))
    }
  }

  private func noise(_ shape: [Int], _ mode: Mode) -> Tensor? {
    let deviation = configuration.noise.deviation(experts: configuration.experts)
    guard case .training(let random) = mode, deviation > 0 else { return nil }
    var stream = random.stream("\(path).noise")
    return Tensor((0..<shape.product).map { _ in deviation * Float(stream.normal()) }, shape)
  }

  /// 1 at the largest entry of each row (the first of equals), else 0.
  private func winners(_ scores: Tensor) -> Tensor {
    let (b, k) = scores.shape2
    var mask = [Float](repeating: 0, count: b * k)
    for (row, winner) in argmax(scores).enumerated() { mask[row * k + Int(winner)] = 1 }
    return Tensor(mask, [b, k])
  }
}

/// CV² of the experts' summed weights in a batch, 0 without gradient up to `threshold` (METHOD.md §3.7, Eq. 7).
/// - Parameter weights: of one block, `[B, k]`
public func importanceLoss(_ weights: Tensor, threshold: Float) -> Tensor {
  guard weights.shape2.1 > 1 else { return Tensor(0) }
  let squared = squaredCoefficientOfVariation(sum(weights, axis: 0))
  return squared.item > threshold ? squared : Tensor(0)
}
