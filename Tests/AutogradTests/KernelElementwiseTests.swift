import CKernels
import CKernels.Reference
import Foundation
import Testing

@Suite struct KernelElementwiseTests {
  @Test func `sums, differences and products are exact`() {
    for table in kernelTables {
      for n in kernelSizes {
        let a = normals(n, 1)
        let b = normals(n, 2)
        #expect(written(n) { table.add(n, a, b, $0) } == zip(a, b).map { $0 + $1 })
        #expect(written(n) { table.subtract(n, a, b, $0) } == zip(a, b).map { $0 - $1 })
        #expect(written(n) { table.multiply(n, a, b, $0) } == zip(a, b).map { $0 * $1 })
        #expect(written(n) { table.scale(n, 3, a, $0) } == a.map { 3 * $0 })
        #expect(updated(a) { table.add(n, $0, b, $0) } == zip(a, b).map { $0 + $1 })
        let scaled = updated(b) { table.add_scaled(n, 0.3, a, $0) }
        expectClose(scaled, zip(a, b).map { 0.3 * $0 + $1 }, absolute: 1e-6)
      }
    }
  }

  @Test func `a row is added to and multiplied with every row`() {
    for table in kernelTables {
      for n in kernelSizes where n > 0 {
        let x = normals(3 * n, 1)
        let b = normals(n, 2)
        let sum = written(3 * n) { table.add_row(3, n, x, b, $0) }
        #expect(sum == x.indices.map { x[$0] + b[$0 % n] })
        let product = updated(x) { table.multiply_row(3, n, $0, b, $0) }
        #expect(product == x.indices.map { x[$0] * b[$0 % n] })
      }
    }
  }

  @Test func `sums of arrays are those of double arithmetic`() {
    for table in kernelTables {
      for n in kernelSizes + [100_003] {
        let a = normals(n, 3)
        let b = normals(n, 4)
        let bound = 1e-13 * Double(n + 1)  // only the order of double additions differs
        #expect(abs(table.sum(n, a) - mope_reference_sum(n, a)) <= bound)
        #expect(abs(table.sum_of_squares(n, a) - mope_reference_sum_of_squares(n, a)) <= bound)
        #expect(abs(table.dot(n, a, b) - mope_reference_dot(n, a, b)) <= bound)
      }
    }
  }

  @Test func `sums of columns do not lose digits over many rows`() {
    for table in kernelTables {
      for (rows, n, ld) in [
        (0, 5, 5), (1, 3, 3), (7, 17, 20), (8, 16, 16), (300, 33, 33), (3, 1030, 1030),
        (40_000, 3, 3),
      ] {
        let x = normals(rows * ld, 5).map { $0 + 1 }
        let start = normals(n, 6)
        let found = updated(start) { table.add_column_sums(rows, n, x, ld, $0) }
        let expected = updated(start) { mope_reference_add_column_sums(rows, n, x, ld, $0) }
        // About ten roundings deep, whatever the number of rows.
        expectClose(found, expected, absolute: 1e-5, relative: 1e-6, "\(rows) × \(n)")
      }
    }
  }

  @Test func `exp is right to two units in the last place and at the limits`() {
    let x = ramp(200_003, -87, 88)
    let limits: [Float] = [
      -.infinity, -1e30, -200, -104, -95, 0, 88.7, 88.8, 1e30, .infinity, .nan,
    ]
    for table in kernelTables {
      let y = written(x.count) { table.exp(x.count, x, $0) }
      var worst = 0.0
      for (a, b) in zip(x, y) {
        let exact = Foundation.exp(Double(a))
        worst = max(worst, abs(Double(b) - exact) / Double(Float(exact).ulp))
      }
      #expect(worst <= 2)
      let found = written(limits.count) { table.exp(limits.count, limits, $0) }
      let expected = written(limits.count) { mope_reference_exp(limits.count, limits, $0) }
      expectClose(found, expected, absolute: 2 * .leastNonzeroMagnitude, relative: 3e-7)
      #expect(found[10].isNaN && found[0] == 0 && found[9] == .infinity)
    }
  }

