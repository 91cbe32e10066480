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
      #if arch(x86_64)
        guard let name = Self.needed.first(where: { $0.key.lowercased() == argument.lowercased() })?.key else {
          return nil
        }
        self = .named(name)
      #else
        guard argument.allSatisfy({ $0.isLetter || $0.isNumber }), !argument.isEmpty else { return nil }
        self = .named(argument)
      #endif
    }
  }

  /// OpenBLAS's kernels for x86-64 with the processor's flags that they need (its `cpuid_x86.c`): it takes the one it is told to
  /// and would end in an illegal instruction.
  private static let needed: [String: [String]] = {
    let avx512 = ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]
    let amd = ["avx", "fma4"]
    return [
      "Prescott": ["pni"], "Core2": ["ssse3"], "Penryn": ["sse4_1"], "Dunnington": ["sse4_1"], "Atom": ["ssse3"],
      "Nano": ["ssse3"], "Nehalem": ["sse4_2"], "Sandybridge": ["avx"], "Haswell": ["avx2", "fma"],
      "Zen": ["avx2", "fma"],
      "SkylakeX": avx512, "Cooperlake": avx512 + ["avx512_bf16"], "Sapphirerapids": avx512 + ["amx_bf16"],
      "Barcelona": ["sse4a"], "Bobcat": ["sse4a"], "Bulldozer": amd, "Piledriver": amd, "Steamroller": amd,
      "Excavator": amd,
    ]
  }()

  static let allValueStrings = ["portable", "auto"] + needed.keys.sorted()

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
    #if arch(x86_64)
      if case .named(let name) = self, let missing = Self.needed[name]?.first(where: { !Self.flags.contains($0) }) {
        refuse(name, "this processor has no \(missing)")
      }
    #endif
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
    if case .named(let name) = self, Compute.blasKernel.lowercased() != name.lowercased() {
      refuse(name, "this OpenBLAS has none of that name and took \(Compute.blasKernel)")
    }
    Compute.selectKernels(portable: self == .portable)
    Compute.setThreads(1)
  }

  private func refuse(_ name: String, _ why: String) -> Never {
    Console.error("--kernel \(name): \(why); use portable or auto")
    exit(Failure.Kind.configuration.rawValue)
  }

  /// What the processor can do, as Linux names it.
  private static var flags: Set<String> {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("flags") }
    return Set((line?.split(separator: " ") ?? []).map(String.init))
  }
}
