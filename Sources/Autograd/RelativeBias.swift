import CKernels
import Determinism

/// A relative position bias and masks as one table to add to the scores of windows (`WindowBias.values`).
///
/// Entry `[kind, h, P + i, P + j]` is `table[(Δrow + M − 1)(2M − 1) + Δcolumn + M − 1, h] + mask[kind, i, j]`, where Δ leads
/// from token j to token i (Liu et al. 2021, eq. 4). Prompts come first and get 0.
/// - Parameters:
///   - table: `[(2M − 1)², H]`
///   - side: tokens along a window's side (M)
///   - masks: `[kinds, M², M²]`
///   - prompts: P
/// - Returns: `[kinds, H, P + M², P + M²]`
public func relativeBias(_ table: Tensor, side: Int, masks: Tensor, prompts: Int) -> Tensor {
  let (entries, heads) = table.shape2
  let (kinds, tokens, _) = masks.shape3
  require(
    entries == (2 * side - 1) * (2 * side - 1) && masks.shape == [kinds, side * side, side * side],
    "relativeBias: a table \(table.shape) and masks \(masks.shape) for windows of \(side)×\(side)")
  let keys = prompts + tokens
  let y = Tensor.zeros([kinds, heads, keys, keys])
  forEachPair(side) { i, j, entry in
    for kind in 0..<kinds {
      let mask = masks.pointer[(kind * tokens + i) * tokens + j]
      for h in 0..<heads {
        y.mutablePointer[((kind * heads + h) * keys + prompts + i) * keys + prompts + j] =
          table.pointer[entry * heads + h] + mask
      }
    }
  }
  return y.derived(from: [table]) { gradient, _ in
    let dTable = Tensor.zeros([entries, heads])
    forEachPair(side) { i, j, entry in
      for row in 0..<kinds * heads {
        dTable.mutablePointer[entry * heads + row % heads] +=
          gradient.pointer[(row * keys + prompts + i) * keys + prompts + j]
      }
    }
    return [dTable]
  }
}

/// All pairs of tokens of a window with the table entry of their offset.
private func forEachPair(_ side: Int, _ body: (_ i: Int, _ j: Int, _ entry: Int) -> Void) {
  for i in 0..<side * side {
    for j in 0..<side * side {
      let rows = i / side - j / side + side - 1
      let columns = i % side - j % side + side - 1
      body(i, j, rows * (2 * side - 1) + columns)
    }
  }
}
