import Determinism

/// Convolution over time (PyTorch `F.conv1d` without padding, channels last): `[B, T, C]` → `[B, T′, outputs]` with
/// `T′ = (T − width) / stride + 1`.
///
/// A product with strided views of the input, without a copy of the windows: in a row-major input the `stride` steps
/// from t·stride on are one row of a matrix.
/// - Parameters:
///   - weight: `[outputs, width, C / groups]`
///   - groups: outputs and channels in as many parts that do not see one another.
public func conv1d(_ x: Tensor, _ weight: Tensor, stride: Int = 1, groups: Int = 1) -> Tensor {
  let call = Convolution(x.shape, weight.shape, stride: stride, groups: groups)
  let y = Tensor.empty([call.batch, call.steps, call.outputs])
  call.forEachProduct { at in
    gemm(
      call.steps, call.groupOutputs, at.inner,
      MatrixView(pointer: x.pointer + at.input, stride: call.inputStride),
      MatrixView(pointer: weight.pointer + at.weight, stride: call.weightStride, transposed: true),
      y.mutablePointer + at.output, stride: call.outputs, beta: at.isFirst ? 0 : 1)
  }
  let savedX = weight.requiresGradient ? x.detached : nil
  let savedWeight = x.requiresGradient ? weight.detached : nil
  let shapes = (x: x.shape, weight: weight.shape)
  return y.derived(from: [x, weight]) { dy, _ in
    let dx = savedWeight.map { weight in
      let dx = Tensor.zeros(shapes.x)
      call.forEachProduct { at in
        gemm(
          call.steps, at.inner, call.groupOutputs,
          MatrixView(pointer: dy.pointer + at.output, stride: call.outputs),
          MatrixView(pointer: weight.pointer + at.weight, stride: call.weightStride),
          dx.mutablePointer + at.input, stride: call.inputStride, beta: 1)
      }
      return dx
    }
    let dWeight = savedX.map { x in
      let dWeight = Tensor.zeros(shapes.weight)
      call.forEachProduct { at in
        gemm(
          call.groupOutputs, at.inner, call.steps,
          MatrixView(pointer: dy.pointer + at.output, stride: call.outputs, transposed: true),
          MatrixView(pointer: x.pointer + at.input, stride: call.inputStride),
          dWeight.mutablePointer + at.weight, stride: call.weightStride, beta: 1)
      }
      return dWeight
    }
    return [dx, dWeight]
  }
}

/// A convolution as a sum of matrix products.
private struct Convolution {
  let batch, time, channels, outputs, width, stride, groups: Int
  /// T′
  let steps: Int

  init(_ x: [Int], _ weight: [Int], stride: Int, groups: Int) {
    require(
      x.count == 3 && weight.count == 3 && stride > 0 && groups > 0 && x[2] % groups == 0
        && weight[0] % groups == 0 && weight[2] == x[2] / groups && x[1] >= weight[1],
      "conv1d: weight \(weight) in \(groups) groups with stride \(stride) does not fit \(x)")
    (batch, time, channels) = (x[0], x[1], x[2])
    (outputs, width) = (weight[0], weight[1])
    self.stride = stride
    self.groups = groups
    steps = (time - width) / stride + 1
  }

  var groupOutputs: Int { outputs / groups }
  var groupChannels: Int { channels / groups }
  var inputStride: Int { stride * channels }
  var weightStride: Int { width * groupChannels }

  /// One product: output rows += input rows [T′, inner] × weight columns [inner, outputs].
  struct Product {
    let input, weight, output, inner: Int
    let isFirst: Bool
  }

  /// Calls `body` for all products. One spans as many taps as lie within a stride, where a group is all channels and
  /// these taps are therefore one run of memory; else one tap.
  func forEachProduct(_ body: (Product) -> Void) {
    let taps = groups == 1 ? stride : 1
    for b in 0..<batch {
      for group in 0..<groups {
        for tap in Swift.stride(from: 0, to: width, by: taps) {
          body(
            Product(
              input: (b * time + tap) * channels + group * groupChannels,
              weight: group * groupOutputs * weightStride + tap * groupChannels,
              output: b * steps * outputs + group * groupOutputs,
              inner: min(taps, width - tap) * groupChannels, isFirst: tap == 0))
        }
      }
    }
  }
}

