import COpenBLAS
import CKernels
import Determinism
import Foundation
import Synchronization

/// The linear-algebra library in use, and how many threads an operation may take.
public enum Compute {
  /// The kernel OpenBLAS runs on ("Haswell", "SkylakeX", …). Only this function tells the truth: variables and
  /// configuration name what was asked for.
  public static var blasKernel: String { String(cString: openblas_get_corename()) }

  /// How OpenBLAS was built, with its version.
  public static var blasConfiguration: String { String(cString: openblas_get_config()) }

  /// The level of this project's own kernels: "baseline", "AVX2" or "AVX-512".
  public static var kernelLevel: String {
    switch mope_kernels().pointee.level {
    case MOPE_KERNELS_AVX512: "AVX-512"
    case MOPE_KERNELS_AVX2: "AVX2"
    default: "baseline"
    }
  }

  /// Takes the best kernels the processor has that do not exceed AVX2 (`portable`) or any (`automatic`).
  /// OpenBLAS is told by its environment variable before it is loaded: `mope`'s `KernelChoice`.
  public static func selectKernels(portable: Bool) {
    _ = mope_select_kernels(portable ? MOPE_KERNELS_AVX2 : MOPE_KERNELS_AVX512)
  }

  private static let threadCount = Atomic<Int>(1)

  /// Threads one operation may use. 1 while several runs share the processor.
  public static var threads: Int { threadCount.load(ordering: .relaxed) }

  /// Sets the threads of all later operations, OpenBLAS's included.
  public static func setThreads(_ count: Int) {
    require(count >= 1, "setThreads: expected at least 1, found \(count)")
    threadCount.store(count, ordering: .relaxed)
    openblas_set_num_threads(Int32(count))
  }
}

/// This project's own loops over floats.
let kernels = mope_kernels().pointee

/// Calls `body` on disjoint ranges that cover 0 ..< `count`, on as many threads as pay for `work` (in element
/// visits). `body` must give the same result however the range is cut.
func parallel(_ count: Int, work: Int, _ body: (Range<Int>) -> Void) {
  let threads = min(Compute.threads, count, work / 32_768)
  guard threads > 1 else { return body(0..<count) }
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: threads) { i in
      body(count * i / threads..<count * (i + 1) / threads)
    }
  }
}

/// A matrix inside a buffer: `rows` × `columns`, rows `stride` floats apart, read transposed if `transposed`.
struct MatrixView {
  let pointer: UnsafePointer<Float>
  let stride: Int
  var transposed = false
}

/// c[m, n] = α a[m, k] b[k, n] + β c
func gemm(
  _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView, _ b: MatrixView,
  _ c: UnsafeMutablePointer<Float>, stride: Int, alpha: Float = 1, beta: Float = 0
) {
  guard m > 0, n > 0 else { return }
  Work.add(2 * m * n * k)
  cblas_sgemm(
    CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
    blasint(m), blasint(n), blasint(k), alpha, a.pointer, blasint(a.stride), b.pointer,
    blasint(b.stride), beta, c, blasint(stride))
}
