import ArgumentParser
import Autograd
import CKernels
import Determinism
import Foundation

/// A command that computes, and so can choose its kernels.
protocol KernelChoosing {
  var kernel: KernelChoice { get }
}

/// Which kernels OpenBLAS and this project use.
///
/// OpenBLAS reads `OPENBLAS_CORETYPE` when it is loaded, which is before `main`. So the variable is set and the
/// program starts itself again; the second time it finds the variable as it wants it.
enum KernelChoice: ExpressibleByArgument, Equatable {
  /// AVX2 kernels, which every x86-64 machine of the last decade runs: goldens are recorded with them.
  case portable
  /// The fastest of this machine, whatever the inherited variable says.
  case automatic
  /// A kernel by OpenBLAS's name, such as SkylakeX.
  case named(String)

  init?(argument: String) {
    switch argument {
    case "portable": self = .portable
    case "auto": self = .automatic
    default:
      guard argument.allSatisfy({ $0.isLetter || $0.isNumber }), !argument.isEmpty else { return nil }
      self = .named(argument)
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .portable: "portable"
    case .automatic: "auto"
    case .named(let name): name
    }
  }

  /// The value `OPENBLAS_CORETYPE` must have; nil for unset.
  private var wanted: String? {
    #if arch(x86_64)
      let hasAVX512 = mope_kernels_at(MOPE_KERNELS_AVX512) != nil
      let hasAVX2 = mope_kernels_at(MOPE_KERNELS_AVX2) != nil
      switch self {
      case .portable: return hasAVX2 ? "Haswell" : nil
      case .automatic: return hasAVX512 ? "SkylakeX" : hasAVX2 ? "Haswell" : nil
      case .named(let name): return name
      }
    #else
      if case .named(let name) = self { return name }
      return nil
    #endif
  }

  /// Makes this choice hold, starting the program anew if OpenBLAS was loaded with another.
  func apply() {
    let variable = "OPENBLAS_CORETYPE"
    let current = getenv(variable).map { String(cString: $0) }
    if current != wanted {
      if let wanted { setenv(variable, wanted, 1) } else { unsetenv(variable) }
      var arguments = CommandLine.arguments.map { strdup($0) }
      arguments.append(nil)
      execv("/proc/self/exe", &arguments)
      Console.error("cannot start again with other kernels: \(String(cString: strerror(errno)))")
      exit(Failure.Kind.internal.rawValue)
    }
    Compute.selectKernels(portable: self == .portable)
    Compute.setThreads(1)
  }
}
