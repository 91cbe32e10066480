import Autograd
import Cost
import Datasets
import Determinism
import Foundation
import Fusion
import NN
import PaperTier
import TestSupport
import Testing
import Training

/// Runs on tiny copies of the published data with tiny networks.
@Suite struct PaperRunTests {
  private func finished(_ runner: Runner, _ run: TrainingRun) throws -> FinishedRun {
    try runner.results([run], watching: { _, _ in })[0].get()
  }

  private func run(
    _ plan: MethodPlan, _ name: DatasetID, _ change: (inout Recipe) -> Void = { _ in }
  ) -> TrainingRun {
    let method = plan(at: .paper, on: name)
    var recipe = Recipe.standard(method, on: name, tier: .paper)
    recipe.epochs = 2
    change(&recipe)
    return TrainingRun(
      method: method, data: DataChoice(name, dataSeed: 1), recipe: recipe, tier: .paper, seed: 0)
  }

  @Test func `a batch in parts trains as the whole batch where nothing looks at several examples`()
    throws
  {
    // No batch norm, no importance loss, and nothing is drawn but the order.
    let method = MethodPlan.mope([.fixed, .mapped]) {
      $0.mapperNorm = .none
      $0.dropsPrompts = .none
      $0.promptDropout = 0
    }
    let withNorm = method.with(MoPEConfiguration.self) { $0.mapperNorm = .batch }
    let runner = try TinyTier.runner("parts")
    try withoutDropout(runner)
    let whole = try finished(runner, run(method, .snliVE))
    let parts = try finished(runner, run(method, .snliVE) { $0.microBatch = 2 })
    #expect(whole.record.steps == parts.record.steps)
    #expect(whole.record.key != parts.record.key)
    for (a, b) in zip(whole.predictions.logits, parts.predictions.logits) {
      // Sums in another order, twice through AdamW, which divides by small gradients.
      #expect(abs(a - b) < 1e-4, "\(a) \(b)")
    }
    let normed = try finished(
      runner, run(withNorm, .snliVE) { $0.microBatch = 2 })
    let normedWhole = try finished(runner, run(withNorm, .snliVE))
    #expect(normed.predictions.logits != normedWhole.predictions.logits)
  }

  /// BERT's own dropout would be drawn for each part anew.
  private func withoutDropout(_ runner: Runner) throws {
    let path = try temporaryPath("paper-parts/weights/bert-base/config.json")
    var text = try String(contentsOfFile: path, encoding: .utf8)
    for name in ["hidden_dropout_prob", "attention_probs_dropout_prob"] {
      let field = try #require(text.firstRange(of: try Regex("\"\(name)\":[0-9.]+")))
      text.replaceSubrange(field, with: "\"\(name)\":0")
    }
    try AtomicFile.write(text, to: path)
  }

  @Test func `fixed image features are kept, and a second run decodes nothing`() throws {
    let runner = try TinyTier.runner("features")
    let first = try finished(runner, run(.promptFuse, .food101))
    let folder = try temporaryPath("paper-features/store/features")
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(kept.count == 2)  // of the training and the test split
    // Features that cannot have been computed: they must come from the files.
    for name in kept {
      let path = "\(folder)/\(name)/0.safetensors"
      let shape = try #require(try SafetensorsFile(path: path).tensor("features")).shape
      try SafetensorsWriter.write([("features", .full(shape, 3))], to: path)
    }
    var second = run(.promptFuse, .food101)
    second.seed = 1
    var same = run(.promptFuse, .food101)
    same.recipe.learningRate *= 2
    _ = try finished(runner, second)
    let again = try finished(runner, same)
    #expect(again.predictions.logits != first.predictions.logits)
    // Augmented images are never taken from files.
    _ = try finished(runner, run(.promptFuse, .mmIMDB))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
  }

