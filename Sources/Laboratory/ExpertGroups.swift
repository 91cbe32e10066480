import Determinism
import Reporting
import Training

/// Which expert of a trained model each judged example goes to, and what those of one expert have in common.
public struct ExpertGroups: Sendable {
  /// The expert with the largest score of each judged example.
  public let experts: [Int]

  /// - Parameter block: which routed block, from 0; nil takes the last.
  /// - Returns: nil for a run that has no experts or did not keep where its examples went.
  public init?(_ run: FinishedRun, block: Int? = nil) {
    let block = block ?? run.assignments.count - 1
    guard run.assignments.indices.contains(block) else { return nil }
    experts = run.assignments[block].map(Int.init)
  }

  public init(experts: [Int]) { self.experts = experts }

  /// The experts that get any example, the most frequent first, ties by number.
  public var bySize: [(expert: Int, count: Int)] {
    var counts: [Int: Int] = [:]
    for expert in experts { counts[expert, default: 0] += 1 }
    return counts.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// The places of an expert's examples, ascending.
  public func members(_ expert: Int) -> [Int] { experts.indices.filter { experts[$0] == expert } }

  /// The words of an expert's texts by the number of texts that have them, the most frequent first, ties in the order
  /// of letters.
  /// - Parameters:
  ///   - texts: one per judged example.
  ///   - stopWords: left out.
  public func words(
    of expert: Int, in texts: [String], without stopWords: Set<String>, limit: Int
  ) -> [WordCloud.Word] {
    var counts: [String: Int] = [:]
    for index in members(expert) {
      let words = Set(texts[index].split(separator: " ").map(String.init))
      for word in words where !stopWords.contains(word) { counts[word, default: 0] += 1 }
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit)
      .map { WordCloud.Word($0.key, Double($0.value)) }
  }

  /// What the expert tells about a label of the examples, 0 … 1; 0 where there is nothing to tell.
  public func information(about labels: [Int]) -> Double {
    ContingencyTable(experts, labels).normalizedMutualInformation ?? 0
  }

  /// Whether the expert tells more about a label than experts shuffled among all examples would.
  public func test(
    about labels: [Int], resamples: Int = 499, _ random: RandomStream
  ) throws -> PermutationTest {
    try PermutationTest(mutualInformationOf: experts, labels, resamples: resamples, random)
  }

  /// Whether, among examples of the same stratum, the expert tells more about a label than experts shuffled within
  /// the strata would. The statistic is the mutual information given the stratum, in nats.
  public func test(
    about labels: [Int], within strata: [Int], resamples: Int = 499, _ random: RandomStream
  ) throws -> PermutationTest {
    require(
      labels.count == experts.count && strata.count == experts.count,
      "ExpertGroups: \(labels.count) labels and \(strata.count) strata for \(experts.count) examples"
    )
    // An example alone in its stratum tells nothing.
    let members = Dictionary(grouping: strata.indices) { strata[$0] }.sorted { $0.key < $1.key }
      .map(\.value).filter { $0.count > 1 }
    return try PermutationTest(count: experts.count, resamples: resamples, random) { order in
      members.reduce(0.0) { sum, members in
        // A random order of all examples puts those of a stratum into a random order.
        let shuffled = members.sorted { order[$0] < order[$1] }
        let table = ContingencyTable(shuffled.map { experts[$0] }, members.map { labels[$0] })
        return sum + Double(members.count) / Double(experts.count) * table.mutualInformation
      }
    }
  }
}
