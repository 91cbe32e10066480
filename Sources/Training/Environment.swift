import Autograd
import Foundation

/// What numbers depend on besides the run itself.
public struct Environment: Codable, Hashable, Sendable {
  /// `openblas_get_corename()`
  public var blasKernel: String
  /// Level of this project's own kernels.
  public var kernelLevel: String
  /// Threads per operation.
  public var threads: Int
  public var openBLAS: String
  public var compiler: String

  private static var compiler: String {
    #if compiler(>=6.4)
      "Swift 6.4 or later"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #elseif compiler(>=6.2)
      "Swift 6.2"
    #else
      "Swift 6.1"
    #endif
  }

  /// The environment of this process.
  public static var current: Environment {
    let version = Compute.blasConfiguration.split(separator: " ").prefix(2).joined(separator: " ")
    return Environment(
      blasKernel: Compute.blasKernel, kernelLevel: Compute.kernelLevel, threads: Compute.threads,
      openBLAS: version, compiler: compiler)
  }

  /// Equal seeds give equal bits on machines of one class.
  public var className: String {
    "\(blasKernel), \(kernelLevel), \(threads) thread\(threads == 1 ? "" : "s")"
  }
}
