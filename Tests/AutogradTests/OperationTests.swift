import Autograd
import Determinism
import Foundation
import Testing

/// Sizes around the widths of vector registers.
private let sizes = [1, 15, 16, 17, 33]

@Suite struct OperationTests {
  @Test(arguments: sizes) func `elementwise sums, differences and products`(n: Int) {
    let pair = [Operand(3, n), Operand(3, n)]
    expectGradient(pair, { $0[0] + $0[1] }, reference: { zip($0[0], $0[1]).map(+) })
    expectGradient(pair, { $0[0] - $0[1] }, reference: { zip($0[0], $0[1]).map(-) })
    expectGradient(pair, { $0[0] * $0[1] }, reference: { zip($0[0], $0[1]).map(*) })
    expectGradient([Operand(3, n)], { $0[0] * -2.5 }, reference: { $0[0].map { $0 * -2.5 } })
    let row = [Operand(3, n), Operand(n)]
    expectGradient(row, { $0[0] + $0[1] }) { x in x[0].indices.map { x[0][$0] + x[1][$0 % n] } }
    expectGradient(row, { $0[0] * $0[1] }) { x in x[0].indices.map { x[0][$0] * x[1][$0 % n] } }
  }

  @Test func `a tensor used twice gets the sum of both gradients`() {
    expectGradient([Operand(5)], { $0[0] * $0[0] + $0[0] }, reference: { $0[0].map { $0 * $0 + $0 } })
  }

  @Test(arguments: sizes) func `linear maps rows`(n: Int) {
    func reference(_ x: [[Double]]) -> [Double] {
      (0..<4).flatMap { i in
        (0..<3).map { o in
          (0..<n).reduce(x.count > 2 ? x[2][o] : 0) { $0 + x[0][i * n + $1] * x[1][o * n + $1] }
        }
      }
    }
    let operands = [Operand(2, 2, n), Operand(3, n), Operand(3)]
    expectGradient(operands, { linear($0[0], $0[1], $0[2]) }, reference: reference)
    expectGradient(Array(operands.prefix(2)), { linear($0[0], $0[1]) }, reference: reference)
    expectGradient(
      [operands[0], .constant([3, n]), .constant([3])], { linear($0[0], $0[1], $0[2]) },
      reference: reference)
    expectGradient(operands, { linearGELU($0[0], $0[1], $0[2]) }) { reference($0).map(geluReference) }
  }

  @Test(arguments: [false, true]) func `matmul multiplies matrix by matrix`(transposing: Bool) {
    let (m, k, n) = (3, 17, 5)
    expectGradient(
      [Operand(2, m, k), transposing ? Operand(2, n, k) : Operand(2, k, n)],
      { matmul($0[0], $0[1], transposingB: transposing) }
    ) { x in
      (0..<2).flatMap { b in
        (0..<m).flatMap { i in
          (0..<n).map { j in
            (0..<k).reduce(0) { sum, t in
              let other = transposing ? x[1][(b * n + j) * k + t] : x[1][(b * k + t) * n + j]
              return sum + x[0][(b * m + i) * k + t] * other
            }
          }
        }
      }
    }
  }

  @Test(arguments: sizes) func `activations`(n: Int) {
    let x = [Operand(2, n)]
    expectGradient(x, scale: 2, { gelu($0[0]) }, reference: { $0[0].map(geluReference) })
    expectGradient(x, scale: 2, { geluTanh($0[0]) }) { x in
      x[0].map { 0.5 * $0 * (1 + Foundation.tanh(0.7978845608028654 * ($0 + 0.044715 * $0 * $0 * $0))) }
    }
    expectGradient(x, scale: 2, { Autograd.tanh($0[0]) }, reference: { $0[0].map { Foundation.tanh($0) } })
    expectGradient(x, { relu($0[0]) }, reference: { $0[0].map { max($0, 0) } })
  }

  @Test(arguments: sizes) func `softmax rows sum to one and have their gradient`(n: Int) {
    expectGradient([Operand(3, n)], scale: 3, { softmax($0[0]) }) { x in
      (0..<3).flatMap { softmaxReference(Array(x[0][$0 * n..<($0 + 1) * n])) }
    }
  }

