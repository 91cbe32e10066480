import ArgumentParser
import Determinism
import Encoders
import Pretraining
import Training

/// `mope pretrain`
struct Pretrain: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Pretrains the small encoders, each on one modality alone.",
    discussion: """
      Writes Golden/encoders/<name>-mini: the weights, and a record with the recipe, the losses and what the encoder \
      knows. Every stored run depends on these weights; after pretraining anew all are stale.
      """)

  @Argument(help: "The encoders to pretrain. All if none is named.")
  var encoders: [EncoderChoice] = EncoderChoice.pretrained

  @Option(help: "Kernels: portable, auto, or OpenBLAS's name of one.")
  var kernel = KernelChoice.portable

  @Option(help: "Optimisation steps. Default: the recipe's.")
  var steps: Int?

  @Option(name: .shortAndLong, help: "Folder to write to. Default: Golden/encoders of the project.")
  var output: String?

  func validate() throws {
    for encoder in encoders where !EncoderChoice.pretrained.contains(encoder) {
      throw ValidationError("\(encoder.rawValue) has no pretraining of its own")
    }
    if let steps, steps < 1 {
      throw ValidationError("--steps: expected a positive number, found \(steps)")
    }
  }

  func run() throws {
    Interruption.catchSignals()
    let folder = try output ?? Project.find().encoders
    for encoder in encoders {
      var recipe = PretrainingRecipe(encoder)
      recipe.steps = steps ?? recipe.steps
      let record = try Pretraining(encoder, recipe: recipe, folder: folder).run { progress in
        Console.note(
          "\(encoder.rawValue): step \(progress.step) of \(progress.steps), loss \(fixed(Double(progress.loss), 4))")
      }
      Console.answer(
        "\(record.encoder): \(grouped(record.parameters)) parameters in \(fixed(record.seconds, 0)) s")
      for (name, score) in record.probes.sorted(by: { $0.key < $1.key }) {
        let unit = name.hasPrefix("perplexity") ? "" : " %"
        Console.answer("  \(name): \(fixed(score, 1))\(unit)")
      }
    }
  }
}

extension EncoderChoice: ExpressibleByArgument {}