  @Test func `gelu keeps its digits in the negative tail`() {
    let x = ramp(100_001, -12, 12) + normals(33, 7) + [0, 1e-30, -1e-30, 100, -100, .nan]
    let n = x.count
    for table in kernelTables {
      let found = written(n) { table.gelu(n, x, $0) }
      let expected = written(n) { mope_reference_gelu(n, x, $0) }
      // The exponential of −x²/2 loses the digits that x² has before the point: 1e-6 up to |x| = 5.
      for i in x.indices where !(x[i] < -5) {
        expectClose([found[i]], [expected[i]], absolute: 1e-37, relative: 1.2e-6, "x = \(x[i])")
      }
      expectClose(found, expected, absolute: 1e-37, relative: 1e-5)
      let inPlace = updated(x) { table.gelu(n, $0, $0) }
      expectClose(inPlace, found, absolute: 0)
    }
  }

  @Test func `gradients of gelu are those of the formula`() {
    let x = ramp(20_001, -12, 12) + [.nan]
    let n = x.count
    let dy = normals(n, 8)
    for table in kernelTables {
      let found = written(n) { table.gelu_gradient(n, x, dy, $0) }
      let expected = written(n) { mope_reference_gelu_gradient(n, x, dy, $0) }
      expectClose(found, expected, absolute: 2e-6)  // cancels where the slope is 0
      let foundTanh = written(n) { table.gelu_tanh_gradient(n, x, dy, $0) }
      let expectedTanh = written(n) { mope_reference_gelu_tanh_gradient(n, x, dy, $0) }
      expectClose(foundTanh, expectedTanh, absolute: 2e-6)
    }
  }

  @Test func `bias and gelu in one pass are the two passes`() {
    for table in kernelTables {
      for n in kernelSizes where n > 0 {
        let x = normals(3 * n, 9)
        let b = normals(n, 10)
        let sum = written(3 * n) { table.add_row(3, n, x, b, $0) }
        let expected = written(3 * n) { table.gelu(3 * n, sum, $0) }
        var pre = [Float](repeating: 0, count: 3 * n)
        let found = written(3 * n) { table.bias_gelu(3, n, x, b, &pre, $0) }
        #expect(found == expected)
        #expect(pre == sum)
        #expect(updated(x) { table.bias_gelu(3, n, $0, b, nil, $0) } == expected)
      }
    }
  }

  @Test func `tanh, its gradient and the tanh form of gelu`() {
    let x = ramp(50_001, -11, 11) + [0, 1e-20, -1e-20, 90, -90, .infinity, -.infinity, .nan]
    let n = x.count
    for table in kernelTables {
      let y = written(n) { table.tanh(n, x, $0) }
      expectClose(y, written(n) { mope_reference_tanh(n, x, $0) }, absolute: 0, relative: 4e-7)
      let dx = written(n) { table.tanh_gradient(n, y, x, $0) }
      expectClose(dx, zip(x, y).map { $0 * (1 - $1 * $1) }, absolute: 2e-6)
      let finite = n - 3
      let gelu = written(finite) { table.gelu_tanh(finite, x, $0) }
      let expected = written(finite) { mope_reference_gelu_tanh(finite, x, $0) }
      expectClose(gelu, expected, absolute: 1e-7, relative: 1e-6)
    }
  }

  @Test func `relu passes what is positive and NaN`() {
    let x: [Float] = [-1, 0, 2, .nan, -.infinity, .infinity, 3, -3, 0.5]
    let dy = normals(x.count, 11)
    for table in kernelTables {
      let y = written(x.count) { table.relu(x.count, x, $0) }
      expectClose(y, [0, 0, 2, .nan, 0, .infinity, 3, 0, 0.5], absolute: 0)
      let dx = written(x.count) { table.relu_gradient(x.count, y, dy, $0) }
      #expect(dx == zip(y, dy).map { $0 > 0 ? $1 : 0 })
    }
  }

  @Test func `results do not depend on where an array begins`() {
    for table in kernelTables {
      let x = normals(300, 12)
      let whole = written(300) { table.gelu(300, x, $0) }
      let sum = table.sum(257, x)
      for shift in 1..<5 {
        let moved = [Float](repeating: 0, count: shift) + x
        moved.withUnsafeBufferPointer { buffer in
          let pointer = buffer.baseAddress.unsafelyUnwrapped + shift
          #expect(written(300) { table.gelu(300, pointer, $0) } == whole)
          #expect(table.sum(257, pointer) == sum)
        }
      }
    }
  }
}
