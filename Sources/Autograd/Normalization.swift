import CKernels
import Determinism

/// Normalises the last axis to mean 0 and variance 1, then scales and shifts (Ba et al. 2016; PyTorch
/// `F.layer_norm`). `[..., C]` → `[..., C]`
public func layerNorm(
  _ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float
) -> Tensor {
  let n = checkedWidth(x, weight, bias)
  let (y, statistics) = (Tensor.empty(x.shape), Tensor.empty([2, x.rows]))
  parallel(x.rows, work: 4 * x.count) { part in
    let (row, start) = (part.lowerBound, part.lowerBound * n)
    kernels.layer_norm(
      part.count, n, x.pointer + start, weight.pointer, bias.pointer, epsilon,
      y.mutablePointer + start, statistics.mutablePointer + row,
      statistics.mutablePointer + x.rows + row)
  }
  return y.derived(
    from: [x, weight, bias], layerNormGradient(x.detached, weight.detached, statistics))
}

/// `sum = a + b` and `layerNorm(sum)`, in one pass.
public func residualLayerNorm(
  _ a: Tensor, _ b: Tensor, weight: Tensor, bias: Tensor, epsilon: Float
) -> (sum: Tensor, normalized: Tensor) {
  require(a.shape == b.shape, "residualLayerNorm: shapes \(a.shape) and \(b.shape) differ")
  let n = checkedWidth(a, weight, bias)
  let (sum, y) = (Tensor.empty(a.shape), Tensor.empty(a.shape))
  let statistics = Tensor.empty([2, a.rows])
  parallel(a.rows, work: 4 * a.count) { part in
    let (row, start) = (part.lowerBound, part.lowerBound * n)
    kernels.residual_layer_norm(
      part.count, n, a.pointer + start, b.pointer + start, weight.pointer, bias.pointer, epsilon,
      sum.mutablePointer + start, y.mutablePointer + start, statistics.mutablePointer + row,
      statistics.mutablePointer + a.rows + row)
  }
  let total = sum.derived(from: [a, b]) { gradient, _ in [gradient, gradient] }
  let gradient = layerNormGradient(sum, weight.detached, statistics)
  return (total, y.derived(from: [total, weight, bias], gradient))
}

private func checkedWidth(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Int {
  let n = x.lastAxis
  require(
    weight.shape == [n] && bias.shape == [n],
    "layerNorm: input \(x.shape) with weight \(weight.shape) and bias \(bias.shape)")
  return n
}

private func layerNormGradient(
  _ x: Tensor, _ weight: Tensor, _ statistics: Tensor
) -> (Tensor, [Bool]) -> [Tensor?] {
  let (rows, n) = (x.rows, x.lastAxis)
  return { gradient, needs in
    let dx = Tensor.empty(x.shape)
    let dWeight = needs[1] ? Tensor.zeros([n]) : nil
    let dBias = needs[2] ? Tensor.zeros([n]) : nil
    let sums = needs[1] || needs[2]  // sums over rows must not depend on how rows are cut
    parallel(sums ? 1 : rows, work: 6 * x.count) { part in
      let part = sums ? 0..<rows : part
      let (row, start) = (part.lowerBound, part.lowerBound * n)
      kernels.layer_norm_gradient(
        part.count, n, x.pointer + start, weight.pointer, statistics.pointer + row,
        statistics.pointer + rows + row, gradient.pointer + start, dx.mutablePointer + start,
        dWeight?.mutablePointer, dBias?.mutablePointer)
    }
    return [needs[0] ? dx : nil, dWeight, dBias]
  }
}

/// Normalises every column over all rows (Ioffe and Szegedy 2015; PyTorch `F.batch_norm` in training mode, channels
/// last). `[..., C]` → `[..., C]`
/// - Returns: also the mean and the biased variance of each column, for running statistics.
public func batchNorm(
  _ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float
) -> (output: Tensor, mean: [Float], variance: [Float]) {
  let (b, c) = (x.rows, x.lastAxis)
  require(b > 1, "batchNorm: \(b) rows have no variance; use at least 2")
  let normalized = Tensor.empty(x.shape)
  let (source, target) = (x.pointer, normalized.mutablePointer)
  let means = columnSums(b, c) { sums, i in
    for j in 0..<c { sums[j] += Double(source[i * c + j]) }
  }.map { $0 / Double(b) }
  let squares = means.withUnsafeBufferPointer { means in
    columnSums(b, c) { sums, i in
      for j in 0..<c {
        let difference = Double(source[i * c + j]) - means[j]
        sums[j] += difference * difference
      }
    }
  }
  let mean = means.map { Float($0) }
  let inverse = squares.map { Float(1 / ($0 / Double(b) + Double(epsilon)).squareRoot()) }
  mean.withUnsafeBufferPointer { mean in
    inverse.withUnsafeBufferPointer { inverse in
      for i in 0..<b {
        for j in 0..<c { target[i * c + j] = (source[i * c + j] - mean[j]) * inverse[j] }
      }
    }
  }
  let core = normalized.derived(from: [x]) { gradient, _ in
    [batchNormGradient(gradient, normalized, inverse)]
  }
  return (core * weight + bias, mean, squares.map { Float($0 / Double(b)) })
}

/// dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) / σ, column by column
private func batchNormGradient(
  _ gradient: Tensor, _ normalized: Tensor, _ inverse: [Float]
) -> Tensor {
  let (b, c) = (gradient.rows, gradient.lastAxis)
  let dx = Tensor.empty(gradient.shape)
  let (dy, hat, out) = (gradient.pointer, normalized.pointer, dx.mutablePointer)
  let mean = columnSums(b, c) { sums, i in
    for j in 0..<c { sums[j] += Double(dy[i * c + j]) }
  }.map { Float($0 / Double(b)) }
  let dot = columnSums(b, c) { sums, i in
    for j in 0..<c { sums[j] += Double(dy[i * c + j]) * Double(hat[i * c + j]) }
  }.map { Float($0 / Double(b)) }
  mean.withUnsafeBufferPointer { mean in
    dot.withUnsafeBufferPointer { dot in
      inverse.withUnsafeBufferPointer { scale in
        for i in 0..<b {
          for j in 0..<c {
            let place = i * c + j
            out[place] = (dy[place] - mean[j] - hat[place] * dot[j]) * scale[j]
          }
        }
      }
    }
  }
  return dx
}

/// Sums of `columns` columns, to which `add` adds row after row.
private func columnSums(
  _ rows: Int, _ columns: Int, _ add: (UnsafeMutablePointer<Double>, Int) -> Void
) -> [Double] {
  [Double](unsafeUninitializedCapacity: columns) { buffer, initialized in
    buffer.initialize(repeating: 0)
    initialized = columns
    guard let sums = buffer.baseAddress else { return }
    for i in 0..<rows { add(sums, i) }
  }
}
