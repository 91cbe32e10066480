import CKernels
import Determinism

/// `y = x Wᵀ + b` over the last axis: `[..., inputs]` → `[..., outputs]` (PyTorch `F.linear`).
/// - Parameters:
///   - weight: `[outputs, inputs]`
///   - bias: `[outputs]`
///   - packing: keeps a weight that never changes in the order that products of few rows read it in.
public func linear(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, packing: PackedWeight? = nil
) -> Tensor {
  let n = weight.shape2.0
  require(
    bias.map { $0.shape == [n] } ?? true,
    "linear: expected a bias of shape [\(n)], found \(bias?.shape ?? [])")
  let y = product(x, weight, packing) { rows, y, _ in
    guard let bias else { return }
    kernels.add_row(rows, n, y, bias.pointer, y)
  }
  return y.derived(
    from: [x, weight] + (bias.map { [$0] } ?? []), linearGradient(x, weight, bias, packing))
}

/// `gelu(x Wᵀ + b)`, in one pass over the product (`linear` followed by `gelu`).
public func linearGELU(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, packing: PackedWeight? = nil
) -> Tensor {
  let inputs = [x, weight, bias]
  let n = weight.shape2.0
  let needed = inputs.contains(where: \.requiresGradient)
  let sum = needed ? Tensor.empty(x.shape.dropLast() + [n]) : nil  // x Wᵀ + b, kept for backward
  let y = product(x, weight, packing) { rows, y, start in
    kernels.bias_gelu(rows, n, y, bias.pointer, sum.map { $0.mutablePointer + start }, y)
  }
  guard let sum else { return y }
  let throughProduct = linearGradient(x, weight, bias, packing)
  return y.derived(from: inputs) { gradient, needs in
    throughProduct(geluGradient(sum, gradient), needs)
  }
}

/// x Wᵀ.
/// - Parameter finishing: called with a number of rows that are done, their values, and where they start in the result;
///   all rows in all, from any thread.
private func product(
  _ x: Tensor, _ weight: Tensor, _ packing: PackedWeight?,
  finishing: @escaping (_ rows: Int, _ values: UnsafeMutablePointer<Float>, _ start: Int) -> Void
) -> Tensor {
  let (outputs, inputs) = weight.shape2
  require(x.lastAxis == inputs, "linear: weight \(weight.shape) does not fit input \(x.shape)")
  let y = Tensor.empty(x.shape.dropLast() + [outputs])
  gemm(
    x.rows, outputs, inputs, MatrixView(pointer: x.pointer, stride: inputs),
    MatrixView(pointer: weight.pointer, stride: inputs, transposed: true), y.mutablePointer,
    stride: outputs, keeping: packing?.forward
  ) { rows in
    let start = rows.lowerBound * outputs
    finishing(rows.count, y.mutablePointer + start, start)
  }
  return y
}

/// dx = dy W, dW = dyᵀ x, db = Σ rows of dy. A frozen layer keeps its weight alone.
private func linearGradient(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ packing: PackedWeight?
) -> (Tensor, [Bool]) -> [Tensor?] {
  let savedX = weight.requiresGradient ? x.detached : nil
  let savedWeight = x.requiresGradient ? weight.detached : nil
  let (inputShape, weightShape, biasShape) = (x.shape, weight.shape, bias?.shape)
  return { gradient, needs in
    let (outputs, inputs) = (weightShape[0], weightShape[1])
    let rows = gradient.rows
    let dy = MatrixView(pointer: gradient.pointer, stride: outputs)
    var result: [Tensor?] = [nil, nil]
    if let savedWeight {
      let dx = Tensor.empty(inputShape)
      gemm(
        rows, inputs, outputs, dy, MatrixView(pointer: savedWeight.pointer, stride: inputs),
        dx.mutablePointer, stride: inputs, keeping: packing?.backward)
      result[0] = dx
    }
    if let savedX {
      let dw = Tensor.empty(weightShape)
      gemm(
        outputs, inputs, rows, MatrixView(pointer: dy.pointer, stride: outputs, transposed: true),
        MatrixView(pointer: savedX.pointer, stride: inputs), dw.mutablePointer, stride: inputs)
      result[1] = dw
    }
    if let biasShape { result.append(needs[2] ? columnSums(gradient, biasShape) : nil) }
    return result
  }
}

/// A weight that never changes, in the orders that products of few rows read it in: packing it anew would cost them up to a
/// tenth of their time. Packed when such a product first needs it; each order takes as much memory as the weight.
public final class PackedWeight: Sendable {
  /// For y = x Wᵀ, and for dx = dy W.
  let forward = PackedMatrix(), backward = PackedMatrix()

  public init() {}
}

/// Products of matrices over equal leading axes: `[..., M, K]` × `[..., K, N]` → `[..., M, N]`.
/// - Parameter transposingB: read `b` as `[..., N, K]`.
public func matmul(_ a: Tensor, _ b: Tensor, transposingB: Bool = false) -> Tensor {
  require(a.rank >= 2 && a.rank == b.rank, "matmul: shapes \(a.shape) and \(b.shape)")
  let batch = a.shape.dropLast(2)
  let (m, k) = (a.shape[a.rank - 2], a.lastAxis)
  let n = transposingB ? b.shape[b.rank - 2] : b.lastAxis
  require(
    batch == b.shape.dropLast(2) && k == (transposingB ? b.lastAxis : b.shape[b.rank - 2]),
    "matmul: \(a.shape) does not fit \(b.shape)\(transposingB ? " transposed" : "")")
  let y = Tensor.empty(batch + [m, n])
  let count = Array(batch).product
  for i in 0..<count {
    gemm(
      m, n, k, MatrixView(pointer: a.pointer + i * m * k, stride: k),
      MatrixView(pointer: b.pointer + i * k * n, stride: transposingB ? k : n, transposed: transposingB),
      y.mutablePointer + i * m * n, stride: n)
  }
  let (savedA, savedB) = (b.requiresGradient ? a.detached : nil, a.requiresGradient ? b.detached : nil)
  let (shapeA, shapeB) = (a.shape, b.shape)
  return y.derived(from: [a, b]) { gradient, _ in
    let da = savedB.map { b in
      let da = Tensor.empty(shapeA)
      for i in 0..<count {  // dA = dY Bᵀ
        gemm(
          m, k, n, MatrixView(pointer: gradient.pointer + i * m * n, stride: n),
          MatrixView(
            pointer: b.pointer + i * k * n, stride: transposingB ? k : n, transposed: !transposingB),
          da.mutablePointer + i * m * k, stride: k)
      }
      return da
    }
    let db = savedA.map { a in
      let db = Tensor.empty(shapeB)
      for i in 0..<count {  // dB = Aᵀ dY, or its transpose dYᵀ A
        let aView = MatrixView(pointer: a.pointer + i * m * k, stride: k, transposed: !transposingB)
        let dyView = MatrixView(
          pointer: gradient.pointer + i * m * n, stride: n, transposed: transposingB)
        if transposingB {
          gemm(n, k, m, dyView, aView, db.mutablePointer + i * k * n, stride: k)
        } else {
          gemm(k, n, m, aView, dyView, db.mutablePointer + i * k * n, stride: n)
        }
      }
      return db
    }
    return [da, db]
  }
}
