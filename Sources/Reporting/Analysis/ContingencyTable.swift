import Determinism

/// How often each value of one labelling meets each value of another.
public struct ContingencyTable: Hashable, Sendable {
  /// One list for each value of the first labelling.
  public let counts: [[Int]]

  /// - Parameter counts: rows of equal length, none negative, at least one positive.
  public init(_ counts: [[Int]]) {
    require(
      counts.allSatisfy { $0.count == counts[0].count && $0.allSatisfy { $0 >= 0 } },
      "ContingencyTable: expected rows of equal length without negative counts")
    require(
      counts.contains { $0.contains { $0 > 0 } }, "ContingencyTable: expected at least one pair")
    self.counts = counts
  }

  /// Counts pairs of labels at the same place; rows and columns are the labels in increasing order.
  public init(_ first: [Int], _ second: [Int]) {
    require(
      first.count == second.count,
      "ContingencyTable: \(first.count) first labels for \(second.count) second ones")
    let rows = Array(Set(first)).sorted()
    let columns = Array(Set(second)).sorted()
    let rowIndex = Dictionary(uniqueKeysWithValues: zip(rows, rows.indices))
    let columnIndex = Dictionary(uniqueKeysWithValues: zip(columns, columns.indices))
    var counts = Array(repeating: Array(repeating: 0, count: columns.count), count: rows.count)
    for (a, b) in zip(first, second) {
      guard let i = rowIndex[a], let j = columnIndex[b] else { continue }
      counts[i][j] += 1
    }
    self.init(counts)
  }

  private var rowSums: [Int] { counts.map { $0.reduce(0, +) } }

  private var columnSums: [Int] {
    counts[0].indices.map { j in counts.reduce(0) { $0 + $1[j] } }
  }

  /// What one labelling tells about the other, in nats: Σ p(a, b) log(p(a, b) / (p(a) p(b))).
  public var mutualInformation: Double {
    let (rows, columns) = (rowSums, columnSums)
    let total = Double(rows.reduce(0, +))
    var sum = 0.0
    for (i, row) in counts.enumerated() {
      for (j, count) in row.enumerated() where count > 0 {
        let expected = Double(rows[i]) * Double(columns[j]) / total
        sum += Double(count) / total * portableLog(Double(count) / expected)
      }
    }
    return max(0, sum)
  }

  /// Mutual information over the mean of the two entropies, 0 … 1, as in scikit-learn.
  ///
  /// Nil when neither labelling has more than one value: there is nothing to tell.
  public var normalizedMutualInformation: Double? {
    let scale = (Self.entropy(rowSums) + Self.entropy(columnSums)) / 2
    return scale > 0 ? min(1, mutualInformation / scale) : nil
  }

  /// −Σ p log p in nats.
  private static func entropy(_ counts: [Int]) -> Double {
    let total = Double(counts.reduce(0, +))
    return -counts.filter { $0 > 0 }.reduce(0) { sum, count in
      sum + Double(count) / total * portableLog(Double(count) / total)
    }
  }
}
