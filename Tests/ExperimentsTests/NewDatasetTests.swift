import Datasets
import Determinism
import Foundation
import Fusion
import Images
import Laboratory
import Reporting
import TestSupport
import Testing
import Training

/// A dataset that exists in this file alone: a bright or a dark picture with "lunch" or "dinner", and the class is whether
/// they agree.
struct AgreementStandIn: Dataset {
  let name = "Agreement (stand-in)"
  let task = DatasetTask.classification(labels: ["apart", "agree"])
  let seed: UInt64
  let sizes: SplitSizes

  func count(_ split: Split) -> Int { sizes.count(split) }

  func example(_ index: Int, of split: Split) -> Example {
    var random = RandomStream(seed: seed).stream("agreement").stream(split.rawValue).stream(index)
    let (isBright, isLunch) = (random.chance(0.5), random.chance(0.5))
    let pixels = (0..<3 * 36 * 36).map { _ in UInt8((isBright ? 150 : 30) + random.integer(below: 60)) }
    return Example(
      image: RasterImage(width: 36, height: 36, pixels: pixels), text: isLunch ? "lunch" : "dinner",
      label: .class(isBright == isLunch ? 1 : 0))
  }
}

extension DatasetID {
  static let agreement = DatasetID(rawValue: "agreement")
}

extension DatasetDescriptor {
  static let agreement = DatasetDescriptor(
    .agreement, title: "Agreement", goal: .classes, metrics: [.accuracy, .f1],
    training: CompactTraining(epochs: 4, milestones: [2, 3]),
    standIn: StandInSource(sizes: SplitSizes(train: 640, validation: 64, test: 64)) { seed, sizes, _ in
      AgreementStandIn(seed: seed, sizes: sizes)
    })
}

/*:
 # Agreement

 A dataset of a test.
 */
extension Experiment {
  fileprivate static let agreement = Experiment(
    "agreement", title: "Agreement", summary: "A dataset of a test.", reproduces: "nothing"
  ) { notebook, workbench in
    let rows: [(row: Measurements.Row, method: MethodPlan)] = [
      (Measurements.Row("mope", title: workbench.title(.mope(experts: 2))), .mope(experts: 2)),
      (Measurements.Row("bilinear", title: workbench.title(.bilinearLateFusion)), .bilinearLateFusion),
    ]
    let measured = workbench.results(of: rows, on: [workbench.data(.agreement)]).measurements()
    notebook.compare(measured)
    notebook.claim("The product is at least level", .beats(["bilinear"], ["mope"], by: .points(-100), in: measured))
  }
}

@Suite struct NewDatasetTests {
  @Test func `a dataset in one file trains, is judged and reported`() throws {
    DatasetCatalogue.register(.agreement)
    let root = try temporaryPath("new-dataset")
    try AtomicFile.write(
      try String(contentsOfFile: #filePath, encoding: .utf8), to: "\(root)/Experiments/NewDatasetTests.swift")
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let runner = Runner(
      store: RunStore(folder: "\(root)/store", shipped: nil), encoders: EncoderCatalogue(tier: .smoke, folder: nil),
      behaviour: Behaviour())
    let laboratory = Laboratory(
      experiments: [.agreement], root: root, runner: runner,
      paper: try PaperResults.read("\(repository)/Golden/paper.json"), tier: .smoke, seeds: [0, 1], dataSeed: 1)
    let runs = try laboratory.plan(.agreement)
    #expect(
      runs.map(\.title) == [
        "MoPE k=2 · Agreement · seed 0", "MoPE k=2 · Agreement · seed 1",
        "Bilinear late fusion · Agreement · seed 0", "Bilinear late fusion · Agreement · seed 1",
      ])
    var finished: [TrainingRun: FinishedRun] = [:]
    for (run, result) in zip(runs, runner.results(runs) { _, _ in }) { finished[run] = try result.get() }
    #expect(finished.values.allSatisfy { $0.record.metrics.map(\.name) == [.accuracy, .f1] })
    #expect(finished.values.allSatisfy { $0.predictions.decisions.count == 32 })
    let stored = try laboratory.stored(runs)
    #expect(stored.count == runs.count)
    let report = try laboratory.report(.agreement, from: stored, environmentClass: "test").report
    let page = try ReportSet([report], root: root, date: "2000-01-01").markdown(report)
    for text in ["Bilinear late fusion", "Agreement accuracy", "Agreement F1"] { #expect(page.contains(text)) }
    #expect(report.claims.count == 1)
  }

  @Test func `a run on a dataset that is not known is refused by name`() {
    let text = #"{"name": "no-such-dataset"}"#
    #expect {
      try JSONDecoder().decode(DataChoice.self, from: Data(text.utf8))
    } throws: {
      "\($0)".contains("no-such-dataset: no such dataset; known are snli-ve")
    }
  }
}
