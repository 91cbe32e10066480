import Autograd
import Determinism
import NN

/// `x + attention(norm(x))` in windows, then `x + MLP(norm(x))`, over the rows of patches and prompts.
struct SwinBlock {
  let windows: SwinWindows
  private let heads: Int
  private let width: Int
  private let norm1, norm2: LayerNorm
  private let qkv: Linear  // query, key, value stacked
  private let biasTable: Parameter  // [(2M − 1)², H]
  private let projection: Linear
  private let up, down: Linear
  /// How often a branch is skipped in training.
  private let dropPath: Float
  private let kinds: [Int]
  private let frozenBias = FrozenBias()

  init(_ shape: SwinStageShape, block: Int, _ c: SwinConfiguration, dropPath: Float, _ scope: Scope) {
    let width = shape.width
    windows = SwinWindows(side: shape.side, window: shape.window, shift: shape.shift(block: block))
    kinds = windows.kinds
    heads = shape.heads
    self.width = width
    norm1 = LayerNorm(width, epsilon: c.epsilon, scope / "layernorm_before")
    norm2 = LayerNorm(width, epsilon: c.epsilon, scope / "layernorm_after")
    let attention = scope / "attention"
    qkv = Linear(width, width, stacking: ["query", "key", "value"], attention / "self")
    let offsets = (2 * shape.window - 1) * (2 * shape.window - 1)
    biasTable = (attention / "self").parameter(
      "relative_position_bias_table", [offsets, heads], .normal(0.02))
    projection = Linear(width, width, attention / "output" / "dense")
    let hidden = Int(c.hiddenRatio * Double(width))
    up = Linear(width, hidden, scope / "intermediate" / "dense")
    down = Linear(hidden, width, scope / "output" / "dense")
    // While prompts are tuned the frozen encoder runs as in evaluation (METHOD.md §11).
    self.dropPath = qkv.weight.isTrainable ? dropPath : 0
  }

  /// - Parameters:
  ///   - x: rows in the order of `windows`, `[B·(N + P), C]`
  ///   - random: nil in evaluation.
  func callAsFunction(
    _ x: Tensor, _ rows: PromptedRows, sharing: WindowPrompts, _ random: RandomStream?
  ) -> Tensor {
    let layout = WindowLayout(rows, windowTokens: windows.window * windows.window, sharing: sharing)
    let bias = WindowBias(biasValues(prompts: rows.prompts), kinds: kinds)
    let attended = windowAttention(qkv(norm1(x)), layout, heads: heads, bias: bias)  // [rows, C]
    let first = skipping(projection(attended), rows, random?.stream("attention"))
    let (sum, normalized) = norm2(adding: x, first)
    return sum + skipping(down(up.gelu(normalized)), rows, random?.stream("MLP"))
  }

  /// `[kinds, H, P + M², P + M²]`
  private func biasValues(prompts: Int) -> Tensor {
    func make() -> Tensor {
      relativeBias(biasTable.value, side: windows.window, masks: windows.masks, prompts: prompts)
    }
    return biasTable.isTrainable ? make() : frozenBias.value(prompts: prompts, make)
  }

  /// Stochastic depth: 0 for the images whose branch is skipped, the others scaled up.
  private func skipping(_ x: Tensor, _ rows: PromptedRows, _ random: RandomStream?) -> Tensor {
    guard var random, dropPath > 0 else { return x }
    let kept = 1 - Double(dropPath)
    return x.multiplied(
      rows, by: (0..<rows.images).map { _ in random.uniform(0, 1) < kept ? Float(1 / kept) : 0 })
  }
}

/// The bias of a frozen block, made once for each number of prompts.
private final class FrozenBias {
  private var made: (prompts: Int, values: Tensor)?

  func value(prompts: Int, _ make: () -> Tensor) -> Tensor {
    if let made, made.prompts == prompts { return made.values }
    let values = make()
    made = (prompts, values)
    return values
  }
}

/// 2 × 2 patches → one of twice the channels; a prompt is repeated four times along its channels first
/// (METHOD.md §5.1).
struct SwinMerging {
  private let norm: LayerNorm
  private let reduction: Linear

  init(_ width: Int, epsilon: Float, _ scope: Scope) {
    norm = LayerNorm(4 * width, epsilon: epsilon, scope / "norm")
    reduction = Linear(4 * width, 2 * width, bias: false, scope / "reduction")
  }

  /// `[B·(N + P), C]` → `[B·(N/4 + P), 2C]`
  /// - Parameter order: the four rows of each merged patch, one after the other (`PatchOrder.merged`).
  func callAsFunction(_ x: Tensor, _ rows: PromptedRows, order: [Int32]) -> Tensor {
    let width = x.lastAxis
    let prompts = rows.images * rows.prompts
    var repeated: Tensor?
    if prompts > 0 {
      repeated = x.slice(rows.tokenRows..<rows.count)
        .gather((0..<4 * prompts).map { Int32($0 / 4) })  // [4·B·P, C]
    }
    let merged = x.arranged(rows, order: order, prompts: repeated)  // [B·N + 4·B·P, C]
      .reshaped(rows.tokenRows / 4 + prompts, 4 * width)
    return reduction(norm(merged))
  }
}
