import Reporting
import Testing

/// Rows of a one-column experiment, four seeds each.
private func data(_ rows: [(String, [Double])], higherIsBetter: Bool = true) -> Measurements {
  var data = Measurements(
    rows: rows.map { Measurements.Row($0.0) },
    columns: [
      Measurements.Column(
        "acc", unit: "%", digits: 2, resolution: 0.1, higherIsBetter: higherIsBetter)
    ])
  for (row, values) in rows {
    for (seed, value) in values.enumerated() {
      data.set(value, row: row, column: "acc", seed: seed)
    }
  }
  return data
}

private func verdict(_ kind: Claim.Kind) -> Verdict { Judgement(kind).verdict }

@Suite struct ClaimTests {
  let base = ("a", [50.0, 51, 52, 53])

  @Test func `a paired difference decides where the rows' spread would not`() {
    let rows = data([base, ("b", [51.0, 52.1, 52.9, 54])])
    #expect(verdict(.beats(["b"], ["a"], in: rows)) == .reproduced)
    #expect(verdict(.beats(["a"], ["b"], in: rows)) == .notReproduced)
  }

  @Test func `the margin separates reproduced from direction only`() {
    let rows = data([base, ("b", [51.0, 52.1, 52.9, 54])])
    #expect(verdict(.beats(["b"], ["a"], by: .points(0.5), in: rows)) == .reproduced)
    #expect(verdict(.beats(["b"], ["a"], by: .points(5), in: rows)) == .directionOnly)
    #expect(verdict(.beats(["a"], ["b"], by: .points(-2), in: rows)) == .reproduced)
    #expect(verdict(.beats(["a"], ["b"], by: .points(-0.2), in: rows)) == .notReproduced)
  }

