import Determinism
import Foundation
import Reporting
import Testing

@Suite struct ReportDifferenceTests {
  func outcomes(_ old: Golden, _ new: Golden) -> [String] {
    ReportDifference(from: [old], to: [new]).entries.map(\.outcome)
  }

  @Test func `a golden does not differ from itself`() {
    let same = ReportDifference(
      from: [golden(verdicts: ["s": .reproduced])], to: [golden(verdicts: ["s": .reproduced])])
    #expect(same.entries.count == 2 && same.changed.isEmpty && same.failureKind == nil)
    #expect(same.summary == "2 of 2 agree")
    #expect(same.table().rows.isEmpty && same.table(all: true).rows.count == 3)
  }

  @Test func `the older tolerance decides`() {
    #expect(outcomes(golden([0: 50], sameSeed: 0.5), golden([0: 50.4])) == ["agrees"])
    #expect(outcomes(golden([0: 50]), golden([0: 50.4], sameSeed: 0.5)) == ["differs"])
  }

  @Test func `the change is the largest of equal seeds, with its sign`() throws {
    let difference = ReportDifference(
      from: [golden([0: 50, 1: 51])], to: [golden([0: 50.5, 1: 49, 2: 90])])
    let entry = try #require(difference.entries.first)
    #expect(entry.change == -2 && entry.outcome == "differs")
    #expect(entry.oldValues == [0: 50, 1: 51] && entry.newValues?.count == 3)
    let other = ReportDifference(from: [golden([0: 50, 1: 52])], to: [golden([2: 50, 3: 51])])
    #expect(other.entries[0].change == -0.5)
  }

  @Test func `new seeds are judged by the prediction interval of the old ones`() {
    #expect(outcomes(golden(), golden([7: 51.5 + 4.64])) == ["agrees"])
    #expect(outcomes(golden(), golden([7: 51.5 + 4.65])) == ["differs"])
    #expect(outcomes(golden([0: 50]), golden([7: 50])) == ["too few seeds"])
  }

  @Test func `what is on one side only is shown`() {
    let new = ReportDifference(from: [], to: [golden(verdicts: ["s": .reproduced])])
    #expect(new.entries.map(\.outcome) == ["new", "new"] && new.failureKind == .waiting)
    #expect(new.entries[0].old == nil && new.entries[0].change == nil)
    let gone = ReportDifference(from: [golden(verdicts: ["s": .reproduced])], to: [])
    #expect(gone.entries.map(\.outcome) == ["missing", "missing"])
    #expect(gone.failureKind == .undecided)
    #expect(ReportDifference(from: [], to: []).failureKind == .noMatch)
  }

  @Test func `verdicts are compared`() {
    let difference = ReportDifference(
      from: [golden(verdicts: ["s": .reproduced, "t": .withinNoise])],
      to: [golden(verdicts: ["s": .notReproduced, "t": .withinNoise])])
    #expect(difference.entries.map(\.outcome) == ["agrees", "differs", "agrees"])
    #expect(difference.changed[0].explanation == "reproduced became not reproduced")
    #expect(difference.summary == "2 of 3 agree; 1 differs")
    #expect(difference.failureKind == .checkFailed)
  }

  @Test func `other data make values and verdicts stale, whatever they are`() {
    let old = golden(verdicts: ["s": .reproduced])
    let new = Golden(
      experiment: old.experiment, tier: old.tier, dataSeed: 5,
      environmentClass: old.environmentClass, date: "", commit: "", cells: old.cells,
      verdicts: old.verdicts)
    #expect(outcomes(old, new) == ["stale", "stale"])
  }

  @Test func `table and JSON say the same on every run`() throws {
    let difference = ReportDifference(
      from: [golden([0: 50, 1: 51])], to: [golden([0: 50, 1: 53])])
    #expect(difference.table().markdown.contains("a \\| acc [%]"))
    #expect(difference.table().markdown.contains("+2.0000"))
    let json = try difference.json()
    #expect(try difference.json() == json)
    let read = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    #expect(read["summary"] as? String == "0 of 1 agree; 1 differs")
    let entries = try #require(read["entries"] as? [[String: Any]])
    #expect(entries[0]["change"] as? Double == 2)
    #expect((entries[0]["newValues"] as? [String: Double]) == ["0": 50, "1": 53])
  }
}
