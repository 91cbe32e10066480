import ArgumentParser
import Determinism
import Foundation

/// `mope`: regenerates the MoPE papers, checks the numbers, and writes the reports.
@main
struct Mope: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mope",
    abstract: "Regenerates the tables, figures and theorems of the MoPE papers, and checks them.",
    discussion: """
      Exit codes: 0 all good · 1 a golden or claim failed · 2 a run crashed · 3 new values wait for accept · \
      4 cannot decide · 5 nothing selected · 64 usage · 65 bad input · 66 input missing · 70 internal · 74 I/O · \
      78 configuration · 130 interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      List.self, Plan.self, Run.self, Check.self, Accept.self, Render.self, Doctor.self, Bench.self,
      Diff.self, Encode.self,
      Pretrain.self, DataCommand.self, WeightsCommand.self,
    ])

  /// Runs a command and ends with the exit code of what happened. The argument parser would turn every error into 1.
  static func main() {
    Console.holdStandardStreams()
    do {
      var command = try parseAsRoot()
      if let chosen = command as? KernelChoosing { chosen.kernel.apply() }
      try command.run()
    } catch let failure as Failure {
      Console.error(failure.description)
      Foundation.exit(failure.kind.rawValue)
    } catch {
      let code = exitCode(for: error)
      if code == .success {  // help and version
        Console.answer(fullMessage(for: error))
        Foundation.exit(0)
      }
      if code == .validationFailure || error is ValidationError {
        Console.complain(fullMessage(for: error))
        Foundation.exit(Failure.Kind.usage.rawValue)
      }
      Console.error("\(error)")
      Foundation.exit(Failure.Kind.internal.rawValue)
    }
  }
}
