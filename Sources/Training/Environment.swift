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

  /// The environment of this process.
  public static var current: Environment {
    let version = Compute.blasConfiguration.split(separator: " ").prefix(2).joined(separator: " ")
    return Environment(
      blasKernel: Compute.blasKernel, kernelLevel: Compute.kernelLevel, threads: Compute.threads,
      openBLAS: version)
  }

  /// Equal seeds give equal bits on machines of one class.
  public var className: String {
    "\(blasKernel), \(kernelLevel), \(threads) thread\(threads == 1 ? "" : "s")"
  }
}
