import CKernels
import Determinism

/// The sum of all elements, accumulated in double.
public func sum(_ x: Tensor) -> Tensor {
  let shape = x.shape
  return Tensor(Float(kernels.sum(x.count, x.pointer))).derived(from: [x]) { gradient, _ in
    [.full(shape, gradient.item)]
  }
}

/// The mean of all elements.
public func mean(_ x: Tensor) -> Tensor {
  require(x.count > 0, "mean: no elements")
  return sum(x) * (1 / Float(x.count))
}

/// The mean of scalars.
public func mean(_ scalars: [Tensor]) -> Tensor {
  require(!scalars.isEmpty, "mean: expected at least one scalar")
  return mean(concatenated(scalars.map { $0.reshaped(1) }, axis: 0))
}

/// The mean over one axis, which disappears: `[B, N, C]`, axis 1 → `[B, C]`.
public func mean(_ x: Tensor, axis: Int) -> Tensor {
  let n = x.shape[axis]
  require(n > 0, "mean: axis \(axis) of \(x.shape) is empty")
  return sum(x, axis: axis) * (1 / Float(n))
}

/// The sum over one axis, which disappears.
public func sum(_ x: Tensor, axis: Int) -> Tensor {
  require(axis >= 0 && axis < x.rank, "sum: \(x.shape) has no axis \(axis)")
  let outer = Array(x.shape[..<axis]).product
  let n = x.shape[axis]
  let inner = Array(x.shape[(axis + 1)...]).product
  var sizes = x.shape
  sizes.remove(at: axis)
  let y = Tensor.zeros(sizes)
  for i in 0..<outer {
    kernels.add_column_sums(
      n, inner, x.pointer + i * n * inner, inner, y.mutablePointer + i * inner)
  }
  let old = x.shape
  return y.derived(from: [x]) { gradient, _ in
    let dx = Tensor.empty(old)
    for i in 0..<outer {
      for j in 0..<n {
        (dx.mutablePointer + (i * n + j) * inner)
          .update(from: gradient.pointer + i * inner, count: inner)
      }
    }
    return [dx]
  }
}

/// The largest of each column over one axis, which disappears (torch.max): `[B, N, C]`, axis 1 → `[B, C]`. The first of
/// equals has the gradient.
public func maximum(_ x: Tensor, axis: Int) -> Tensor {
  require(axis >= 0 && axis < x.rank && x.shape[axis] > 0, "maximum: \(x.shape) has no axis \(axis)")
  let n = x.shape[axis]
  let inner = Array(x.shape[(axis + 1)...]).product
  var sizes = x.shape
  sizes.remove(at: axis)
  let y = Tensor.empty(sizes)
  var sources = [Int](repeating: 0, count: y.count)  // in x
  for i in 0..<y.count {
    let first = i / inner * n * inner + i % inner
    let largest = stride(from: first, to: first + n * inner, by: inner).max {
      x.pointer[$0] < x.pointer[$1] || x.pointer[$0] == x.pointer[$1] && $0 > $1
    }
    sources[i] = largest ?? first
    y.mutablePointer[i] = x.pointer[sources[i]]
  }
  let old = x.shape
  return y.derived(from: [x]) { gradient, _ in
    let dx = Tensor.zeros(old)
    for (i, source) in sources.enumerated() { dx.mutablePointer[source] = gradient.pointer[i] }
    return [dx]
  }
}

/// The column of the largest element of each row, the first of equals (torch.argmax): `[B, k]` → B numbers.
public func argmax(_ x: Tensor) -> [Int32] {
  let (b, k) = x.shape2
  require(k > 0, "argmax: rows of \(x.shape) are empty")
  return x.withElements { elements in
    (0..<b).map { i in
      let row = UnsafeBufferPointer(rebasing: elements[i * k..<(i + 1) * k])
      return Int32(row.indexOfLargest ?? 0)
    }
  }
}

/// `(standard deviation / mean)²` of the elements, with the unbiased standard deviation (n − 1).
public func squaredCoefficientOfVariation(_ x: Tensor) -> Tensor {
  let n = x.count
  require(n > 1, "squaredCoefficientOfVariation: expected at least 2 elements, found \(n)")
  let values = x.values.map(Double.init)
  let average = values.reduce(0, +) / Double(n)
  let variance = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(n - 1)
  let shape = x.shape
  return Tensor(Float(variance / (average * average))).derived(from: [x]) { gradient, _ in
    // ∂(v/m²)/∂xᵢ = 2(xᵢ − m)/((n−1) m²) − 2v/(n m³)
    let dx = values.map { value in
      let first = 2 * (value - average) / (Double(n - 1) * average * average)
      let second = 2 * variance / (Double(n) * average * average * average)
      return Float(Double(gradient.item) * (first - second))
    }
    return [Tensor(dx, shape)]
  }
}
