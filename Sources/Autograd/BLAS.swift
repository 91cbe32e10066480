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

  /// Sets the threads of all later operations. OpenBLAS itself runs on one: products are cut here (`gemm`), so that no
  /// thread of another pool waits, spinning, while this project's loops run.
  public static func setThreads(_ count: Int) {
    require(count >= 1, "setThreads: expected at least 1, found \(count)")
    threadCount.store(count, ordering: .relaxed)
    openblas_set_num_threads(1)
  }
}

/// This project's own loops over floats.
let kernels = mope_kernels().pointee

/// Parts for each thread: more than one, so that a thread that is held up does not hold up the others.
private let partsPerThread = 4

/// Calls `body` on disjoint ranges that cover 0 ..< `count`, on as many threads as pay for `work` (in element
/// visits). `body` must give the same result however the range is cut.
func parallel(_ count: Int, work: Int, _ body: (Range<Int>) -> Void) {
  let threads = min(Compute.threads, count, work / 32_768)
  guard threads > 1 else { return body(0..<count) }
  let parts = min(count, work / 32_768, threads * partsPerThread)
  let unit = count >= 4096 ? 64 : 1  // elements: whole lines of the cache
  concurrently(parts) { i in
    let (start, end) = (count * i / parts / unit * unit, count * (i + 1) / parts / unit * unit)
    body(start..<(i + 1 == parts ? count : end))
  }
}

/// Calls `body` with 0 ..< `count` on the threads there are, in any order.
private func concurrently(_ count: Int, _ body: (Int) -> Void) {
  guard count > 1 else { return body(0) }
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: count) { body($0) }
  }
}

/// A matrix inside a buffer: `rows` × `columns`, rows `stride` floats apart, read transposed if `transposed`.
struct MatrixView {
  let pointer: UnsafePointer<Float>
  let stride: Int
  var transposed = false
}

/// c[m, n] = α a[m, k] b[k, n] + β c
///
/// On several threads the result is cut; large products then take this project's own kernel, whose packed right side
/// the threads share: those with many rows, and those whose right side is kept packed.
/// - Parameters:
///   - finishing: called with rows of c that are done, all rows in all, from any thread.
///   - keeping: keeps b packed for the next product. b must be the same, and never change.
func gemm(
  _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView, _ b: MatrixView,
  _ c: UnsafeMutablePointer<Float>, stride: Int, alpha: Float = 1, beta: Float = 0,
  keeping: PackedMatrix? = nil, finishing: ((Range<Int>) -> Void)? = nil
) {
  guard m > 0, n > 0 else { return }
  Work.add(2 * m * n * k)
  let start = Profile.now()
  defer { Profile.endedProduct(m, n, k, start: start) }
  // With many rows packing costs little: b is packed anew, and memory is saved.
  let keeping = m < 1024 ? keeping : nil
  if Compute.threads > 1, m >= 1024 || keeping != nil, m * n * k >= 1 << 25,
    n % kernels.panel_columns == 0, !a.transposed, alpha == 1, beta == 0 || beta == 1
  {
    let packed = keeping?.storage { packRight(n, k, b) } ?? packRight(n, k, b)
    return packedProduct(
      m, n, k, a, packed, c, stride: stride, accumulating: beta == 1, finishing)
  }
  let cutsRows = m >= n
  let count = cutsRows ? m : n
  let parts = gemmParts(count, products: m * n * k)
  concurrently(parts) { i in
    let part = gemmPart(i, of: parts, count)
    let (rows, columns) = cutsRows ? (part, 0..<n) : (0..<m, part)
    let (row, column) = (rows.lowerBound, columns.lowerBound)
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
      b.transposed ? CblasTrans : CblasNoTrans, blasint(rows.count), blasint(columns.count),
      blasint(k), alpha, a.pointer + row * (a.transposed ? 1 : a.stride), blasint(a.stride),
      b.pointer + column * (b.transposed ? b.stride : 1), blasint(b.stride), beta,
      c + row * stride + column, blasint(stride))
    if cutsRows { finishing?(rows) }
  }
  if !cutsRows, let finishing { parallel(m, work: m * n, finishing) }
}

/// In how many parts a side of the result is cut: one for each thread, more where they stay large, since each part
/// packs the other operand anew.
private func gemmParts(_ count: Int, products: Int) -> Int {
  let threads = Compute.threads
  guard threads > 1, products >= 1 << 21 else { return 1 }
  return max(1, min(max(count / 768, threads), threads * partsPerThread, count / 16))
}

/// Whole tiles of the kernels, but for the last part.
private func gemmPart(_ i: Int, of parts: Int, _ count: Int) -> Range<Int> {
  let unit = 16
  let start = count * i / parts / unit * unit
  return start..<(i + 1 == parts ? count : count * (i + 1) / parts / unit * unit)
}

/// b as `packed_gemm` takes it, packed by all threads. Its columns are whole panels.
private func packRight(_ n: Int, _ k: Int, _ b: MatrixView) -> Storage {
  let packed = Storage(count: k * n)
  let panels = n / kernels.panel_columns
  let packs = min(panels, Compute.threads * partsPerThread)
  concurrently(packs) { i in
    let first = panels * i / packs
    kernels.pack_right(
      n, k, b.pointer, b.stride, b.transposed, first, panels * (i + 1) / packs - first,
      packed.pointer)
  }
  return packed
}

/// The product by `packed_gemm`: each thread takes pieces of whole tiles of rows, all of one size.
private func packedProduct(
  _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView, _ b: Storage,
  _ c: UnsafeMutablePointer<Float>, stride: Int, accumulating: Bool,
  _ finishing: ((Range<Int>) -> Void)?
) {
  let tiles = (m + kernels.tile_rows - 1) / kernels.tile_rows
  let share = Compute.threads * kernels.block_rows  // rows, if every thread takes one block
  let pieces = min(tiles, (m + share - 1) / share * Compute.threads)
  concurrently(pieces) { i in
    let first = kernels.tile_rows * (tiles * i / pieces)
    let rows = first..<min(m, kernels.tile_rows * (tiles * (i + 1) / pieces))
    let scratch = Storage(count: mope_packed_scratch())
    kernels.packed_gemm(
      rows.count, n, k, a.pointer + rows.lowerBound * a.stride, a.stride, b.pointer,
      c + rows.lowerBound * stride, stride, accumulating, scratch.pointer)
    finishing?(rows)
  }
}

/// A matrix that is packed when a product first needs it, and kept.
final class PackedMatrix: Sendable {
  private let kept = Mutex<Storage?>(nil)

  func storage(_ make: () -> Storage) -> Storage {
    kept.withLock { kept in
      if let kept { return kept }
      let made = make()
      kept = made
      return made
    }
  }
}
