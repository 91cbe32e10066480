import Autograd
import Datasets
import Determinism
import Foundation
import Fusion
import NN
import PaperTier
import TestSupport
import Testing
import Training

/// The fixture datasets with tiny checkpoints.
enum TinyTier {
  static func make(_ name: String) throws -> (data: PublishedData, encoders: CheckpointEncoders) {
    let root = try temporaryPath("paper-\(name)")
    try? FileManager.default.removeItem(atPath: root)
    try TinyCheckpoints.write(to: "\(root)/weights")
    let encoders = CheckpointEncoders("\(root)/weights")
    let data = PublishedData(
      Fixture("published").folder, prepared: "\(root)/prepared", encoders: encoders)
    return (data, encoders)
  }

  /// - Parameter change: of a copy of the data.
  static func runner(
    _ name: String, change: ((_ data: String) throws -> Void)? = nil
  ) throws -> Runner {
    var (data, encoders) = try make(name)
    if let change {
      let folder = try temporaryPath("paper-\(name)/data")
      try FileManager.default.copyItem(atPath: Fixture("published").folder, toPath: folder)
      try change(folder)
      data = PublishedData(folder, encoders: encoders)
    }
    return Runner(
      store: RunStore(folder: try temporaryPath("paper-\(name)/store"), shipped: nil),
      encoders: EncoderCatalogue(encoders), behaviour: Behaviour(), data: data)
  }
}

extension BatchSource {
  /// All batches.
  fileprivate func all(_ indices: [[Int]], _ use: BatchUse) throws -> [Batch] {
    let next = batches(indices, for: use)
    var all: [Batch] = []
    while let batch = try next() { all.append(batch) }
    return all
  }
}

@Suite struct PublishedDataTests {
  private let mope = MethodPlan.mope(experts: 4)(at: .paper)

  @Test func `a batch has images in the encoder's size, padded tokens and labels`() throws {
    let (data, _) = try TinyTier.make("batch")
    let train = try data.training(DataChoice(.snliVE, dataSeed: 1), for: mope)
    #expect(train.count == 4)
    let batch = try #require(try train.all([[2, 0, 1]], .evaluation).first)
    #expect(batch.images?.shape == [3, 3, 32, 32])
    let text = try #require(batch.text)
    #expect(text.shape.batch == 3)
    #expect((0..<3).allSatisfy { text.ids[$0 * text.shape.tokens] == 101 })
    guard case .classes(let labels)? = batch.labels else {
      Issue.record("expected classes")
      return
    }
    #expect(labels == [2, 0, 1].map { Int32(train.labels[$0].indices[0]) })
  }

  @Test func `a method that reads no images is given none, and one without text no tokens`() throws {
    let (data, _) = try TinyTier.make("inputs")
    let choice = DataChoice(.mmIMDB, dataSeed: 1)
    let texts = try data.training(choice, for: MethodPlan.fineTuned(.text)(at: .paper))
    #expect(try texts.all([[0, 1]], .evaluation).first?.images == nil)
    let images = try data.training(choice, for: MethodPlan.fineTuned(.vision)(at: .paper))
    #expect(try images.all([[0, 1]], .evaluation).first?.text == nil)
  }

