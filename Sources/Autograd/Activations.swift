import CKernels
import Determinism

/// Exact GELU, `x Φ(x)` (Hendrycks and Gimpel 2016; PyTorch `F.gelu`).
public func gelu(_ x: Tensor) -> Tensor {
  let y = mapped(x, kernels.gelu)
  let saved = x.detached
  return y.derived(from: [x]) { gradient, _ in [geluGradient(saved, gradient)] }
}

func geluGradient(_ x: Tensor, _ gradient: Tensor) -> Tensor {
  mapped(x, gradient, kernels.gelu_gradient)
}

/// GELU in its tanh form, as GPT-2 uses it (PyTorch `F.gelu(approximate="tanh")`).
public func geluTanh(_ x: Tensor) -> Tensor {
  let y = mapped(x, kernels.gelu_tanh)
  let saved = x.detached
  return y.derived(from: [x]) { gradient, _ in
    [mapped(saved, gradient, kernels.gelu_tanh_gradient)]
  }
}

public func tanh(_ x: Tensor) -> Tensor {
  let y = mapped(x, kernels.tanh)
  return y.derived(from: [x]) { gradient, _ in [mapped(y, gradient, kernels.tanh_gradient)] }
}

/// 1 / (1 + e⁻ˣ), as ½ + ½ tanh(x/2), which does not overflow.
public func sigmoid(_ x: Tensor) -> Tensor { tanh(x * 0.5) * 0.5 + Tensor(0.5) }

public func relu(_ x: Tensor) -> Tensor {
  let y = mapped(x, kernels.relu)
  return y.derived(from: [x]) { gradient, _ in [mapped(y, gradient, kernels.relu_gradient)] }
}

/// Softmax over the last axis.
///
/// A row that is −∞ throughout has no softmax: a programmer's mistake, since masks must leave something.
public func softmax(_ x: Tensor) -> Tensor {
  let y = Tensor.empty(x.shape)
  kernels.softmax(x.rows, x.lastAxis, x.pointer, y.mutablePointer)
  return y.derived(from: [x]) { gradient, _ in
    let dx = Tensor.empty(gradient.shape)
    kernels.softmax_gradient(
      gradient.rows, gradient.lastAxis, y.pointer, gradient.pointer, dx.mutablePointer)
    return [dx]
  }
}

/// Zeroes elements with probability `rate` and divides the others by `1 − rate` (PyTorch `F.dropout`).
///
/// The mask is a function of the stream's key and the element's index, so it is not stored.
public func dropout(_ x: Tensor, rate: Float, _ random: RandomStream) -> Tensor {
  require(rate >= 0 && rate < 1, "dropout: expected a rate in [0, 1), found \(rate)")
  guard rate > 0 else { return x }
  func masked(_ x: Tensor) -> Tensor {
    let y = Tensor.empty(x.shape)
    kernels.dropout(x.count, random.key, 0, rate, x.pointer, y.mutablePointer)
    return y
  }
  return masked(x).derived(from: [x]) { gradient, _ in [masked(gradient)] }
}

private typealias Map =
  @convention(c) (
    Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void
private typealias PairMap =
  @convention(c) (
    Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void

private func mapped(_ x: Tensor, _ kernel: Map?) -> Tensor {
  let y = Tensor.empty(x.shape)
  parallel(x.count, work: 8 * x.count) { part in
    kernel?(part.count, x.pointer + part.lowerBound, y.mutablePointer + part.lowerBound)
  }
  return y
}

private func mapped(_ a: Tensor, _ b: Tensor, _ kernel: PairMap?) -> Tensor {
  let y = Tensor.empty(a.shape)
  parallel(a.count, work: 8 * a.count) { part in
    let start = part.lowerBound
    kernel?(part.count, a.pointer + start, b.pointer + start, y.mutablePointer + start)
  }
  return y
}
