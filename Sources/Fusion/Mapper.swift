import Autograd
import Determinism
import NN

/// How many blocks share one mapped prompt; it decides how strong the mapped prompt alone is.
public enum MapperSharing: Codable, Hashable, Sendable {
  /// One up-projection per run of blocks of equal width: one per Swin stage, one for a whole plain Transformer.
  case perWidth
  /// One up-projection per this many consecutive blocks, within runs of equal width.
  case perBlocks(Int)

  /// The up-projection of each block, numbered from 0.
  public func groups(_ widths: [Int]) -> [Int] {
    var groups: [Int] = []
    var (group, run) = (-1, 0)
    for (i, width) in widths.enumerated() {
      let limit = if case .perBlocks(let count) = self { count } else { Int.max }
      if i == 0 || width != widths[i - 1] || run == limit {
        group += 1
        run = 0
      }
      run += 1
      groups.append(group)
    }
    return groups
  }
}

/// What normalises inside the mapper (METHOD.md §4, Eq. 9).
public enum MapperNorm: String, Codable, Hashable, Sendable {
  case batch
  /// Batch norm that always uses its initial statistics: a learned scale and shift (the authors' multimodal path).
  case frozenStatistics
  case none
}

/// `f_m`: the complementary feature as one prompt per group of blocks (METHOD.md §4, Eq. 9).
///
///     h = GELU(BN(A ψ_y)),  P_m = Dropout(GELU(U_g h))
struct Mapper {
  private let down: Linear  // A: d_y → d_y/2
  private let norm: BatchNorm?
  private let up: [Linear]  // U_g: d_y/2 → C_g
  private let groups: [Int]
  private let configuration: MoPEConfiguration
  private let path: String

  init(_ configuration: MoPEConfiguration, from inputs: Int, to widths: [Int], _ scope: Scope) {
    self.configuration = configuration
    path = scope.path
    let hidden = inputs / 2
    down = Linear(inputs, hidden, scope / "down")
    norm =
      configuration.mapperNorm == .none
      ? nil
      : BatchNorm(
        hidden, frozenStatistics: configuration.mapperNorm == .frozenStatistics, scope / "norm")
    let groups = configuration.mapperSharing.groups(widths)
    self.groups = groups
    up = (0...(groups.last ?? 0)).map { group in
      let width = widths[groups.firstIndex(of: group) ?? 0]
      return Linear(hidden, width, scope / "up" / group)
    }
  }

  /// ψ_y `[B, d_y]` → the mapped prompt `[B, 1, C]` of every block; blocks of a group share one (masked) token.
  func callAsFunction(_ feature: Tensor, _ mode: Mode) -> [Tensor] {
    let lowered = down(feature)
    let hidden = gelu(norm.map { $0(lowered, mode) } ?? lowered)  // [B, d_y/2]
    let rate = configuration.dropsPrompts == .none ? 0 : configuration.promptDropout
    let tokens = up.enumerated().map { group, up in
      let mapped = configuration.mapperOutputGELU ? up.gelu(hidden) : up(hidden)  // [B, C]
      return dropped(mapped, rate, mode, "\(path).\(group)")
        .reshaped(mapped.shape[0], 1, mapped.shape[1])
    }
    return groups.map { tokens[$0] }
  }
}
