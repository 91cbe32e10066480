import Determinism
import Foundation
import Reporting
import Testing

func context(
  _ tier: String = "mini", seeds: [Int] = [0, 1, 2, 3], environment: String = "haswell-1",
  dataSeed: Int = 0
) -> RunContext {
  RunContext(tier: tier, dataSeed: dataSeed, environmentClass: environment, seeds: seeds)
}

func measurements(_ values: [Int: Double], row: String = "a") -> Measurements {
  var data = Measurements(
    rows: [Measurements.Row(row)],
    columns: [Measurements.Column("acc", unit: "%", digits: 2, resolution: 0.1)])
  for (seed, value) in values { data.set(value, row: row, column: "acc", seed: seed) }
  return data
}

func golden(
  _ values: [Int: Double] = [0: 50, 1: 51, 2: 52, 3: 53], sameSeed: Double = 0,
  spread: Double = 0.2, measuredAgainst: [String] = ["zen-0"], resolution: Double = 0.1, reason: String = "measured",
  verdicts: [String: Verdict] = [:]
) -> Golden {
  Golden(
    experiment: "table-0-tiny", tier: "mini", dataSeed: 0, environmentClass: "haswell-1",
    date: "2026-01-01", commit: "abc",
    cells: [
      Golden.Cell(
        row: "a", column: "acc", unit: "%", values: values,
        tolerance: Golden.Tolerance(
          sameSeed: Golden.Bound(sameSeed, reason),
          kernelSpread: Golden.Spread(spread, measuredAgainst: measuredAgainst),
          resolution: Golden.Bound(resolution, reason)))
    ], verdicts: verdicts)
}

private let exact = [0: 50.0, 1: 51, 2: 52, 3: 53]

@Suite struct GoldenTests {
  func outcome(
    _ values: [Int: Double], _ accepted: Golden? = golden(), _ run: RunContext = context()
  ) -> CellComparison.Outcome {
    GoldenComparison(golden: accepted, context: run).compare(measurements(values))[0].outcome
  }

