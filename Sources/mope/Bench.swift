import ArgumentParser
import Autograd
import Cost
import Determinism
import Training

/// `mope bench`
struct Bench: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Measures the machine's GEMM peak and the passes of the networks beside it, in one run.")

  @Option(help: "Kernels: portable, auto, or OpenBLAS's name of one.")
  var kernel = KernelChoice.automatic
  @Option(help: "Threads per operation.") var threads = 1
  @Option(help: "Mini steps that are timed, after ten to warm up.") var steps = 100
  @Flag(help: "Time the mini steps of every method of the papers' comparison, not only of three.")
  var everyMethod = false
  @Flag(help: "Time the full-size networks (random weights), too: each encoder, MoPE on Swin-B and BERT-base.")
  var fullSize = false
  @Option(help: "Of the full-size networks only those whose name contains this text; may be repeated.")
  var only: [String] = []
  @Option(help: "Passes of a full-size network that are timed, after one to warm up.") var passes = 5
  @Flag(help: "After the timed passes of a full-size network one more, by operation.") var profile = false
  @Option(help: "A folder of JPEG or PNG images for the input pipeline's speed. Default: drawn PNGs of 500 × 375.")
  var images: String?
  @Flag(help: "The answer as JSON.") var json = false

  func validate() throws {
    try validateThreads(threads)
    for (name, value) in [("--steps", steps), ("--passes", passes)] where value < 1 {
      throw ValidationError("\(name): expected at least 1, found \(value)")
    }
    if !fullSize && (profile || !only.isEmpty) {
      throw ValidationError("--profile and --only: expected with --full-size")
    }
  }

  private struct Answer: Encodable {
    let environment: Environment
    let products: [ProductTiming]
    let peakGigaflops: Double
    let steps: [StepTiming]
    let fullSize: [FullSizeTiming]
    /// Where the training step was timed.
    let pipeline: PipelineTiming?
    let peakMemoryMegabytes: Double?
  }

  func run() throws {
    if fullSize { try FullSizeTiming.check(only) }
    Compute.setThreads(threads)
    let products = ProductTiming.all(fullSize: fullSize)
    let large = fullSize ? try FullSizeTiming.all(passes: passes, selection: only, profiles: profile) : []
    let answer = Answer(
      environment: .current, products: products,
      peakGigaflops: products.map(\.gigaflops).max() ?? .nan,
      steps: only.isEmpty ? try StepTiming.all(steps: steps, everyMethod: everyMethod) : [], fullSize: large,
      pipeline: large.contains(where: \.isTrainingStep) ? try PipelineTiming(images, steps: large) : nil,
      peakMemoryMegabytes: PeakMemory.megabytes)
    if json { try Console.answer(json: answer) } else { write(answer) }
  }

  private func write(_ answer: Answer) {
    func share(_ gigaflops: Double) -> String { "\(fixed(100 * gigaflops / answer.peakGigaflops, 0)) %" }
    Console.answer("\(answer.environment.className); \(answer.environment.openBLAS)")
    for product in answer.products {
      Console.answer("SGEMM \(product.shape): \(fixed(product.gigaflops, 1)) GFLOP/s")
    }
    for timing in answer.steps {
      Console.answer(
        """
        \(timing.name): \(fixed(timing.milliseconds, 2)) ms per step (best \(fixed(timing.best, 2))), \
        \(fixed(timing.gigaflops, 1)) GFLOP/s, \(share(timing.gigaflops)) of the GEMM peak, \
        tensors at most \(fixed(timing.tensorMegabytes, 1)) MB
        """)
    }
    for timing in answer.fullSize {
      let memory = timing.peakMemoryMegabytes.map { ", process at most \(fixed($0, 0)) MB" } ?? ""
      Console.answer(
        """
        \(timing.name): \(fixed(timing.seconds, 3)) s (best \(fixed(timing.best, 3))), \
        \(fixed(timing.samplesPerSecond, 2)) \(timing.unit)/s, \(fixed(timing.gigaflops, 1)) GFLOP/s, \
        \(share(timing.gigaflops)) of the GEMM peak, tensors at most \(fixed(timing.tensorMegabytes, 0)) MB\(memory)
        """)
      if let profile = timing.profile { write(profile) }
    }
    if let pipeline = answer.pipeline { Console.answer(pipeline.text) }
  }

  /// A table by operation, then the products by their sizes.
  private func write(_ profile: [Profile.Entry]) {
    let total = profile.reduce(0) { $0 + $1.seconds }
    func row(_ entry: Profile.Entry) {
      Console.answer(
        "  \(padded(entry.operation, 34)) \(padded(entry.pass, 8)) \(padded("\(entry.calls)", 5, right: true)) "
          + "\(padded(fixed(entry.seconds, 4), 8, right: true)) s \(padded(fixed(100 * entry.seconds / total, 1), 5, right: true)) %"
          + (entry.gigaflops.map { " \(padded(fixed($0, 0), 5, right: true)) GFLOP/s" } ?? ""))
    }
    let isProduct = { (entry: Profile.Entry) in entry.gigaflops != nil }
    let rest = profile.filter { !isProduct($0) }
    for pass in ["forward", "backward"] {
      let products = profile.filter { isProduct($0) && $0.pass == pass }
      let seconds = products.reduce(0) { $0 + $1.seconds }
      guard seconds > 0 else { continue }
      let operations = products.reduce(0) { $0 + ($1.gigaflops ?? 0) * $1.seconds }
      row(
        Profile.Entry(
          operation: "all products", pass: pass, calls: products.reduce(0) { $0 + $1.calls },
          seconds: seconds, gigaflops: operations / seconds))
    }
    rest.forEach(row)
    Console.answer("  of the products:")
    profile.filter(isProduct).prefix(24).forEach(row)
  }

  private func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return right ? space + text : text + space
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
    if fullSize {
      shapes += [(1672, 1536, 512), (1672, 2048, 512), (1672, 512, 2048), (512, 3072, 768), (512, 768, 3072)]
    }
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