  @Test func `an interval around zero is within noise`() {
    let rows = data([base, ("b", [51.0, 50, 53, 52])])
    #expect(verdict(.beats(["b"], ["a"], in: rows)) == .withinNoise)
    #expect(
      verdict(
        .beats(
          ["b"], ["a"],
          in: data(
            [base, base].enumerated().map {
              ($0 == 0 ? "a" : "b", $1.1)
            }))) == .withinNoise)
  }

  @Test func `relative margins are in percent of the other row`() {
    let rows = data([("a", [50.0, 60, 50, 60]), ("b", [55.0, 66, 55, 66.1])])
    let judgement = Judgement(.beats(["b"], ["a"], by: .percent(9), in: rows))
    #expect(judgement.verdict == .reproduced)
    #expect(judgement.effect.map { abs($0 - 10.0417) < 0.001 } == true)
    #expect(judgement.unit == "% relative")
  }

  @Test func `lower is better turns the sign`() {
    let rows = data([base, ("b", [49.0, 50.1, 50.9, 52])], higherIsBetter: false)
    #expect(verdict(.beats(["b"], ["a"], in: rows)) == .reproduced)
  }

  @Test func `one seed is too few, none is not run, NaN is not run`() {
    #expect(verdict(.beats(["b"], ["a"], in: data([("a", [1]), ("b", [2])]))) == .tooFewSeeds)
    #expect(verdict(.beats(["b"], ["a"], in: data([("a", [1, 2]), ("b", [])]))) == .notRun)
    #expect(verdict(.exceeds([1, .nan, 1], unit: "")) == .notRun)
    #expect(verdict(.exceeds([], unit: "")) == .tooFewSeeds)
    #expect(verdict(.all([])) == .notRun)
    #expect(verdict(.notRun("no data")) == .notRun)
  }

  @Test func `seeds are paired by number, not by position`() {
    var rows = data([("a", [50, 60, 70]), ("b", [])])
    for (seed, value) in [(2, 71.0), (1, 61.1), (9, 0)] {
      rows.set(value, row: "b", column: "acc", seed: seed)
    }
    let judgement = Judgement(.beats(["b"], ["a"], in: rows))
    #expect(judgement.count == 2)
    #expect(judgement.effect.map { abs($0 - 1.05) < 1e-9 } == true)
  }

  @Test func `everything must hold and the weakest comparison is shown`() {
    let rows = data([base, ("b", [51.0, 52.1, 52.9, 54]), ("c", [60.0, 61.1, 61.9, 63])])
    let good = Judgement(.beats(["c"], ["a", "b"], in: rows))
    #expect(good.verdict == .reproduced)
    #expect(good.comparison == "weakest of 2: c − b, acc")
    let bad = Judgement(.beats(["b"], ["a", "c"], in: rows))
    #expect(bad.verdict == .notReproduced)
    #expect(bad.comparison == "weakest of 2: b − c, acc")
  }

  @Test func `equivalence is an interval inside the margin`() {
    let rows = data([base, ("b", [50.1, 51.0, 51.9, 53.1])])
    #expect(verdict(.within("a", "b", margin: .points(1), in: rows)) == .reproduced)
    #expect(verdict(.within("a", "b", margin: .points(0.1), in: rows)) == .withinNoise)
    let far = data([base, ("b", [60.1, 61.0, 61.9, 63.1])])
    #expect(verdict(.within("a", "b", margin: .points(1), in: far)) == .notReproduced)
  }

  @Test func `nearness to a constant`() {
    let rows = data([("a", [33.1, 33.5, 33.2, 33.4])])
    #expect(verdict(.near("a", value: 33.3, margin: 1, in: rows)) == .reproduced)
    #expect(verdict(.near("a", value: 40, margin: 1, in: rows)) == .notReproduced)
  }

  @Test func `an order needs every step, a rise needs the slope and no falling mean`() {
    let steps = data([
      ("a", [50.0, 51, 52, 53]), ("b", [51.0, 52.1, 52.9, 54]), ("c", [52.0, 53.1, 54, 55]),
    ])
    #expect(verdict(.ordered(["a", "b", "c"], in: steps)) == .reproduced)
    #expect(verdict(.ordered(["a", "c", "b"], in: steps)) == .notReproduced)
    #expect(verdict(.rises(["a", "b", "c"], in: steps)) == .reproduced)
    #expect(verdict(.rises(["c", "b", "a"], in: steps)) == .notReproduced)
    #expect(verdict(.rises(["a", "c", "b"], in: steps)) == .directionOnly)
  }

  @Test func `criteria decide by themselves and join others`() {
    let holds = Claim.Criterion(holds: true, effect: 1e-7, count: 1000, test: "error ≤ 1e-6")
    let fails = Claim.Criterion(holds: false, effect: 1, count: 10, test: "error ≤ 1e-6")
    let broken = Claim.Criterion(holds: true, effect: .nan, count: 10, test: "error ≤ 1e-6")
    #expect(verdict(.criterion(holds)) == .reproduced)
    #expect(verdict(.all([.criterion(holds), .criterion(fails)])) == .notReproduced)
    #expect(verdict(.criterion(broken)) == .notRun)
    #expect(verdict(.all([.criterion(holds), .exceeds([1, 2], unit: "")])) == .withinNoise)
  }

  @Test func `the smoke tier never decides`() {
    let rows = data([base, ("b", [51.0, 52.1, 52.9, 54])])
    let claim = Claim("b beats a", .beats(["b"], ["a"], in: rows), context: context("smoke"))
    #expect(claim.judgement.verdict == .notRun)
    #expect(claim.judgement.text.contains("smoke never decides"))
  }

  @Test func `the text gives effect, interval, n, test and smallest visible effect`() {
    let rows = data([base, ("b", [51.0, 52.1, 52.9, 54])])
    #expect(
      Judgement(.beats(["b"], ["a"], in: rows)).text
        == "b − a, acc; effect +1.00 [+0.87, +1.13] points; n = 4; paired t, two-sided 5 %; "
        + "smallest visible effect 0.17")
  }
}
