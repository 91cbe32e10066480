import Autograd
import CKernels
import Testing

@Suite struct KernelProductTests {
  /// Rows around whole tiles and blocks of them, summands around the squares and the depth that is packed at once.
  @Test(arguments: [1, 5, 6, 8, 13, 14, 15, 23, 109, 169], [1, 7, 8, 9, 768, 771])
  func `a packed product is the product`(_ m: Int, _ k: Int) {
    for table in kernelTables {
      for panels in [1, 3] {
        let n = panels * table.panel_columns
        let (lda, ldc) = (k + 3, n + 5)
        let (a, start) = (normals(m * lda, 1), normals(m * ldc, 3))
        for transposed in [false, true] {
          let ldb = transposed ? k + 2 : n + 1
          let b = normals((transposed ? n : k) * ldb, 2)
          var right = b  // plain, for the reference
          if transposed {
            right = (0..<k * n).map { b[$0 % n * ldb + $0 / n] }
          }
          let packed = written(k * n) {
            for panel in 0..<panels { table.pack_right(n, k, b, ldb, transposed, panel, 1, $0) }
          }
          var scratch = [Float](repeating: .nan, count: mope_packed_scratch())
          for accumulate in [false, true] {
            let found = updated(start) {
              table.packed_gemm(m, n, k, a, lda, packed, $0, ldc, accumulate, &scratch)
            }
            let expected = updated(start) {
              mope_reference_small_gemm(
                m, n, k, a, lda, right, transposed ? n : ldb, $0, ldc, accumulate)
            }
            // Sums of k products of normal numbers, in float and another order.
            expectClose(
              found, expected, absolute: 2e-6 * Float(k).squareRoot() * 4, relative: 1e-5,
              "level \(table.level.rawValue): \(m) × \(n) × \(k), transposed \(transposed)")
          }
        }
      }
    }
  }
}
