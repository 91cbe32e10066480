import Datasets
import Determinism
import Foundation
import Fusion
import TestSupport
import Testing
import Training

/// A smoke run: 64 training questions, small encoders with random weights, two epochs.
@Suite struct SegmentationRunTests {
  private func method(_ change: @escaping @Sendable (inout MoPEConfiguration) -> Void = { _ in }) -> Fusion.Method {
    MethodPlan.mope(experts: 4, change)(at: .smoke, on: .refCOCO)
  }

  private func run(_ method: Fusion.Method, seed: Int = 0) -> TrainingRun {
    TrainingRun(
      method: method, data: DataChoice(.refCOCO, dataSeed: 1),
      recipe: .standard(method, on: .refCOCO, tier: .smoke), tier: .smoke, seed: seed)
  }

  private func runner(_ name: String) throws -> Runner {
    Runner(
      store: RunStore(
        folder: try temporaryPath(name), shipped: try temporaryPath("\(name)-shipped")),
      encoders: EncoderCatalogue(tier: .smoke, folder: nil), behaviour: Behaviour())
  }

  @Test func `a run is judged on every split and read back as it was`() throws {
    let runner = try runner("ris-run")
    let run = run(method())
    let finished = try runner.results([run]) { _, _ in }[0].get()
    let splits: [Split] = [.validation, .testA, .testB, .pairs, .train]
    #expect(finished.predictions.parts.map(\.split) == splits)
    #expect(finished.predictions.parts.map(\.count) == [32, 32, 32, 32, 64])
    let stored = try #require(try runner.stored(run))
    #expect(stored.predictions == finished.predictions)
    for split in splits {
      let overlaps = try #require(stored.predictions.decisions(on: split)).map { Double($0) / 1e4 }
      let mean = overlaps.reduce(0, +) / Double(overlaps.count)
      // Overlaps are stored in millionths: half of one, in percent.
      #expect(abs(try #require(stored.metric(.meanIoU, on: split)) - mean) <= 5.1e-5)
      let found = 100 * Double(overlaps.count { $0 > 50 }) / Double(overlaps.count)
      #expect(abs(try #require(stored.metric(.found, on: split)) - found) < 1e-9)
    }
    #expect(stored.metric(.apart, on: .pairs) != nil)
    #expect(stored.metric(.apart, on: .testA) == nil)
    #expect(stored.metric(.meanIoU) == nil)
  }

  @Test func `the masks that are kept have the overlaps that are stored`() throws {
    let runner = try runner("ris-masks")
    let finished = try runner.results([run(method { $0.decoder = .progressive })]) { _, _ in }[0]
      .get()
    let dataset = ReferringStandIn(
      .refCOCO, dataSeed: 1, sizes: SplitSizes(train: 64, validation: 32, test: 32))
    for part in finished.predictions.parts {
      let overlaps = try #require(finished.predictions.decisions(on: part.split))
      for index in 0..<part.masks.count {
        let truth = dataset.example(index, of: part.split).label.maskValues.map { $0 > 0 }
        let mask = try #require(part.mask(index, pixels: truth.count))
        let both = zip(mask, truth).count { $0 && $1 }
        let either = zip(mask, truth).count { $0 || $1 }
        let stored = Double(overlaps[overlaps.startIndex + index]) / 1e6
        #expect(abs(stored - Double(both) / Double(either)) < 1e-6)
      }
      #expect(part.masks.count == 12)
      #expect(part.mask(12, pixels: 1296) == nil)
    }
  }

  @Test func `a shipped run is small and keeps the trained tensors of seed 0 alone`() throws {
    let runner = try runner("ris-ship")
    for seed in [0, 1] {
      let run = run(method(), seed: seed)
      try runner.store.ship(try runner.results([run]) { _, _ in }[0].get(), withTensors: seed == 0, withFeatures: false)
      let folder =
        "\(try #require(runner.store.shipped))/\(try runner.key(run).digest().prefix(16))"
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(files.contains("tensors.safetensors") == (seed == 0))
      let size = try files.filter { $0 != "tensors.safetensors" }.reduce(0) {
        $0 + (try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($1)")).count)
      }
      #expect(size < 60_000)
    }
  }

  @Test func `a run judged on one split has that split's numbers`() throws {
    let runner = try runner("ris-validation")
    var run = run(method())
    run.data.judgedOn = "validation"
    let finished = try runner.results([run]) { _, _ in }[0].get()
    #expect(finished.predictions.parts.map(\.split) == [.validation])
  }

  @Test func `a stored model judged again gives the same masks`() throws {
    let runner = try runner("ris-again")
    let finished = try runner.results([run(method())]) { _, _ in }[0].get()
    let again = try #require(try runner.reevaluated(finished))
    #expect(again.predictions == finished.predictions)
    #expect(again.record.metrics == finished.record.metrics)
  }

  @Test func `a method without maps is refused, with a way out`() throws {
    let late = MethodPlan.lateConcat(at: .smoke, on: .refCOCO)
    #expect(throws: Failure.self) {
      _ = try late.model(
        for: .segmentation, encoders: EncoderCatalogue(tier: .smoke, folder: nil),
        random: RandomStream(seed: 0))
    }
  }

  @Test func `the fingerprint of a method knows its mask head`() throws {
    let recipe = Recipe.standard(method(), on: .refCOCO, tier: .smoke)
    let plain = try Behaviour().fingerprint(method(), recipe, in: Tier.smoke.profile())
    let profile = Tier.smoke.profile(DatasetID.refCOCO.descriptor)
    let masks = try Behaviour().fingerprint(method(), recipe, in: profile)
    let other = try Behaviour().fingerprint(method { $0.decoder = .progressive }, recipe, in: profile)
    #expect(Set([plain, masks, other]).count == 3)
  }
}
