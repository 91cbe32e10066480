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
  return y.derived(from: [x, weight, bias], layerNormGradient(x.detached, weight.detached, statistics))
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

/// Normalises every column over the rows of a batch (Ioffe and Szegedy 2015; PyTorch `F.batch_norm` in training
/// mode). `[B, C]` → `[B, C]`
/// - Returns: also the batch's mean and biased variance per column, for running statistics.
public func batchNorm(
  _ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float
) -> (output: Tensor, mean: [Float], variance: [Float]) {
  let (b, c) = x.shape2
  require(b > 1, "batchNorm: a batch of \(b) has no variance; use at least 2 samples")
  var mean = [Float](repeating: 0, count: c)
  var variance = [Float](repeating: 0, count: c)
  let normalized = Tensor.empty(x.shape)
  let source = x.pointer
  let target = normalized.mutablePointer
  var inverse = [Float](repeating: 0, count: c)
  for j in 0..<c {
    var sum = 0.0
    for i in 0..<b { sum += Double(source[i * c + j]) }
    let average = sum / Double(b)
    var squares = 0.0
    for i in 0..<b {
      let difference = Double(source[i * c + j]) - average
      squares += difference * difference
    }
    mean[j] = Float(average)
    variance[j] = Float(squares / Double(b))
    inverse[j] = Float(1 / (squares / Double(b) + Double(epsilon)).squareRoot())
    for i in 0..<b { target[i * c + j] = (source[i * c + j] - mean[j]) * inverse[j] }
  }
  let scale = inverse
  let core = normalized.derived(from: [x]) { gradient, _ in
    // dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) / σ, column by column
    let dx = Tensor.empty(gradient.shape)
    let (dy, hat, out) = (gradient.pointer, normalized.pointer, dx.mutablePointer)
    for j in 0..<c {
      var (sum, dot) = (0.0, 0.0)
      for i in 0..<b {
        sum += Double(dy[i * c + j])
        dot += Double(dy[i * c + j]) * Double(hat[i * c + j])
      }
      let (meanGradient, meanDot) = (Float(sum / Double(b)), Float(dot / Double(b)))
      for i in 0..<b {
        out[i * c + j] = (dy[i * c + j] - meanGradient - hat[i * c + j] * meanDot) * scale[j]
      }
    }
    return [dx]
  }
  return (core * weight + bias, mean, variance)
}
