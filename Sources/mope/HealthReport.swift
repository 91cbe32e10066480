import Autograd
import Determinism
import Foundation
import Reporting
import Training

/// What `mope doctor` found.
struct HealthReport {
  struct Line {
    let isGood: Bool
    let text: String
  }

  let lines: [Line]

  static func make() throws -> HealthReport {
    var lines: [Line] = []
    let environment = Environment.current
    lines.append(
      Line(
        isGood: true,
        text:
          "kernels: OpenBLAS runs \(environment.blasKernel), our loops \(environment.kernelLevel); \(environment.openBLAS)"
      ))
    lines.append(
      Line(
        isGood: true,
        text:
          "processor: \(ProcessInfo.processInfo.activeProcessorCount) cores in use, \(ProcessInfo.processInfo.physicalMemory >> 30) GiB of memory"
      ))
    lines.append(blasLine())
    lines.append(fontLine())
    lines.append(try diskLine())
    return HealthReport(lines: lines)
  }

  /// Products of odd shapes against sums in double: the error must be what rounding explains.
  private static func blasLine() -> Line {
    var worst = 0.0
    var worstShape = ""
    var random = RandomStream(seed: 1)
    for (m, n, k) in [(1, 1, 1), (3, 5, 7), (17, 33, 65), (64, 1, 129), (1, 100, 300), (127, 63, 255)] {
      let a = (0..<m * k).map { _ in Float(random.normal()) }
      let b = (0..<n * k).map { _ in Float(random.normal()) }
      let found = linear(Tensor(a, [m, k]), Tensor(b, [n, k])).values
      for i in 0..<m {
        for j in 0..<n {
          var (sum, size) = (0.0, 0.0)
          for t in 0..<k {
            let term = Double(a[i * k + t]) * Double(b[j * k + t])
            sum += term
            size += abs(term)
          }
          // Rounding of k products and sums: at most k units in the last place of Σ|aᵢ bᵢ|.
          let error = abs(Double(found[i * n + j]) - sum) / max(size * Double(k) * 0x1p-24, 1e-30)
          if !(error <= worst) { (worst, worstShape) = (error, "\(m)×\(n)×\(k)") }
        }
      }
    }
    return Line(
      isGood: worst <= 1,
      text: "BLAS self-test: largest error \(fixed(worst, 2)) of what rounding explains (at \(worstShape))")
  }

  private static func fontLine() -> Line {
    do {
      try FontCheck.run()
      return Line(isGood: true, text: "fonts: DejaVu Sans is there")
    } catch {
      return Line(isGood: false, text: "fonts: \(error)")
    }
  }

  private static func diskLine() throws -> Line {
    let path = FileManager.default.currentDirectoryPath
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
    guard let free = (attributes[.systemFreeSize] as? NSNumber)?.int64Value else {
      return Line(isGood: false, text: "disk: the free space cannot be told")
    }
    return Line(isGood: free > 1 << 30, text: "disk: \(free >> 30) GiB free here (1 GiB needed)")
  }
}