  @Test func `kept features are those of the encoder`() throws {
    let runner = try TinyTier.runner("feature-values")
    let method = MethodPlan.promptFuse(at: .paper, on: .food101)
    _ = try finished(runner, run(.promptFuse, .food101))
    let folder = try temporaryPath("paper-feature-values/store/features")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let source = try runner.data.training(DataChoice(.food101, dataSeed: 1), for: method)
    let next = source.batches([Array(0..<source.count)], for: .evaluation)
    let batch = try #require(try next())
    let store = ParameterStore(random: RandomStream(seed: 0))
    let encoder = try runner.encoders.make(.vit)(store.root.frozen)
    let expected = encoder.feature(batch, .evaluation, prompts: nil)
    let differences = try names.map { name in
      largestDifference(
        try SafetensorsFile(path: "\(folder)/\(name)/0.safetensors").tensor("features"), expected)
    }
    #expect(differences.contains { ($0 ?? 1) < 1e-5 })  // batches of another size round otherwise
  }

  /// MoPE whose image encoder has no prompts, so that its feature never changes.
  private func steeredByFrozenImages(experts: Int) -> MethodPlan {
    .mope(experts: experts, main: .text) { $0.change(.vision) { $0.prompts = 0 } }
  }

  @Test func `features are kept for each image, not for each question about it`() throws {
    let runner = try TinyTier.runner("feature-images")
    let run = run(steeredByFrozenImages(experts: 4), .vqaV2)
    let method = run.method
    let train = try runner.data.training(run.data, for: method)
    #expect(train.imageOwners == [0, 0, 2, 2])
    let finished = try finished(runner, run)
    let folder = try temporaryPath("paper-feature-images/store/features")
    let rows = try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
      try SafetensorsFile(path: "\(folder)/\(name)/0.safetensors").tensor("features")?.shape[0]
    }
    #expect(Set(rows) == [1, 2])  // two images to train on, one to be judged on

    // Every question finds its own image: with a copy of the image for each question the training is the same.
    let copies = try TinyTier.runner("feature-copies") { data in
      for (image, copy, question) in [(1, 3, 1001), (2, 4, 2001)] {
        func photo(_ id: Int) -> String {
          "\(data)/coco/train2014/COCO_train2014_00000000000\(id).jpg"
        }
        try FileManager.default.removeItem(atPath: photo(copy))
        try FileManager.default.copyItem(atPath: photo(image), toPath: photo(copy))
        for (file, fields) in [
          ("OpenEnded_mscoco_train2014_questions", #", "question": "Is [a-z ]+\?""#),
          ("mscoco_train2014_annotations", ""),
        ] {
          let path = "\(data)/vqa-v2/v2_\(file).json"
          let text = try String(contentsOfFile: path, encoding: .utf8)
          let tail = "\(fields), \"question_id\": \(question)"
          let place = try Regex("\"image_id\": \(image)(?=\(tail))")
          #expect(text.contains(place))
          try AtomicFile.write(text.replacing(place, with: "\"image_id\": \(copy)"), to: path)
        }
      }
    }
    let apart = try self.finished(copies, run)
    #expect(try copies.data.training(run.data, for: method).imageOwners == nil)
    #expect(abs(apart.record.finalLoss - finished.record.finalLoss) < 1e-5)
  }

