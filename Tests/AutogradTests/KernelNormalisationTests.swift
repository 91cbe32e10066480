import CKernels
import CKernels.Reference
import Testing

@Suite struct KernelNormalisationTests {
  /// Rows × columns: below, at and above a vector, a strip and a block of rows.
  let shapes = [(1, 1), (2, 15), (3, 16), (9, 17), (8, 64), (33, 33), (17, 257), (10, 1031)]

  @Test func `layer norm is that of the two-pass formula`() {
    for table in kernelTables {
      for (rows, n) in shapes {
        // A mean of ten standard deviations: a one-pass variance would lose two digits more.
        let x = normals(rows * n, 1).map { $0 + 10 }
        let gamma = normals(n, 2)
        let beta = normals(n, 3)
        var mean = [Float](repeating: 0, count: rows)
        var rstd = mean
        var expectedMean = mean
        var expectedRstd = mean
        let y = written(rows * n) {
          table.layer_norm(rows, n, x, gamma, beta, 1e-5, $0, &mean, &rstd)
        }
        let expected = written(rows * n) {
          mope_reference_layer_norm(rows, n, x, gamma, beta, 1e-5, $0, &expectedMean, &expectedRstd)
        }
        expectClose(mean, expectedMean, absolute: 0, relative: 5e-7)
        expectClose(rstd, expectedRstd, absolute: 0, relative: 2e-6)
        // The mean is rounded to 1e-6 and multiplied by gamma / deviation.
        expectClose(y, expected, absolute: n == 1 ? 1e-3 : 2e-5, "\(rows) × \(n)")
      }
    }
  }

  @Test func `residual layer norm is a sum and a layer norm`() {
    for table in kernelTables {
      for (rows, n) in shapes {
        let a = normals(rows * n, 1)
        let b = normals(rows * n, 2)
        let gamma = normals(n, 3)
        let beta = normals(n, 4)
        var mean = [Float](repeating: 0, count: rows)
        var rstd = mean
        var sum = [Float](repeating: 0, count: rows * n)
        let y = written(rows * n) {
          table.residual_layer_norm(rows, n, a, b, gamma, beta, 1e-5, &sum, $0, &mean, &rstd)
        }
        #expect(sum == zip(a, b).map { $0 + $1 })
        var otherMean = mean
        var otherRstd = mean
        let expected = written(rows * n) {
          table.layer_norm(rows, n, sum, gamma, beta, 1e-5, $0, &otherMean, &otherRstd)
        }
        #expect(y == expected && mean == otherMean && rstd == otherRstd)
      }
    }
  }

  @Test func `the gradient of layer norm is that of the formula, in place too`() {
    for table in kernelTables {
      for (rows, n) in shapes + [(3000, 5)] {
        let x = normals(rows * n, 1).map { 1 + 2 * $0 }
        let dy = normals(rows * n, 2)
        let gamma = normals(n, 3)
        let start = normals(n, 4)
        var mean = [Float](repeating: 0, count: rows)
        var rstd = mean
        _ = written(rows * n) {
          mope_reference_layer_norm(rows, n, x, gamma, start, 1e-5, $0, &mean, &rstd)
        }
        var dgamma = start
        var dbeta = start
        let dx = updated(dy) {
          table.layer_norm_gradient(rows, n, x, gamma, mean, rstd, $0, $0, &dgamma, &dbeta)
        }
        var expectedGamma = start
        var expectedBeta = start
        let expected = written(rows * n) {
          mope_reference_layer_norm_gradient(
            rows, n, x, gamma, mean, rstd, dy, $0, &expectedGamma, &expectedBeta)
        }
        let largest = rstd.max() ?? 1  // with one column rstd is 1/√eps
        expectClose(dx, expected, absolute: 3e-6 * largest, relative: 1e-5, "\(rows) × \(n)")
        expectClose(dgamma, expectedGamma, absolute: 1e-4, relative: 1e-6)
        expectClose(dbeta, expectedBeta, absolute: 1e-4, relative: 1e-6)
        let alone = written(rows * n) {
          table.layer_norm_gradient(rows, n, x, gamma, mean, rstd, dy, $0, nil, nil)
        }
        #expect(alone == dx)
      }
    }
  }

  @Test func `softmax and its gradient are those of the formula`() {
    for table in kernelTables {
      for (rows, n) in shapes {
        let x = normals(rows * n, 1, scale: 4)
        let dy = normals(rows * n, 2)
        let y = written(rows * n) { table.softmax(rows, n, x, $0) }
        let expected = written(rows * n) { mope_reference_softmax(rows, n, x, $0) }
        // exp of a difference rounded to 2e-6 at most.
        expectClose(y, expected, absolute: 1e-30, relative: 3e-6, "\(rows) × \(n)")
        #expect(updated(x) { table.softmax(rows, n, $0, $0) } == y)
        let dx = written(rows * n) { table.softmax_gradient(rows, n, y, dy, $0) }
        let expectedGradient = written(rows * n) {
          mope_reference_softmax_gradient(rows, n, y, dy, $0)
        }
        expectClose(dx, expectedGradient, absolute: 1e-6)
        #expect(updated(dy) { table.softmax_gradient(rows, n, y, $0, $0) } == dx)
      }
    }
  }

  @Test func `softmax masks with minus infinity and reports an empty row as NaN`() {
    for table in kernelTables {
      for n in [3, 8, 17] {
        var x = [Float](repeating: -.infinity, count: 4 * n)
        x[1] = 2  // row 0: one key
        x[2 * n] = 1e38  // row 2: huge and tiny
        x[2 * n + 1] = -1e38
        x[3 * n] = .nan
        let y = written(4 * n) { table.softmax(4, n, x, $0) }
        #expect((0..<n).allSatisfy { y[$0] == ($0 == 1 ? 1 : 0) })
        #expect(y[n..<2 * n].allSatisfy { $0.isNaN })
        #expect((0..<n).allSatisfy { y[2 * n + $0] == ($0 == 0 ? 1 : 0) })
        #expect(y[(3 * n)...].allSatisfy { $0.isNaN })
      }
    }
  }
}
