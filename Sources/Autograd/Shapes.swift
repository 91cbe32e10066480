import Determinism

extension Tensor {
  /// The same elements in another shape.
  public func reshaped(_ sizes: Int...) -> Tensor { reshaped(to: sizes) }

  /// The same elements in another shape.
  public func reshaped(to sizes: [Int]) -> Tensor {
    require(sizes.product == count, "reshaped: \(shape) has not the \(sizes.product) elements of \(sizes)")
    let old = shape
    return Tensor(storage: storage, offset: offset, shape: sizes)
      .derived(from: [self]) { gradient, _ in [gradient.reshaped(to: old)] }
  }

  /// Axes in the order given: `x.transposed(0, 2, 1)` swaps the last two of three.
  public func transposed(_ axes: Int...) -> Tensor { transposed(axes: axes) }

  func transposed(axes: [Int]) -> Tensor {
    require(axes.sorted() == Array(0..<rank), "transposed: \(axes) does not order the axes of \(shape)")
    let y = Tensor.empty(axes.map { shape[$0] })
    copyTransposed(from: pointer, shape: shape, axes: axes, to: y.mutablePointer)
    var inverse = axes
    for (i, axis) in axes.enumerated() { inverse[axis] = i }
    let back = inverse
    return y.derived(from: [self]) { gradient, _ in [gradient.transposed(axes: back)] }
  }

  /// Entries `range` of an axis.
  public func slice(_ range: Range<Int>, axis: Int = 0) -> Tensor {
    require(
      axis < rank && range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "slice: \(range) of axis \(axis) is outside of \(shape)")
    var sizes = shape
    sizes[axis] = range.count
    let outer = Array(shape[..<axis]).product
    let inner = Array(shape[(axis + 1)...]).product
    let (stride, start, length) = (shape[axis] * inner, range.lowerBound * inner, range.count * inner)
    let old = shape
    let y: Tensor
    if outer == 1 {  // contiguous: a view
      y = Tensor(storage: storage, offset: offset + start, shape: sizes)
    } else {
      y = .empty(sizes)
      for i in 0..<outer {
        (y.mutablePointer + i * length).update(from: pointer + i * stride + start, count: length)
      }
    }
    return y.derived(from: [self]) { gradient, _ in
      let dx = Tensor.zeros(old)
      for i in 0..<outer {
        (dx.mutablePointer + i * stride + start)
          .update(from: gradient.pointer + i * length, count: length)
      }
      return [dx]
    }
  }

  /// A leading axis of `count` equal entries: `[...]` → `[count, ...]`.
  public func repeated(_ count: Int) -> Tensor {
    let n = self.count
    let y = Tensor.empty([count] + shape)
    for i in 0..<count { (y.mutablePointer + i * n).update(from: pointer, count: n) }
    let old = shape
    return y.derived(from: [self]) { gradient, _ in [columnSums(gradient, old)] }
  }

  /// Rows of the first axis by index, in the order given; an index may occur more than once.
  /// `[N, ...]` → `[indices, ...]` (PyTorch `index_select`, and the lookup of an embedding).
  public func gather(_ indices: [Int32]) -> Tensor {
    require(rank >= 1, "gather: a scalar has no rows")
    let inner = Array(shape.dropFirst()).product
    let y = Tensor.empty([indices.count] + shape.dropFirst())
    for (i, index) in indices.enumerated() {
      require(
        index >= 0 && Int(index) < shape[0], "gather: row \(index) of a tensor with \(shape[0]) rows")
      (y.mutablePointer + i * inner).update(from: pointer + Int(index) * inner, count: inner)
    }
    let old = shape
    return y.derived(from: [self]) { gradient, _ in
      let dx = Tensor.zeros(old)
      for (i, index) in indices.enumerated() {
        kernels.add_scaled(
          inner, 1, gradient.pointer + i * inner, dx.mutablePointer + Int(index) * inner)
      }
      return [dx]
    }
  }
}

/// Tensors one after the other along an axis; all other sizes are equal.
public func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
  require(!parts.isEmpty, "concatenated: expected at least one tensor")
  var sizes = parts[0].shape
  sizes[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
  for part in parts {
    var expected = sizes
    expected[axis] = part.shape[axis]
    require(part.shape == expected, "concatenated: \(part.shape) among \(parts.map(\.shape))")
  }
  let outer = Array(sizes[..<axis]).product
  let inner = Array(sizes[(axis + 1)...]).product
  let lengths = parts.map { $0.shape[axis] * inner }
  let total = sizes[axis] * inner
  let y = Tensor.empty(sizes)
  var start = 0
  for (part, length) in zip(parts, lengths) {
    for i in 0..<outer {
      (y.mutablePointer + i * total + start).update(from: part.pointer + i * length, count: length)
    }
    start += length
  }
  let shapes = parts.map(\.shape)
  return y.derived(from: parts) { gradient, needs in
    var start = 0
    return shapes.indices.map { p in
      defer { start += lengths[p] }
      guard needs[p] else { return nil }
      let dx = Tensor.empty(shapes[p])
      for i in 0..<outer {
        (dx.mutablePointer + i * lengths[p])
          .update(from: gradient.pointer + i * total + start, count: lengths[p])
      }
      return dx
    }
  }
}

/// Copies with the axes permuted; runs of the innermost axis are copied whole where it stays innermost.
private func copyTransposed(
  from source: UnsafePointer<Float>, shape: [Int], axes: [Int], to target: UnsafeMutablePointer<Float>
) {
  guard shape.product > 0 else { return }
  var strides = [Int](repeating: 1, count: shape.count)
  for i in stride(from: shape.count - 2, through: 0, by: -1) { strides[i] = strides[i + 1] * shape[i + 1] }
  let sizes = axes.map { shape[$0] }
  let steps = axes.map { strides[$0] }
  guard let last = sizes.last, let step = steps.last else {
    target[0] = source[0]
    return
  }
  var position = [Int](repeating: 0, count: sizes.count - 1)
  var (from, to) = (0, 0)
  while true {
    if step == 1 {
      (target + to).update(from: source + from, count: last)
    } else {
      for i in 0..<last { target[to + i] = source[from + i * step] }
    }
    to += last
    var axis = position.count - 1
    while axis >= 0 {
      position[axis] += 1
      from += steps[axis]
      if position[axis] < sizes[axis] { break }
      from -= steps[axis] * sizes[axis]
      position[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}