  @Test func `a file that is no image ends the run with its name`() throws {
    let root = try temporaryPath("paper-no-image")
    try? FileManager.default.removeItem(atPath: root)
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: Fixture("published").folder, toPath: "\(root)/data")
    try TinyCheckpoints.write(to: "\(root)/weights")
    let image = "\(root)/data/mm-imdb/dataset/0012349.jpeg"
    try FileManager.default.removeItem(atPath: image)
    try AtomicFile.write("<html>Not found</html>", to: image)
    let encoders = CheckpointEncoders("\(root)/weights")
    let runner = Runner(
      store: RunStore(folder: "\(root)/store", shipped: nil), encoders: EncoderCatalogue(encoders),
      behaviour: Behaviour(), data: PublishedData("\(root)/data", encoders: encoders))
    let result = runner.results([run(.mope(experts: 4), .mmIMDB)]) { _, _ in }[0]
    guard case .failure(let failure as Failure) = result else {
      Issue.record("no failure")
      return
    }
    #expect(failure.kind == .badInput)
    #expect(failure.description.contains("0012349.jpeg: expected a JPEG or PNG image"))
    #expect(!FileManager.default.fileExists(atPath: "\(root)/store/runs"))
  }

  @Test func `a failure keeps further runs from starting where that is asked for`() throws {
    let runner = try TinyTier.runner("stops") { data in
      try FileManager.default.removeItem(atPath: "\(data)/mm-imdb/split.json")
    }
    let runs = [run(.mope(), .mmIMDB), run(.promptFuse, .snliVE)]
    let stopped = runner.results(runs, stopsAtFailure: true) { _, _ in }
    guard case .failure(let first as Failure) = stopped[0],
      case .failure(let second as Failure) = stopped[1]
    else {
      Issue.record("no failures")
      return
    }
    #expect(first.kind == .missingInput)
    #expect(second.description.contains("not started"))
    #expect((try? runner.results(runs) { _, _ in }[1].get()) != nil)
  }

  @Test func `costs are measured for every length of text, and grow with it`() throws {
    let (_, encoders) = try TinyTier.make("costs")
    // Memory is counted for the whole process, where other tests take and give back theirs: the median is without them.
    let measured = try (0..<15).map { _ in
      try CostProbe.measure(
        MethodPlan.mope(experts: 4)(at: .paper), for: .classification(labels: ["yes", "no"]),
        shapes: [8, 60].map { ExampleShape(tokens: $0, side: 32) },
        encoders: EncoderCatalogue(encoders))
    }
    let probes = measured[0]
    #expect(probes.count == 2)
    let median = (0..<2).map { shape in measured.map { $0[shape].bytesPerExample }.sorted()[7] }
    #expect(median[1] > median[0])
    #expect(probes.allSatisfy { $0.secondsPerTrainedExample > 0 })
    let tuned = try CostProbe.measure(
      MethodPlan.sequentialFuse(at: .paper), for: .classification(labels: ["yes", "no"]),
      shapes: [ExampleShape(tokens: 8, side: 32)], encoders: EncoderCatalogue(encoders))
    #expect(tuned[0].fixedBytes > 2 * probes[0].fixedBytes)  // moments and gradients of both encoders
    #expect(
      MethodPlan.mope(experts: 4)(at: .paper).costClass == MethodPlan.mope(experts: 16)(at: .paper).costClass)
    #expect(MethodPlan.mope()(at: .paper).costClass != MethodPlan.pmf(at: .paper).costClass)
  }

  @Test func `what costs the same is measured once, and counted as it is`() throws {
    let source = try TinyTier.make("cost-table")
    let methods = [4, 16].map(steeredByFrozenImages)
    let table = try CostTable(methods.map { run($0, .vqaV2) }, source: source) { _ in }
    let row = try #require(table.rows.first)
    #expect(table.rows.count == 1 && row.runs == 2)
    #expect(row.title.hasSuffix(" and 1 more"))
    let models = try methods.map {
      try $0(at: .paper, on: .vqaV2).model(
        for: .answering(labels: (0..<3129).map(String.init)),
        encoders: EncoderCatalogue(source.encoders), random: RandomStream(seed: 0))
    }
    #expect(row.trainableParameters == models.map(\.store.trainableCount))
    #expect(row.trainableParameters[0] < row.trainableParameters[1])
    #expect(row.keptImages == 3)
    let feature = try #require(row.probe.keptFeature)
    #expect(table.featureBytes == 4 * 3 * feature.width)
    let drawn = try CostTable([run(.promptFuse, .snliVE)], source: source) { _ in }
    #expect(drawn.rows[0].keptImages == drawn.rows[0].counts.judgedImages)
  }
}
