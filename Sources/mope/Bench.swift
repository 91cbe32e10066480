import ArgumentParser
import Autograd
import Determinism
import Foundation
import Images
import Reporting
import Training

/// `mope bench`
struct Bench: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Measures the machine's GEMM peak and the passes of the networks beside it, in one run.")

  @Option(help: "Kernels: portable, auto, or OpenBLAS's name of one.")
  var kernel = KernelChoice.automatic
  @Option(help: "Threads per operation.") var threads = 1
  @Option(help: "Mini steps that are timed, after ten to warm up.") var steps = 100
  @Flag(help: "Time the full-size networks (random weights), too: each encoder, MoPE on Swin-B and BERT-base.")
  var fullSize = false
  @Option(help: "Passes of a full-size network that are timed, after one to warm up.") var passes = 5
  @Option(help: "A folder of JPEG or PNG images for the input pipeline's speed. Default: drawn PNGs of 500 × 375.")
  var images: String?
  @Flag(help: "The answer as JSON.") var json = false

  func validate() throws {
    for (name, value) in [("--threads", threads), ("--steps", steps), ("--passes", passes)] where value < 1 {
      throw ValidationError("\(name): expected at least 1, found \(value)")
    }
  }

  private struct Answer: Encodable {
    let environment: Environment
    let products: [ProductTiming]
    let peakGigaflops: Double
    let steps: [StepTiming]
    let fullSize: [FullSizeTiming]
    let pipeline: PipelineTiming?
    let peakMemoryMegabytes: Double
  }

  func run() throws {
    Compute.setThreads(threads)
    let products = ProductTiming.all(fullSize: fullSize)
    let peak = products.map(\.gigaflops).max() ?? .nan
    let timings = try StepTiming.all(steps: steps)
    let large =
      fullSize
      ? try FullSizeTiming.mope(passes: passes) + FullSizeTiming.encoders(passes: passes) : []
    let pipeline = try fullSize ? PipelineTiming(images, steps: large) : nil
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let memory = Double(usage.ru_maxrss) / 1000
    if json {
      try Console.answer(
        json: Answer(
          environment: .current, products: products, peakGigaflops: peak, steps: timings,
          fullSize: large, pipeline: pipeline, peakMemoryMegabytes: memory))
      return
    }
    Console.answer("\(Environment.current.className); \(Environment.current.openBLAS)")
    for product in products {
      Console.answer("SGEMM \(product.shape): \(fixed(product.gigaflops, 1)) GFLOP/s")
    }
    for timing in timings {
      let share = 100 * timing.gigaflops / peak
      Console.answer(
        """
        \(timing.name): \(fixed(timing.milliseconds, 2)) ms per step (best \(fixed(timing.best, 2))), \
        \(fixed(timing.gigaflops, 1)) GFLOP/s, \(fixed(share, 0)) % of the GEMM peak, \
        tensors at most \(fixed(timing.tensorMegabytes, 1)) MB
        """)
    }
    for timing in large {
      Console.answer(
        """
        \(timing.name): \(fixed(timing.seconds, 3)) s (best \(fixed(timing.best, 3))), \
        \(fixed(timing.samplesPerSecond, 2)) samples/s, \(fixed(timing.gigaflops, 1)) GFLOP/s, \
        \(fixed(100 * timing.gigaflops / peak, 0)) % of the GEMM peak, tensors at most \(fixed(timing.tensorMegabytes, 0)) MB
        """)
    }
    if let pipeline { Console.answer(pipeline.text) }
    Console.answer("peak memory of the process: \(fixed(memory, 0)) MB")
  }
}

/// The speed of one product of matrices.
struct ProductTiming: Encodable {
  let shape: String
  let gigaflops: Double

  /// A large square, and the shapes of the mini model's layers (batch 32, 17 tokens, width 64); for the full size those of
  /// Swin-B's third stage (8 images, 13 prompts) and of BERT-base (8 texts of 64 tokens).
  static func all(fullSize: Bool) -> [ProductTiming] {
    var shapes = [(1024, 1024, 1024), (544, 192, 64), (544, 256, 64), (544, 64, 256)]
    if fullSize { shapes += [(1672, 1536, 512), (1672, 2048, 512), (1672, 512, 2048), (512, 768, 3072)] }
    return shapes.map { m, n, k in
      let x = Tensor.full([m, k], 0.5)
      let weight = Tensor.full([n, k], 0.25)
      let repeats = max(1, 200_000_000 / (2 * m * n * k))
      let clock = ContinuousClock()
      var best = Double.infinity
      for _ in 0..<7 {
        let time = clock.measure { for _ in 0..<repeats { _ = linear(x, weight) } }
        best = min(best, time.seconds / Double(repeats))
      }
      return ProductTiming(
        shape: "\(m)×\(n)×\(k)", gigaflops: 2 * Double(m * n * k) / best * 1e-9)
    }
  }
}