/// Normalises every channel of every sample over time, then scales and shifts (PyTorch `F.group_norm` with one channel
/// per group, channels last). `[B, T, C]` → `[B, T, C]`
public func channelNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
  let (b, time, c) = x.shape3
  let normalized = Tensor.empty(x.shape)
  let inverse = Tensor.empty([b, c])  // 1 / standard deviation
  for item in 0..<b {
    let (source, target) = (
      x.pointer + item * time * c, normalized.mutablePointer + item * time * c
    )
    let mean = columnMeans(time, c) { t, j in Double(source[t * c + j]) }
    let variance = columnMeans(time, c) { t, j in
      let difference = Double(source[t * c + j]) - mean[j]
      return difference * difference
    }
    for j in 0..<c {
      inverse.mutablePointer[item * c + j] = Float(1 / (variance[j] + Double(epsilon)).squareRoot())
    }
    for t in 0..<time {
      for j in 0..<c {
        target[t * c + j] =
          (source[t * c + j] - Float(mean[j])) * inverse.pointer[item * c + j]
      }
    }
  }
  let core = normalized.derived(from: [x]) { gradient, _ in
    // dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) / σ, as in layerNorm
    let dx = Tensor.empty(gradient.shape)
    for item in 0..<b {
      let start = item * time * c
      let (dy, hat) = (gradient.pointer + start, normalized.pointer + start)
      let mean = columnMeans(time, c) { t, j in Double(dy[t * c + j]) }
      let dot = columnMeans(time, c) { t, j in Double(dy[t * c + j]) * Double(hat[t * c + j]) }
      for t in 0..<time {
        for j in 0..<c {
          dx.mutablePointer[start + t * c + j] =
            (dy[t * c + j] - Float(mean[j]) - hat[t * c + j] * Float(dot[j]))
            * inverse.pointer[item * c + j]
        }
      }
    }
    return [dx]
  }
  return core * weight + bias
}

private func columnMeans(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Double) -> [Double] {
  var sums = [Double](repeating: 0, count: columns)
  for i in 0..<rows {
    for j in 0..<columns { sums[j] += value(i, j) }
  }
  return sums.map { $0 / Double(rows) }
}

/// `gain[k] · direction[..., k] / ‖direction[..., k]‖` (Salimans and Kingma 2016; PyTorch `weight_norm` over the last
/// axis). `[outputs, inputs, K]` → `[outputs, inputs, K]`
public func weightNorm(_ direction: Tensor, gain: Tensor) -> Tensor {
  let n = direction.lastAxis
  let rows = direction.count / max(n, 1)
  require(gain.count == n, "weightNorm: \(gain.shape) gains for \(direction.shape)")
  func columnSums(_ a: Tensor, _ b: Tensor) -> [Double] {
    var sums = [Double](repeating: 0, count: n)
    for i in 0..<rows {
      for j in 0..<n { sums[j] += Double(a.pointer[i * n + j]) * Double(b.pointer[i * n + j]) }
    }
    return sums
  }
  let norms = columnSums(direction, direction).map { $0.squareRoot() }
  let y = Tensor.empty(direction.shape)
  for i in 0..<rows {
    for j in 0..<n {
      y.mutablePointer[i * n + j] =
        Float(Double(gain.pointer[j]) * Double(direction.pointer[i * n + j]) / norms[j])
    }
  }
  let (v, g) = (direction.detached, gain.detached)
  return y.derived(from: [direction, gain]) { dy, _ in
    let dots = columnSums(dy, v)
    let (dv, dg) = (Tensor.empty(v.shape), Tensor.empty(g.shape))
    for j in 0..<n { dg.mutablePointer[j] = Float(dots[j] / norms[j]) }
    for i in 0..<rows {
      for j in 0..<n {  // dv = g/‖v‖ (dw − v (v·dw)/‖v‖²)
        let along = Double(v.pointer[i * n + j]) * dots[j] / (norms[j] * norms[j])
        dv.mutablePointer[i * n + j] =
          Float(Double(g.pointer[j]) / norms[j] * (Double(dy.pointer[i * n + j]) - along))
      }
    }
    return [dv, dg]
  }
}