  @Test func `augmentation depends on seed, epoch and example, not on the batch`() throws {
    let (data, _) = try TinyTier.make("augmentation")
    let train = try data.training(DataChoice(.mmIMDB, dataSeed: 1), for: mope)
    #expect(train.drawsImages)
    func image(_ indices: [Int], _ row: Int, epoch: Int, seed: UInt64 = 0) throws -> [Float] {
      let batch = try #require(
        try train.all([indices], .training(epoch: epoch, seed: seed)).first?.images)
      return Array(batch.values[row * 3072..<(row + 1) * 3072])
    }
    let alone = try image([1], 0, epoch: 0)
    #expect(try image([0, 2, 1], 2, epoch: 0) == alone)
    let others = try (1...6).map { try image([1], 0, epoch: $0) }
    #expect(others.contains { $0 != alone })
    let food = try data.training(DataChoice(.food101, dataSeed: 1), for: mope)
    #expect(!food.drawsImages)
  }

  @Test func `a dry run takes the first examples, a low-shot run the same draw for everyone`()
    throws
  {
    let (data, _) = try TinyTier.make("limits")
    var choice = DataChoice(.food101, dataSeed: 1)
    #expect(try data.training(choice, for: mope).count == 6)
    choice.limit = 2
    #expect(try data.training(choice, for: mope).count == 2)
    #expect(try data.judged(choice, for: mope)[0].count == 2)
    let shot = DataChoice(.food101, trainLimit: 3, dataSeed: 1)
    let first = try data.training(shot, for: mope)
    #expect(first.count == 3)
    #expect(try data.judged(shot, for: mope)[0].count == 2)
    #expect(try data.training(shot, for: MethodPlan.lateConcat(at: .paper)).labels == first.labels)
  }

  @Test func `real data have one interaction, and what they do not have is refused by name`() throws {
    let (data, _) = try TinyTier.make("refused")
    func refusal(_ choice: DataChoice) -> Failure? {
      do { _ = try data.training(choice, for: mope) } catch { return error as? Failure }
      return nil
    }
    #expect(refusal(DataChoice(.snliVE, dataSeed: 1, interaction: 0.5))?.kind == .configuration)
    let images = refusal(DataChoice(.mustard, dataSeed: 1))
    #expect(images?.kind == .configuration)
    #expect(images?.description.contains("reads vision, which MUStARD does not have") == true)
  }

  @Test func `a checkpoint that is not there is named, with the command that gets it`() throws {
    let (data, encoders) = try TinyTier.make("missing")
    try FileManager.default.removeItem(atPath: "\(encoders.root)/bert-base")
    do {
      _ = try data.training(DataChoice(.snliVE, dataSeed: 1), for: mope)
      Issue.record("no failure")
    } catch let failure as Failure {
      #expect(failure.kind == .missingInput)
      #expect(failure.description.contains("mope weights download bert-base --to"))
    }
  }

  @Test func `the key of a run holds its data and what the pipeline does with them`() throws {
    let (data, encoders) = try TinyTier.make("keys")
    let names: [DatasetID] = [.snliVE, .food101, .mmIMDB, .refCOCO, .refCOCOPlus, .vqaV2, .mustard]
    let probes = try names.map { try data.probe(DataChoice($0, dataSeed: 1)) }
    #expect(Set(probes).count == names.count)
    // The same of a copy elsewhere, prepared anew.
    let copy = try temporaryPath("paper-keys/copy")
    try FileManager.default.copyItem(atPath: Fixture("published").folder, toPath: copy)
    let again = PublishedData(copy, encoders: encoders)
    #expect(try names.map { try again.probe(DataChoice($0, dataSeed: 1)) } == probes)
    let titles = PublishedData(copy, titles: true, encoders: encoders)
    #expect(try titles.probe(DataChoice(.food101, dataSeed: 1)) != probes[1])
  }

  @Test func `networks of other sizes than the published are told apart`() throws {
    let (_, encoders) = try TinyTier.make("sizes")
    let departures = try encoders.departures()
    #expect(departures.count == 9)  // one a folder
    #expect(departures.contains { $0.contains("bert-base/config.json: ") })
  }
}

@Suite struct PaperDefaultsTests {
  @Test func `each side has the rate of what trains there`() {
    func rates(_ plan: MethodPlan) -> [Float] {
      let recipe = Recipe.standard(plan(at: .paper, on: .mmIMDB), on: .mmIMDB, tier: .paper)
      return [recipe.learningRate, recipe.textLearningRate]
    }
    #expect(rates(.mope()) == [4e-4, 5e-4])
    // Table 4: the image's prompts keep their rate while the text's encoder trains.
    #expect(rates(.mope().reading(with: .bert, .full)) == [4e-4, 5e-5])
    #expect(rates(.mope().reading(with: .longformer, .biases)) == [4e-4, 5e-5])
    #expect(rates(.mope().reading(with: .gpt2, .frozen)) == [4e-4, 5e-4])
    #expect(rates(.sequentialFuse) == [5e-5, 5e-5])
  }

  @Test func `MoPE at the paper tier has the papers' defaults on Swin, and what was chosen stays`() {
    let chosen = MethodPlan.mope([.fixed, .mapped], experts: 4, length: 3)(at: .paper)
    var expected = MoPEConfiguration()
    expected.prompts = [.fixed, .mapped]
    (expected.experts, expected.length, expected.mapperSharing) = (4, 3, .perWidth)
    #expect(chosen == Method(expected))
    #expect(chosen.slots[0].encoder == .swin && chosen.slot(.text)?.prompts == 4)
    #expect(MethodPlan.pmf(at: .paper).slot(.vision)?.encoder == .vit)
  }
}
