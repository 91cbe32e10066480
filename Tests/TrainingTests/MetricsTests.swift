import Datasets
import Testing
import Training

@Suite struct MetricsTests {
  @Test func `accuracy is the share of right decisions`() {
    let predictions = Predictions(
      logits: [1, 0, -1, 0, 2, -1, 5, 4, -1], outputs: 3, isMultiLabel: false)
    #expect(predictions.decisions == [0, 1, 0])
    let metrics = predictions.metrics(against: [.class(0), .class(1), .class(1)], outputs: 3)
    #expect(metrics == [Metric(.accuracy, 100 * 2 / 3.0)])
  }

  @Test func `two classes have the F1 of the second beside the accuracy`() {
    let predictions = Predictions(kind: .classes, decisions: [0, 1, 1, 1, 0], logits: [])
    let metrics = predictions.metrics(
      against: [.class(0), .class(1), .class(1), .class(0), .class(1)], outputs: 2)
    // Two found, one wrongly claimed, one missed: precision and recall are 2/3.
    #expect(metrics == [Metric(.accuracy, 60), Metric(.f1, 100 * 4 / 6.0)])
    let none = Predictions(kind: .classes, decisions: [0, 0], logits: [])
    #expect(none.metrics(against: [.class(0), .class(1)], outputs: 2)[1].value == 0)
  }

  @Test func `macro F1 counts a label that is neither present nor predicted as 0; micro pools`() {
    // Label 0: one hit, one wrong. Label 1: one hit, one missed. Label 2: never.
    let predictions = Predictions(
      logits: [1, 1, -1, 1, -1, -1], outputs: 3, isMultiLabel: true)
    #expect(predictions.decisions == [0b011, 0b001])
    let metrics = predictions.metrics(against: [.labels([0, 1]), .labels([1])], outputs: 3)
    #expect(metrics[0].name == .f1Macro)
    #expect(abs(metrics[0].value - 100 * (2.0 / 3 + 2.0 / 3 + 0) / 3) < 1e-9)
    #expect(abs(metrics[1].value - 100 * 4.0 / 6) < 1e-9)
  }

  @Test func `an answer counts as much as its score, and one that nobody gave not at all`() {
    let scores = [LabelScore(label: 0, score: 1), LabelScore(label: 2, score: Float(2) / 3)]
    let predictions = Predictions(kind: .classes, decisions: [0, 2, 1, 0], logits: [])
    let labels: [ExampleLabel] = [.scores(scores), .scores(scores), .scores(scores), .scores([])]
    let metrics = predictions.metrics(against: labels, outputs: 3)
    #expect(metrics.map(\.name) == [.accuracy])
    #expect(abs(metrics[0].value - 100 * (1 + 2.0 / 3) / 4) < 1e-5)  // scores are floats
    #expect(labels[0].indices == [0, 2] && labels[3].indices.isEmpty)
  }
}