  @Test(arguments: [15, 16, 17, 33]) func `layer norm, alone and behind a residual sum`(n: Int) {
    func reference(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> [Double] {
      (0..<4).flatMap { i in
        let row = x[i * n..<(i + 1) * n]
        let mean = row.reduce(0, +) / Double(n)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
        return row.enumerated().map {
          ($1 - mean) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0]
        }
      }
    }
    let operands = [Operand(4, n), Operand(n), Operand(n)]
    expectGradient(operands, { layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-5) }) {
      reference($0[0], $0[1], $0[2])
    }
    expectGradient(
      [Operand(4, n), Operand(4, n), .constant([n]), .constant([n])],
      { x in
        let (sum, y) = residualLayerNorm(x[0], x[1], weight: x[2], bias: x[3], epsilon: 1e-5)
        return sum * y
      }
    ) { x in
      let sum = zip(x[0], x[1]).map(+)
      return zip(sum, reference(sum, x[2], x[3])).map(*)
    }
  }

  @Test func `batch norm normalises every column over the batch`() {
    let (b, c) = (7, 5)
    expectGradient(
      [Operand(b, c), Operand(c), Operand(c)],
      { batchNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-5).output }
    ) { x in
      let columns = (0..<c).map { j in
        let column = (0..<b).map { x[0][$0 * c + j] }
        let mean = column.reduce(0, +) / Double(b)
        let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(b)
        return column.map { ($0 - mean) / (variance + 1e-5).squareRoot() * x[1][j] + x[2][j] }
      }
      return (0..<b).flatMap { i in (0..<c).map { columns[$0][i] } }
    }
  }

  @Test func `reductions`() {
    expectGradient([Operand(3, 17)], { sum($0[0]) }, reference: { [$0[0].reduce(0, +)] })
    expectGradient([Operand(3, 17)], { mean($0[0]) }, reference: { [$0[0].reduce(0, +) / 51] })
    expectGradient([Operand(2, 5, 3)], { mean($0[0], axis: 1) }) { x in
      (0..<2).flatMap { b in
        (0..<3).map { c in (0..<5).reduce(0) { $0 + x[0][(b * 5 + $1) * 3 + c] } / 5 }
      }
    }
    expectGradient([Operand(6)], { squaredCoefficientOfVariation($0[0] * $0[0]) }) { x in
      let squares = x[0].map { $0 * $0 }
      let mean = squares.reduce(0, +) / 6
      return [squares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5 / (mean * mean)]
    }
  }

  @Test func `shapes: transpose, slice, repeat, gather, concatenate`() {
    expectGradient([Operand(2, 3, 4, 5)], { $0[0].transposed(0, 2, 1, 3) }) { x in
      (0..<2).flatMap { a in
        (0..<4).flatMap { c in
          (0..<3).flatMap { b in (0..<5).map { x[0][((a * 3 + b) * 4 + c) * 5 + $0] } }
        }
      }
    }
    expectGradient([Operand(3, 4)], { $0[0].transposed(1, 0) }) { x in
      (0..<4).flatMap { j in (0..<3).map { x[0][$0 * 4 + j] } }
    }
    expectGradient([Operand(2, 4, 3)], { $0[0].slice(1..<3, axis: 1) }) { x in
      (0..<2).flatMap { b in (3..<9).map { x[0][b * 12 + $0] } }
    }
    expectGradient([Operand(4, 3)], { $0[0].slice(1..<3) }, reference: { Array($0[0][3..<9]) })
    expectGradient([Operand(2, 3)], { $0[0].repeated(3) }, reference: { $0[0] + $0[0] + $0[0] })
    expectGradient([Operand(4, 3)], { $0[0].gather([2, 0, 2]) }) { x in
      [2, 0, 2].flatMap { row in (0..<3).map { x[0][row * 3 + $0] } }
    }
    expectGradient([Operand(2, 2, 3), Operand(2, 1, 3)], { concatenated([$0[0], $0[1]], axis: 1) }) { x in
      (0..<2).flatMap { b in Array(x[0][b * 6..<b * 6 + 6]) + Array(x[1][b * 3..<b * 3 + 3]) }
    }
  }

  @Test func `losses`() {
    let labels: [Int32] = [2, 0, 1, 2]
    expectGradient([Operand(4, 3)], scale: 3, { crossEntropy($0[0], labels) }) { x in
      let terms = labels.enumerated().map { i, label in
        -log(softmaxReference(Array(x[0][i * 3..<i * 3 + 3]))[Int(label)])
      }
      return [terms.reduce(0, +) / 4]
    }
    let targets = Tensor([1, 0, 0, 1, 1, 0], [2, 3])
    expectGradient([Operand(2, 3)], scale: 3, { binaryCrossEntropy($0[0], targets) }) { x in
      let terms = zip(x[0], targets.values).map { x, y in
        let p = 1 / (1 + exp(-x))
        return -(Double(y) * log(p) + (1 - Double(y)) * log(1 - p))
      }
      return [terms.reduce(0, +) / 6]
    }
  }

  @Test func `dropout keeps its share, scales what it keeps, and masks the gradient alike`() {
    let x = Tensor.full([100, 100], 1).variable
    let y = dropout(x, rate: 0.3, RandomStream(seed: 4))
    let kept = y.values.count { $0 != 0 }
    #expect(abs(Double(kept) / 10_000 - 0.7) < 0.023)  // five standard deviations
    #expect(Set(y.values) == [0, 1 / 0.7])
    let gradient = y.backward(.full([100, 100], 1))[x]
    #expect(gradient?.values == y.values)
  }
}

func geluReference(_ x: Double) -> Double { 0.5 * x * erfc(-x / 2.0.squareRoot()) }

func softmaxReference(_ row: [Double]) -> [Double] {
  let largest = row.max() ?? 0
  let powers = row.map { exp($0 - largest) }
  let total = powers.reduce(0, +)
  return powers.map { $0 / total }
}
