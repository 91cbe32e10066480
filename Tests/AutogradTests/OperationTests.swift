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
    expectGradient(x, scale: 2, { sigmoid($0[0]) }, reference: { $0[0].map { 1 / (1 + exp(-$0)) } })
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
    func reference(_ x: [[Double]]) -> [Double] {
      var output = [Double](repeating: 0, count: b * c)
      for j in 0..<c {
        let column: [Double] = (0..<b).map { x[0][$0 * c + j] }
        let mean: Double = column.reduce(0, +) / Double(b)
        let variance: Double = column.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(b)
        let scale: Double = x[1][j] / (variance + 1e-5).squareRoot()
        for i in 0..<b { output[i * c + j] = (column[i] - mean) * scale + x[2][j] }
      }
      return output
    }
    expectGradient(
      [Operand(b, c), Operand(c), Operand(c)],
      { batchNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-5).output }, reference: reference)
  }

  @Test func `reductions`() {
    expectGradient([Operand(3, 17)], { sum($0[0]) }, reference: { [$0[0].reduce(0, +)] })
    expectGradient([Operand(3, 17)], { mean($0[0]) }, reference: { [$0[0].reduce(0, +) / 51] })
    func middleMean(_ x: [[Double]]) -> [Double] {
      var output = [Double](repeating: 0, count: 6)
      for b in 0..<2 {
        for n in 0..<5 {
          for c in 0..<3 { output[b * 3 + c] += x[0][(b * 5 + n) * 3 + c] / 5 }
        }
      }
      return output
    }
    expectGradient([Operand(2, 5, 3)], { mean($0[0], axis: 1) }, reference: middleMean)
    func middleMaximum(_ x: [[Double]]) -> [Double] {
      var output = [Double](repeating: -.infinity, count: 6)
      for b in 0..<2 {
        for n in 0..<5 {
          for c in 0..<3 { output[b * 3 + c] = max(output[b * 3 + c], x[0][(b * 5 + n) * 3 + c]) }
        }
      }
      return output
    }
    expectGradient([Operand(2, 5, 3)], { maximum($0[0], axis: 1) }, reference: middleMaximum)
    #expect(argmax(Tensor([1, 3, 3, -1, -2, -1], [2, 3])) == [1, 0])
    func variation(_ x: [[Double]]) -> [Double] {
      let squares: [Double] = x[0].map { $0 * $0 }
      let mean: Double = squares.reduce(0, +) / 6
      let variance: Double = squares.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 5
      return [variance / (mean * mean)]
    }
    expectGradient(
      [Operand(6)], { squaredCoefficientOfVariation($0[0] * $0[0]) }, reference: variation)
  }

  @Test func `axes are transposed`() {
    func reference(_ x: [[Double]]) -> [Double] {
      var output: [Double] = []
      for a in 0..<2 {
        for c in 0..<4 {
          for b in 0..<3 {
            for d in 0..<5 { output.append(x[0][((a * 3 + b) * 4 + c) * 5 + d]) }
          }
        }
      }
      return output
    }
    expectGradient([Operand(2, 3, 4, 5)], { $0[0].transposed(0, 2, 1, 3) }, reference: reference)
    func matrix(_ x: [[Double]]) -> [Double] {
      (0..<12).map { x[0][($0 % 3) * 4 + $0 / 3] }
    }
    expectGradient([Operand(3, 4)], { $0[0].transposed(1, 0) }, reference: matrix)
  }

  @Test func `entries are cut, repeated, looked up and joined`() {
    func middle(_ x: [[Double]]) -> [Double] { Array(x[0][3..<9]) + Array(x[0][15..<21]) }
    expectGradient([Operand(2, 4, 3)], { $0[0].slice(1..<3, axis: 1) }, reference: middle)
    expectGradient([Operand(4, 3)], { $0[0].slice(1..<3) }, reference: { Array($0[0][3..<9]) })
    expectGradient([Operand(2, 3)], { $0[0].repeated(3) }, reference: { $0[0] + $0[0] + $0[0] })
    func rows(_ x: [[Double]]) -> [Double] {
      Array(x[0][6..<9]) + Array(x[0][0..<3]) + Array(x[0][6..<9])
    }
    expectGradient([Operand(4, 3)], { $0[0].gather([2, 0, 2]) }, reference: rows)
    func joined(_ x: [[Double]]) -> [Double] {
      Array(x[0][0..<6]) + Array(x[1][0..<3]) + Array(x[0][6..<12]) + Array(x[1][3..<6])
    }
    expectGradient(
      [Operand(2, 2, 3), Operand(2, 1, 3)], { concatenated([$0[0], $0[1]], axis: 1) },
      reference: joined)
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
