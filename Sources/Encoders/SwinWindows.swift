import Autograd
import Determinism

/// The windows of a square feature map, cyclically shifted up and left (Liu et al. 2021, §3.2).
struct SwinWindows: Hashable {
  /// Patches along the side of the map.
  let side: Int
  /// Patches along the side of a window (M).
  let window: Int
  let shift: Int

  /// For each place, window after window and row after row in it, the patch that lies there; patches are counted in
  /// rows from the top left.
  var patches: [Int] {
    let across = side / window
    return (0..<side * side).map { place in
      let (index, inside) = (place / (window * window), place % (window * window))
      let row = (index / across * window + inside / window + shift) % side
      let column = (index % across * window + inside % window + shift) % side
      return row * side + column
    }
  }

  /// The kind of each window: whether it is in the last row (2) and in the last column (1) of windows, where a shift
  /// brings patches from opposite edges together. Without a shift all are of one kind.
  var kinds: [Int] {
    let across = side / window
    return (0..<across * across).map {
      shift == 0 ? 0 : ($0 / across == across - 1 ? 2 : 0) + ($0 % across == across - 1 ? 1 : 0)
    }
  }

  /// `[kinds, M², M²]`: −100 between patches that are no neighbours on the map, else 0.
  var masks: Tensor {
    let tokens = window * window
    var values: [Float] = []
    for kind in 0..<(shift == 0 ? 1 : 4) {
      func region(_ place: Int) -> Int {
        (kind & 2 != 0 && place / window >= window - shift ? 2 : 0)
          + (kind & 1 != 0 && place % window >= window - shift ? 1 : 0)
      }
      let regions = (0..<tokens).map(region)
      for own in regions {
        for other in regions { values.append(own == other ? 0 : -100) }
      }
    }
    return Tensor(values, [values.count / (tokens * tokens), tokens, tokens])
  }
}

/// In which order the patches of an image lie in the rows of a matrix.
enum PatchOrder: Hashable {
  /// In rows from the top left.
  case raster(side: Int)
  case windows(SwinWindows)

  private var patches: [Int] {
    switch self {
    case .raster(let side): Array(0..<side * side)
    case .windows(let windows): windows.patches
    }
  }

  /// For each place of this order, where that patch lies in `current`; nil if the two are the same order.
  func places(in current: PatchOrder) -> [Int32]? {
    let there = current.rowOfPatch
    let order = patches.map { there[$0] }
    return order.indices.allSatisfy { Int(order[$0]) == $0 } ? nil : order
  }

  /// For each place of this order on the merged map, the four patches that are merged there: (0, 0), (1, 0), (0, 1),
  /// (1, 1) in (row, column), as rows of `current`.
  func merged(from current: PatchOrder, side: Int) -> [Int32] {
    let there = current.rowOfPatch
    return patches.flatMap { patch in
      let first = 2 * (patch / side) * 2 * side + 2 * (patch % side)
      return [0, 2 * side, 1, 2 * side + 1].map { there[first + $0] }
    }
  }

  private var rowOfPatch: [Int32] {
    let patches = patches
    var rows = [Int32](repeating: 0, count: patches.count)
    for (row, patch) in patches.enumerated() { rows[patch] = Int32(row) }
    return rows
  }
}
