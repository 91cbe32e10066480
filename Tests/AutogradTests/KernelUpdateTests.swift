import CKernels
import CKernels.Reference
import Testing

@Suite struct KernelUpdateTests {
  @Test func `a small product is that of three loops`() {
    for table in kernelTables {
      for (m, n, k) in [
        (0, 3, 2), (1, 1, 1), (3, 4, 0), (5, 15, 7), (6, 16, 16), (7, 17, 13), (13, 33, 5),
        (17, 30, 16),
        (12, 257, 31),
      ] {
        let (lda, ldb, ldc) = (k + 1, n + 2, n + 3)
        let a = normals(m * lda, 1)
        let b = normals(k * ldb, 2)
        let start = normals(m * ldc, 3)
        for accumulate in [false, true] {
          let found = updated(start) {
            table.small_gemm(m, n, k, a, lda, b, ldb, $0, ldc, accumulate)
          }
          let expected = updated(start) {
            mope_reference_small_gemm(m, n, k, a, lda, b, ldb, $0, ldc, accumulate)
          }
          expectClose(found, expected, absolute: 1e-5, "\(m) × \(n) × \(k)")
        }
      }
    }
  }

  @Test func `adamw moves as the double loop does`() {
    for table in kernelTables {
      for n in kernelSizes {
        var p = normals(n, 1)
        var first = [Float](repeating: 0, count: n)
        var second = first
        var (expectedP, expectedFirst, expectedSecond) = (p, first, second)
        for step in 1...10 {
          let g = normals(n, UInt64(10 + step))
          var (power1, power2) = (1.0, 1.0)
          for _ in 0..<step { (power1, power2) = (power1 * 0.9, power2 * 0.999) }
          let (correction1, correction2) = (Float(1 - power1), Float(1 - power2))
          table.adamw(
            n, &p, &first, &second, g, 0.01, 0.9, 0.999, 1e-8, 0.1, correction1, correction2)
          mope_reference_adamw(
            n, &expectedP, &expectedFirst, &expectedSecond, g, 0.01, 0.9, 0.999, 1e-8, 0.1,
            correction1, correction2)
        }
        expectClose(first, expectedFirst, absolute: 1e-6)
        expectClose(second, expectedSecond, absolute: 1e-8, relative: 1e-6)
        expectClose(p, expectedP, absolute: 2e-6)  // ten roundings of numbers near 1
      }
    }
  }

  @Test func `dropout is the same function at every level, offset and length`() {
    let key: UInt64 = 0x1234_5678_9ABC_DEF1
    for table in kernelTables {
      for offset in [0, 5, (1 << 32) - 9, (1 << 40) + 3] as [UInt64] {
        for n in kernelSizes {
          let x = normals(n, 1).map { $0 + 20 }
          let y = written(n) { table.dropout(n, key, offset, 0.3, x, $0) }
          let expected = x.indices.map {
            mope_dropout_keeps(key, offset + UInt64($0), 0.3) ? x[$0] * (1 / (1 - 0.3 as Float)) : 0
          }
          #expect(y == expected)
          #expect(updated(x) { table.dropout(n, key, offset, 0.3, $0, $0) } == expected)
        }
      }
      let x = normals(20, 2)
      #expect(written(20) { table.dropout(20, key, 0, 0, x, $0) } == x)
      #expect(
        written(20) { table.dropout(20, key, 0, 1, x, $0) } == [Float](repeating: 0, count: 20))
    }
  }

  @Test func `dropout masks have the right rate and no visible pattern`() {
    let count = 1 << 20
    let rate: Float = 0.25
    // A count of independent events deviates by five standard deviations once in two million.
    let limit = 5 * (Double(count) * 0.25 * 0.75).squareRoot()
    let pairLimit = 5 * (Double(count) * 0.0625 * 0.9375).squareRoot()
    for key in [0, 1, 0xFFFF_FFFF, 0x9E37_79B9_7F4A_7C15] as [UInt64] {
      let dropped = (0..<UInt64(count)).map { !mope_dropout_keeps(key, $0, rate) }
      let total = dropped.count { $0 }
      #expect(abs(Double(total) - 0.25 * Double(count)) < limit)
      for distance in [1, 2, 4, 8, 16, 64, 197, 1024, 65536] {
        let pairs = (0..<count).count { dropped[$0] && dropped[($0 + distance) % count] }
        #expect(abs(Double(pairs) - 0.0625 * Double(count)) < pairLimit, "distance \(distance)")
      }
      for other in [key &+ 1, key ^ (1 << 40), key &+ 64] {
        let pairs = (0..<count).count {
          dropped[$0] && !mope_dropout_keeps(other, UInt64($0), rate)
        }
        #expect(abs(Double(pairs) - 0.0625 * Double(count)) < pairLimit, "key \(other)")
      }
    }
  }

  @Test func `a level is selected from those the processor has`() {
    // Other suites use the table meanwhile, so that the best one stays selected.
    let best = mope_select_kernels(MOPE_KERNELS_AVX512)
    #expect(mope_kernels().pointee.level == best)
    #expect(mope_kernels_at(best) == mope_kernels())
  }
}
