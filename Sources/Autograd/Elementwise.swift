import CKernels
import Determinism

/// The sum of two gradients that meet at a tensor.
func accumulated(_ a: Tensor, _ b: Tensor) -> Tensor {
  require(a.shape == b.shape, "gradients of shapes \(a.shape) and \(b.shape) meet")
  let y = Tensor.empty(a.shape)
  parallel(a.count, work: a.count) { part in
    let start = part.lowerBound
    kernels.add(part.count, a.pointer + start, b.pointer + start, y.mutablePointer + start)
  }
  return y
}

extension Tensor {
  /// Elementwise sum. The right side may also have the shape of the left side's last axes.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    let y = empty(a.shape)
    if a.shape == b.shape {
      parallel(a.count, work: a.count) { part in
        kernels.add(
          part.count, a.pointer + part.lowerBound, b.pointer + part.lowerBound,
          y.mutablePointer + part.lowerBound)
      }
      return y.derived(from: [a, b]) { gradient, _ in [gradient, gradient] }
    }
    requireSuffix(b.shape, of: a.shape, "+")
    let n = b.count
    kernels.add_row(n == 0 ? 0 : a.count / n, n, a.pointer, b.pointer, y.mutablePointer)
    let shape = b.shape
    return y.derived(from: [a, b]) { gradient, needs in
      [needs[0] ? gradient : nil, needs[1] ? columnSums(gradient, shape) : nil]
    }
  }

  /// Elementwise difference of equal shapes.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    requireSame(a, b, "-")
    let y = empty(a.shape)
    kernels.subtract(a.count, a.pointer, b.pointer, y.mutablePointer)
    return y.derived(from: [a, b]) { gradient, needs in
      [needs[0] ? gradient : nil, needs[1] ? scaled(gradient, -1) : nil]
    }
  }

  /// Elementwise product. The right side may also have the shape of the left side's last axes.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    let y = empty(a.shape)
    if a.shape == b.shape {
      kernels.multiply(a.count, a.pointer, b.pointer, y.mutablePointer)
      let (savedA, savedB) = (b.requiresGradient ? a.detached : nil, a.requiresGradient ? b.detached : nil)
      return y.derived(from: [a, b]) { gradient, _ in
        [savedB.map { product(gradient, $0) }, savedA.map { product(gradient, $0) }]
      }
    }
    requireSuffix(b.shape, of: a.shape, "*")
    let n = b.count
    let rows = n == 0 ? 0 : a.count / n
    kernels.multiply_row(rows, n, a.pointer, b.pointer, y.mutablePointer)
    let (savedA, savedB) = (b.requiresGradient ? a.detached : nil, b.detached)
    let shape = b.shape
    return y.derived(from: [a, b]) { gradient, needs in
      var first: Tensor?
      if needs[0] {
        let result = Tensor.empty(gradient.shape)
        kernels.multiply_row(rows, n, gradient.pointer, savedB.pointer, result.mutablePointer)
        first = result
      }
      return [first, savedA.map { columnSums(product(gradient, $0), shape) }]
    }
  }

  public static func * (x: Tensor, factor: Float) -> Tensor {
    scaled(x, factor).derived(from: [x]) { gradient, _ in [scaled(gradient, factor)] }
  }

  public static func * (factor: Float, x: Tensor) -> Tensor { x * factor }

  public static prefix func - (x: Tensor) -> Tensor { x * -1 }
}

func scaled(_ x: Tensor, _ factor: Float) -> Tensor {
  let y = Tensor.empty(x.shape)
  kernels.scale(x.count, factor, x.pointer, y.mutablePointer)
  return y
}

private func product(_ a: Tensor, _ b: Tensor) -> Tensor {
  let y = Tensor.empty(a.shape)
  kernels.multiply(a.count, a.pointer, b.pointer, y.mutablePointer)
  return y
}

/// Sums over all leading axes, down to `shape`.
func columnSums(_ x: Tensor, _ shape: [Int]) -> Tensor {
  let sum = Tensor.zeros(shape)
  let n = sum.count
  kernels.add_column_sums(n == 0 ? 0 : x.count / n, n, x.pointer, n, sum.mutablePointer)
  return sum
}

private func requireSame(_ a: Tensor, _ b: Tensor, _ operation: String) {
  require(a.shape == b.shape, "\(operation): shapes \(a.shape) and \(b.shape) differ")
}

private func requireSuffix(_ b: [Int], of a: [Int], _ operation: String) {
  require(a.suffix(b.count) == b[...], "\(operation): \(b) is not the last axes of \(a)")
}