  @Test func `equal bits agree`() { #expect(outcome(exact) == .agrees) }

  @Test func `one bit off in the same class differs`() {
    var values = exact
    values[2] = (52.0).nextUp
    #expect(outcome(values) == .differs)
  }

  @Test func `another class may differ by the spread and half a step`() {
    let other = context(environment: "skylakex-1")
    #expect(outcome(exact.mapValues { $0 + 0.249 }, golden(), other) == .agrees)
    #expect(outcome(exact.mapValues { $0 + 0.251 }, golden(), other) == .differs)
    #expect(outcome(exact.mapValues { $0 + 0.04 }, golden(spread: 0), other) == .agrees)
  }

  @Test func `new seeds are compared with a prediction interval`() {
    // mean 51.5, s 1.291, half width 3.1824 · 1.291 · √1.25 + 0.05 = 4.643
    let other = context(seeds: [7])
    #expect(outcome([7: 51.5 + 4.64], golden(), other) == .agrees)
    #expect(outcome([7: 51.5 + 4.65], golden(), other) == .differs)
    #expect(outcome([7: 50], golden([0: 50]), other) == .tooFewSeeds)
  }

  @Test func `a seed that was asked for and is not there is missing`() {
    #expect(outcome([0: 50, 1: 51, 2: 52]) == .missing)
  }

  @Test func `a cell that no golden has is new, also beside accepted ones`() {
    #expect(outcome(exact, nil) == .new)
    let found = GoldenComparison(golden: golden(), context: context())
      .compare(measurements(exact, row: "new"))
    #expect(found[0].outcome == .new)
    #expect(ComparisonSummary(found).failureKind == .waiting)
  }

  @Test func `NaN and infinity are never green`() {
    for bad in [Double.nan, .infinity, -.infinity] {
      #expect(outcome([0: 50, 1: bad, 2: 52, 3: 53]) == .nan)
    }
  }

  @Test func `other tier or data is stale`() {
    #expect(outcome(exact, golden(), context("paper")) == .stale)
    #expect(outcome(exact, golden(), context(dataSeed: 5)) == .stale)
  }

  @Test func `absent cells keep their reason`() {
    let comparison = GoldenComparison(golden: golden(), context: context())
    let reasons: [(Missing, CellComparison.Outcome)] = [
      (.notRun("why"), .notRun), (.stale("why"), .stale),
      (.tooFewSeeds(found: 1, needed: 2), .tooFewSeeds),
    ]
    for (missing, expected) in reasons {
      var data = measurements([:])
      data.set(missing, row: "a", column: "acc")
      #expect(comparison.compare(data)[0].outcome == expected)
    }
    #expect(comparison.compare(measurements([:]))[0].outcome == .notRun)
  }

  @Test func `golden cells that were not measured are missing`() {
    let comparison = GoldenComparison(golden: golden(), context: context())
    #expect(comparison.missing(measured: []).map(\.outcome) == [.missing])
    #expect(comparison.missing(measured: [Measurements.Key("a", "acc")]).isEmpty)
  }

  @Test func `every outcome but agreement asks for an exit code`() {
    for outcome in CellComparison.Outcome.allCases {
      #expect((outcome.failureKind == nil) == (outcome == .agrees))
    }
    #expect(ComparisonSummary([]).failureKind == .undecided)
  }

  @Test func `the summary counts what was checked and the worst exit code wins`() {
    let key = Measurements.Key("a", "acc")
    let summary = ComparisonSummary([
      CellComparison(key, .agrees, ""), CellComparison(key, .missing, ""),
      CellComparison(key, .new, ""), CellComparison(key, .differs, ""),
    ])
    #expect(summary.text == "checked 2 of 4: 1 agrees, 1 differs, 1 missing, 1 new")
    #expect(summary.failureKind == .checkFailed)
    #expect(worst([.waiting, .undecided]) == .undecided)
    #expect(worst([.checkFailed, .runFailed, .internal]) == .internal)
  }

  @Test func `a failure names cell, numbers, reason, seed, environment and command`() {
    let found = GoldenComparison(golden: golden(), context: context())
      .compare(measurements([0: 50, 1: 51, 2: 52, 3: 54]))
    let text = ComparisonSummary(found).failures(experiment: "table-0-tiny", context: context())[0]
    let parts = [
      "table-0-tiny | a | acc", "expected 53.000000 ± 0.000000", "found 54.000000", "measured",
      "seed 3", "haswell-1", "mope check table-0-tiny --tier mini --seeds 0..3",
    ]
    for part in parts { #expect(text.contains(part)) }
  }

  @Test func `verdicts are compared as well`() {
    let claim = Claim(
      "s", .exceeds([1, 1.1, 0.9, 1.2], unit: "points"), context: context())
    func outcomes(_ accepted: Golden?, _ run: RunContext = context()) -> [CellComparison.Outcome] {
      GoldenComparison(golden: accepted, context: run).compare(claims: [claim]).map(\.outcome)
    }
    #expect(outcomes(golden(verdicts: ["s": .reproduced])) == [.agrees])
    #expect(outcomes(golden(verdicts: ["s": .notReproduced])) == [.differs])
    #expect(outcomes(golden()) == [.new])
    #expect(outcomes(nil) == [.new])
    #expect(
      outcomes(golden(verdicts: ["s": .reproduced, "t": .reproduced])) == [.agrees, .missing])
    #expect(outcomes(golden(verdicts: ["s": .withinNoise]), context(seeds: [4, 5])) == [.stale])
    #expect(outcomes(nil, context("smoke")) == [])
  }
}

@Suite struct GoldenFileTests {
  @Test func `a golden survives writing and reading`() throws {
    let data = try golden(verdicts: ["s": .directionOnly]).encoded()
    #expect(try Golden.decode(data, path: "g.json") == golden(verdicts: ["s": .directionOnly]))
    #expect(data == (try golden(verdicts: ["s": .directionOnly]).encoded()))
  }

