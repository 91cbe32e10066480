import Datasets
import Determinism
import Images
import Testing

@Suite struct CardTests {
  /// 1500 training and 1000 test examples: standard deviation of an accuracy at most .016, so .06 is four of them.
  private func statistics(_ dataset: some Dataset) throws -> DataStatistics {
    try #require(try DataStatistics(dataset, train: 1500, test: 1000))
  }

  @Test
  func `of the entailment stand-in the picture gives away nothing and the sentence two thirds`()
    throws
  {
    let found = try statistics(SNLIVEStandIn())
    #expect(found.metric == "accuracy")
    #expect(abs(found.constantAnswer - 1.0 / 3) < 0.06)
    let image = try #require(found.score("image"))
    let text = try #require(found.score("text"))
    #expect(abs(image - 1.0 / 3) < 0.06)
    // 2/3 at best, within four deviations; a probe of so few examples may fall short by as much again.
    #expect(text > 0.58 && text < 0.72)
  }

  @Test func `linear evidence is worth more when the meal does not change how colours read`() throws {
    let additive = try #require(
      try DataStatistics(FoodStandIn(interaction: 0), train: 1000, test: 500)?.score("all"))
    let interacting = try #require(
      try DataStatistics(FoodStandIn(), train: 1000, test: 500)?.score("all"))
    // Measured with 2000 and 1000: 77 against 61 %.
    #expect(additive > interacting + 0.05)
  }

  @Test func `label shares of a film add up to the mean number of genres`() throws {
    let found = try #require(try DataStatistics(IMDBStandIn(), train: 300, test: 100))
    let films = IMDBStandIn()
    let genres = (0..<300).reduce(0) { $0 + films.example($1, of: .train).label.indices.count }
    let sum = found.labelShares.reduce(0) { $0 + $1.share }
    #expect(abs(sum - Double(genres) / 300) < 1e-9)
    #expect(found.metric == "F1-micro")
    #expect(found.counts.train == 300 && found.counts.test == 100)
  }

  @Test func `segmentation has no label statistics`() throws {
    #expect(try DataStatistics(ReferringStandIn(.refCOCO), train: 2, test: 2) == nil)
  }

  @Test func `a linear probe finds what is linear and nothing in noise`() throws {
    var random = RandomStream(seed: 3)
    let rows = (0..<900).map { _ in (0..<20).map { _ in Float(random.normal()) } }
    let linear = rows.map { [$0[3] - $0[7] > 0.2 ? 1 : 0] }
    let noise = rows.map { _ in [random.integer(below: 2)] }
    func accuracy(_ labels: [[Int]]) -> Double {
      let train = FeatureMatrix(Array(rows.prefix(600)))
      let test = FeatureMatrix(Array(rows.suffix(300)))
      let probe = LinearProbe(
        train.standardised(like: train), labels: Array(labels.prefix(600)), classes: 2,
        exclusive: true)
      let predictions = probe.predictions(test.standardised(like: train))
      return Double(zip(predictions, labels.suffix(300)).count { $0 == $1 }) / 300
    }
    #expect(accuracy(linear) > 0.93)
    // Binomial, n = 300: standard deviation .029.
    #expect(abs(accuracy(noise) - 0.5) < 0.11)
  }

  @Test func `a contact sheet shows pictures with their answers`() throws {
    let entailment = try ContactSheet(SNLIVEStandIn(), .validation, count: 3)
    #expect(entailment.entries.count == 3)
    let first = SNLIVEStandIn().example(0, of: .validation)
    #expect(entailment.entries[0].image == first.image)
    let answer = SNLIVEStandIn().task.labels[first.label.indices[0]]
    #expect(entailment.entries[0].caption == "\(first.text ?? "") → \(answer)")
    let referring = try ContactSheet(ReferringStandIn(.refCOCO), .testA, count: 1)
    #expect(referring.entries[0].image.width == 36 + 2 + 36)
    let clip = try ContactSheet(MUStARDStandIn(), .train, count: 1)
    #expect(clip.entries[0].image.width == 4 * 36 + 3 * 2)
  }

  @Test func `images side by side are separated by white`() {
    let dark = RasterImage(width: 1, height: 2, pixels: [UInt8](repeating: 9, count: 6))
    let low = RasterImage(width: 1, height: 1, pixels: [1, 2, 3])
    let both = RasterImage(sideBySide: [dark, low])
    #expect(both.width == 4 && both.height == 2)
    #expect(
      both.pixels == [9, 9, 9, 255, 255, 255, 255, 255, 255, 1, 2, 3]
        + [9, 9, 9, 255, 255, 255, 255, 255, 255, 255, 255, 255])
  }

  @Test func `every stand-in says what it keeps, what it lacks and how it came about`() {
    let standIns: [any StandIn] = [
      SNLIVEStandIn(), FoodStandIn(), IMDBStandIn(), ReferringStandIn(.refCOCO),
      ReferringStandIn(.refCOCOPlus), VQAStandIn(), MUStARDStandIn(),
    ]
    for standIn in standIns {
      let card = standIn.card
      #expect(standIn.name == "\(card.standsFor) (stand-in)")
      #expect(!card.keeps.isEmpty && !card.lacks.isEmpty && !card.history.isEmpty)
    }
  }
}
