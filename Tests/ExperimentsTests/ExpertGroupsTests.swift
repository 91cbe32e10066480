import Determinism
import Laboratory
import Reporting
import Testing

@Suite struct ExpertGroupsTests {
  private let groups = ExpertGroups(experts: [2, 0, 2, 2, 0, 1])

  @Test func `experts come by size and have their examples`() {
    #expect(groups.bySize.map(\.expert) == [2, 0, 1])
    #expect(groups.bySize.map(\.count) == [3, 2, 1])
    #expect(groups.members(2) == [0, 2, 3])
    #expect(groups.members(7) == [])
  }

  @Test func `words count once a text and stop words not at all`() {
    let texts = ["red is red", "x", "a red square", "a blue square", "x", "x"]
    let words = groups.words(of: 2, in: texts, without: ["is", "a"], limit: 2)
    #expect(words.map(\.text) == ["red", "square"])
    #expect(words.map(\.frequency) == [2, 2])
  }

  @Test func `what experts follow is told from what they do not`() throws {
    var random = RandomStream(seed: 5)
    let labels = (0..<300).map { _ in random.integer(below: 3) }
    let noise = (0..<300).map { _ in random.integer(below: 3) }
    let experts = labels.map { ($0 + 1) % 3 }
    let groups = ExpertGroups(experts: experts)
    #expect(groups.information(about: labels) > 0.999)
    #expect(try groups.test(about: labels, resamples: 199, random).probability == 1.0 / 200)
    #expect(try groups.test(about: noise, resamples: 199, random).probability > 0.01)
  }

  /// Expert and label both follow the stratum, and nothing else: together they share information, given it none.
  @Test func `within strata only what goes beyond them counts`() throws {
    var random = RandomStream(seed: 6)
    let strata = (0..<400).map { _ in random.integer(below: 2) }
    let labels = strata.map { random.chance(0.9) ? $0 : 1 - $0 }
    let experts = strata.map { random.chance(0.9) ? $0 : 1 - $0 }
    let groups = ExpertGroups(experts: experts)
    #expect(try groups.test(about: labels, resamples: 199, random).probability == 1.0 / 200)
    #expect(
      try groups.test(about: labels, within: strata, resamples: 199, random).probability > 0.01)
    let copies = ExpertGroups(experts: labels)
    #expect(
      try copies.test(about: labels, within: strata, resamples: 199, random).probability == 1.0
        / 200)
  }
}
