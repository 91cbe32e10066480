import Autograd
import Datasets
import Determinism
import Foundation
import Fusion
import NN
import TestSupport
import Testing
import Training

/// Whole runs at the smoke tier, and what of them is kept.
@Suite struct ClipRunTests {
  private func train(
    _ plan: MethodPlan, on data: DatasetID, store: RunStore
  ) throws -> FinishedRun {
    let method = plan(at: .smoke, on: data)
    let runner = Runner(
      store: store, encoders: EncoderCatalogue(tier: .smoke, folder: nil), behaviour: Behaviour())
    let run = TrainingRun(
      method: method, data: DataChoice(data, dataSeed: 1),
      recipe: .standard(method, on: data, tier: .smoke), tier: .smoke, seed: 0)
    return try #require(runner.results([run]) { _, _ in }.first).get()
  }

  @Test(arguments: [
    ("LateConcat", MethodPlan.lateConcat), ("P-LateConcat", .promptedLateConcat), ("SequentialFuse", .sequentialFuse),
    ("P-SequentialFuse", .promptedSequentialFuse), ("MoPE k=4", .mope(experts: 4)), ("AudioOnly", .fineTuned(.audio)),
    ("P-VideoOnly", .prompted(.video)),
  ])
  func `a method on clips trains, is stored and is read back`(_ name: String, _ plan: MethodPlan) throws {
    let method = plan(at: .smoke, on: .mustard)
    #expect(method.choices.name == name)
    let folder = try temporaryPath("clips")
    let finished = try train(plan, on: .mustard, store: RunStore(folder: folder, shipped: nil))
    #expect(finished.record.metrics.map(\.name) == [.accuracy, .f1])
    #expect(finished.record.finalLoss.isFinite)
    let decoded = try JSONDecoder().decode(Method.self, from: JSONEncoder().encode(method))
    #expect(decoded == method)
  }

  @Test func `Frozen trains its image encoder and leaves the text's alone`() throws {
    let method = MethodPlan.frozenLanguageModel(at: .smoke)
    let model = try method.model(
      outputs: 3, encoders: EncoderCatalogue(tier: .smoke, folder: nil),
      random: RandomStream(seed: 0))
    let trained = model.store.trainable.map(\.name)
    #expect(trained.contains { $0.hasPrefix("vision.encoder") })
    #expect(!trained.contains { $0.hasPrefix("text.") })
    #expect(!method.isPromptTuned && method.choices.name == "Frozen")
  }

  @Test func `a shipped run says which expert each example went to, in a byte each`() throws {
    let folder = try temporaryPath("assignments")
    let store = RunStore(folder: "\(folder)/own", shipped: "\(folder)/shipped")
    let finished = try train(.mope(experts: 4, main: .text), on: .vqaV2, store: store)
    #expect(finished.assignments.count == 2)  // BERT of the smoke tier has two blocks
    #expect(
      finished.assignments.allSatisfy { $0.count == 32 && $0.allSatisfy { (0..<4).contains($0) } })
    try store.ship(finished, withTensors: true, withFeatures: false)
    let fresh = RunStore(folder: "\(folder)/none", shipped: "\(folder)/shipped")
    let loaded = try #require(try fresh.load(finished.record.key))
    #expect(loaded.assignments == finished.assignments)
    #expect(loaded.predictions.decisions == finished.predictions.decisions)
    #expect(loaded.predictions.logits.isEmpty)
    let name = try finished.record.key.digest().prefix(16)
    let file = try SafetensorsFile(path: "\(folder)/shipped/\(name)/predictions.safetensors")
    #expect(file.shape("assignments") == [2, 32])
  }

  @Test func `every shipped run of the repository can be read, with or without assignments`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let store = RunStore(folder: "\(root)/no such folder", shipped: "\(root)/Golden/runs")
    for record in try store.records() {
      let run = try #require(try store.load(record.key))
      #expect(run.assignments.allSatisfy { $0.count == run.predictions.decisions.count })
    }
  }
}
