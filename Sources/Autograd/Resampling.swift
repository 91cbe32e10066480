import Determinism

extension Tensor {
  /// Maps in another size by bilinear interpolation (PyTorch `F.interpolate`, `align_corners=False`, without
  /// anti-aliasing): `[B, H, W, C]` → `[B, height, width, C]`.
  public func resized(_ height: Int, _ width: Int) -> Tensor {
    let (b, h, w, c) = shape4
    require(
      height > 0 && width > 0 && h > 0 && w > 0, "resized: \(shape) to \(height) × \(width)")
    if (h, w) == (height, width) { return self }
    let (rows, columns) = (neighbours(h, height), neighbours(w, width))
    let y = Tensor.empty([b, height, width, c])
    let line = Tensor.empty([w * c])  // a row of the result, still `w` wide
    for image in 0..<b {
      let source = pointer + image * h * w * c
      for (i, row) in rows.enumerated() {
        let (upper, lower) = (source + row.first * w * c, source + row.second * w * c)
        blend(w * c, upper, lower, row.weight, line.mutablePointer)
        let target = y.mutablePointer + (image * height + i) * width * c
        for (j, column) in columns.enumerated() {
          blend(
            c, line.pointer + column.first * c, line.pointer + column.second * c, column.weight,
            target + j * c)
        }
      }
    }
    return y.derived(from: [self]) { dy, _ in
      let dx = Tensor.zeros([b, h, w, c])
      let line = Tensor.empty([w * c])
      for image in 0..<b {
        let target = dx.mutablePointer + image * h * w * c
        for (i, row) in rows.enumerated() {
          line.mutablePointer.update(repeating: 0, count: w * c)
          let slope = dy.pointer + (image * height + i) * width * c
          for (j, column) in columns.enumerated() {
            share(
              c, slope + j * c, column.weight, line.mutablePointer + column.first * c,
              line.mutablePointer + column.second * c)
          }
          share(
            w * c, line.pointer, row.weight, target + row.first * w * c, target + row.second * w * c
          )
        }
      }
      return [dx]
    }
  }

  /// Means over a grid of cells that cover the map, as equal as they can be; neighbouring cells may share a row
  /// (PyTorch `F.adaptive_avg_pool2d`): `[B, H, W, C]` → `[B, cells, cells, C]`.
  public func pooled(cells: Int) -> Tensor {
    let (b, h, w, c) = shape4
    require(cells > 0 && h > 0 && w > 0, "pooled: \(shape) to \(cells) × \(cells)")
    func range(_ cell: Int, _ count: Int) -> Range<Int> {
      cell * count / cells..<((cell + 1) * count + cells - 1) / cells
    }
    /// Calls `body` for every place of the map in every cell: cell, place, share of the place.
    func forEach(_ body: (Int, Int, Float) -> Void) {
      for image in 0..<b {
        for i in 0..<cells {
          for j in 0..<cells {
            let (rows, columns) = (range(i, h), range(j, w))
            let part = 1 / Float(rows.count * columns.count)
            for row in rows {
              for column in columns {
                body(
                  ((image * cells + i) * cells + j) * c, ((image * h + row) * w + column) * c, part)
              }
            }
          }
        }
      }
    }
    let y = Tensor.zeros([b, cells, cells, c])
    forEach { kernels.add_scaled(c, $2, pointer + $1, y.mutablePointer + $0) }
    return y.derived(from: [self]) { dy, _ in
      let dx = Tensor.zeros([b, h, w, c])
      forEach { kernels.add_scaled(c, $2, dy.pointer + $0, dx.mutablePointer + $1) }
      return [dx]
    }
  }
}

/// Two places of a line and how much of the second goes into a new one.
private struct Neighbours {
  let first, second: Int
  let weight: Float
}

/// For each of `target` places, between which of `source` places it lies; places are the middles of equal cells.
private func neighbours(_ source: Int, _ target: Int) -> [Neighbours] {
  (0..<target).map { i in
    let position = max(0, (Float(i) + 0.5) * (Float(source) / Float(target)) - 0.5)
    let first = min(Int(position), source - 1)
    return Neighbours(
      first: first, second: min(first + 1, source - 1), weight: position - Float(first))
  }
}

/// y = (1 − weight) a + weight b
private func blend(
  _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ weight: Float,
  _ y: UnsafeMutablePointer<Float>
) {
  let rest = 1 - weight
  for i in 0..<n { y[i] = rest * a[i] + weight * b[i] }
}

/// a += (1 − weight) y, b += weight y; `a` and `b` may be the same.
private func share(
  _ n: Int, _ y: UnsafePointer<Float>, _ weight: Float, _ a: UnsafeMutablePointer<Float>,
  _ b: UnsafeMutablePointer<Float>
) {
  let rest = 1 - weight
  for i in 0..<n { a[i] += rest * y[i] }
  for i in 0..<n { b[i] += weight * y[i] }
}