  @Test func `values keep every bit in the file`() throws {
    let values = [0: 1.0 / 3, 1: (52.0).nextUp, 2: 1e-300, 10: 0.1 + 0.2]
    let read = try Golden.decode(golden(values).encoded(), path: "g.json")
    #expect(read.cells.first?.values == values)
  }

  @Test(arguments: [
    golden(sameSeed: -1), golden(spread: .nan), golden(spread: .infinity), golden(resolution: 0),
    golden([:]), golden([0: .nan]), golden(reason: ""),
  ])
  func `impossible goldens are refused`(bad: Golden) {
    #expect(throws: Failure.self) { try bad.encoded() }
  }

  @Test func `a negative tolerance in a file is refused with its place`() throws {
    let text = String(decoding: try golden(spread: 0.25).encoded(), as: UTF8.self)
      .replacing("0.25", with: "-0.25")
    let failure = #expect(throws: Failure.self) {
      try Golden.decode(Data(text.utf8), path: "Golden/x.json")
    }
    #expect(failure?.kind == .badInput)
    #expect(failure?.description.contains("Golden/x.json: a | acc") == true)
  }

  @Test(arguments: ["", "{", "[]", "{\"experiment\": 3}", "null"])
  func `corrupt files are named`(text: String) {
    let failure = #expect(throws: Failure.self) {
      try Golden.decode(Data(text.utf8), path: "Golden/x.json")
    }
    #expect(failure?.kind == .badInput)
    #expect(failure?.description.hasPrefix("Golden/x.json: ") == true)
  }

  @Test func `no file is no golden`() throws {
    #expect(try Golden.read("/nonexistent/golden.json") == nil)
  }

  @Test func `changes list cells and verdicts, old and new`() {
    let old = golden([0: 50], verdicts: ["s": .reproduced])
    let new = golden([0: 51], verdicts: ["s": .withinNoise])
    let changes = old.changes(to: new)
    #expect(changes.map(\.what) == ["a | acc", "s"])
    #expect(changes[0].old == "seed 0: 50.000000" && changes[0].new == "seed 0: 51.000000")
    #expect(old.changes(to: old).isEmpty)
    #expect(Golden.changes(from: nil, to: new).count == 2)
  }

  @Test func `the kernel spread is the largest distance seen`() {
    let first = golden(measuredAgainst: []).recordingSpread(
      of: measurements([0: 50.3, 1: 50.9]), environmentClass: "skylakex-1")
    #expect(abs(first.cells[0].tolerance.kernelSpread.value - 0.3) < 1e-12)
    #expect(first.cells[0].tolerance.kernelSpread.measuredAgainst == ["skylakex-1"])
    let second = first.recordingSpread(
      of: measurements([0: 50.1]), environmentClass: "zen-1")
    #expect(abs(second.cells[0].tolerance.kernelSpread.value - 0.3) < 1e-12)
    #expect(second.cells[0].tolerance.kernelSpread.measuredAgainst == ["skylakex-1", "zen-1"])
    let again = second.recordingSpread(of: measurements([0: 50.5]), environmentClass: "zen-1")
    #expect(abs(again.cells[0].tolerance.kernelSpread.value - 0.5) < 1e-12)
    #expect(again.cells[0].tolerance.kernelSpread.measuredAgainst == ["skylakex-1", "zen-1"])
  }

  @Test(arguments: [
    ("measured against A, 1 thread", ["A, 1 thread"]), ("not measured yet: one step of the metric", []),
  ])
  func `spreads of goldens of earlier commits are read`(_ reason: String, _ classes: [String]) throws {
    let text = String(decoding: try golden(measuredAgainst: classes).encoded(), as: UTF8.self)
    let old = text.replacing(/"kernelSpread" : \{(\s*"measuredAgainst" : \[[^\]]*\],)?/) { _ in
      "\"kernelSpread\" : { \"reason\" : \"\(reason)\","
    }
    #expect(old != text)
    #expect(try Golden.decode(Data(old.utf8), path: "old.json") == golden(measuredAgainst: classes))
  }
}
