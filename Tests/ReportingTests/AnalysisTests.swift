import Determinism
import Reporting
import Testing

/// Points without structure that any language makes alike: integers modulo 97, and three groups.
func recipePoints(_ count: Int, _ width: Int) -> [[Double]] {
  (0..<count).map { i in
    (0..<width).map { k in
      let scattered = (i * 37 + k * 101 + i * i * (k + 3)) % 97
      let group = Double(i % 3) * (k % 2 == 0 ? 1 : 0.5)
      return Double(scattered) / 97 + group
    }
  }
}

@Suite struct AnalysisTests {
  let points = recipePoints(12, 3)
  let classes = (0..<12).map { $0 % 3 }

  /// Reference: scikit-learn 1.9, `silhouette_score`.
  @Test func `the silhouette agrees with scikit-learn`() throws {
    let score = try #require(try silhouetteScore(points, classes: classes))
    #expect(abs(score - 0.48368586482622195) < 1e-13)
  }

  @Test func `a class of one point counts as zero`() throws {
    let names = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 1]
    let score = try #require(try silhouetteScore(points, classes: names))
    #expect(abs(score + 0.19924767510372923) < 1e-13)
  }

  @Test func `the silhouette of two pairs is the one found by hand`() throws {
    // On a line at 0, 1 and 4, 6: a = 1, 1, 2, 2; b = 5, 4, 3.5, 5.5.
    let score = try silhouetteScore([[0], [1], [4], [6]], classes: [7, 7, 9, 9])
    let expected = (4.0 / 5 + 3.0 / 4 + 1.5 / 3.5 + 3.5 / 5.5) / 4
    #expect(abs((score ?? 0) - expected) < 1e-15)
  }

  @Test func `without two classes there is no silhouette`() throws {
    #expect(try silhouetteScore(points, classes: classes.map { _ in 1 }) == nil)
    #expect(try silhouetteScore(points, classes: Array(0..<12)) == nil)
    #expect(try silhouetteScore([], classes: []) == nil)
  }

  /// Reference: scikit-learn 1.9, `NearestNeighbors`, the point itself left out.
  @Test func `neighbour purity agrees with scikit-learn`() throws {
    #expect(try neighbourPurity(points, classes: classes, neighbours: 4) == 34.0 / 48)
    #expect(try neighbourPurity(points, classes: classes, neighbours: 12) == nil)
  }

  @Test func `bad points are refused with their number`() {
    for bad in [[[0.0, 1], [2]], [[0], [.nan], [1]], [[0], [.infinity], [1]]] {
      let failure = #expect(throws: Failure.self) {
        try neighbourPurity(bad, classes: bad.indices.map { $0 }, neighbours: 1)
      }
      #expect(failure?.kind == .badInput && failure?.description.contains("point 1") == true)
    }
  }

  /// Reference: scikit-learn 1.9, `mutual_info_score`, `normalized_mutual_info_score`.
  @Test func `mutual information agrees with scikit-learn`() throws {
    let table = ContingencyTable([0, 0, 0, 1, 1, 2, 2, 2, 2, 3], [1, 1, 0, 0, 0, 2, 2, 2, 1, 2])
    #expect(abs(table.mutualInformation - 0.6730116670092566) < 1e-14)
    let normalized = try #require(table.normalizedMutualInformation)
    #expect(abs(normalized - 0.568241032922968) < 1e-14)
  }

  @Test func `independent labels tell nothing and equal ones everything`() throws {
    let independent = ContingencyTable([[1, 2], [2, 4]])
    #expect(abs(independent.mutualInformation) < 1e-15)
    let equal = ContingencyTable([[3, 0], [0, 3]])
    #expect(abs(equal.mutualInformation - portableLog(2)) < 1e-15)
    #expect(abs((equal.normalizedMutualInformation ?? 0) - 1) < 1e-15)
    #expect(ContingencyTable([[5]]).normalizedMutualInformation == nil)
  }

  /// Reference: SciPy 1.17, `permutation_test` over all 8! orders: p = 1/7, mean 0.0833326.
  @Test func `the permutation test agrees with the exact one`() throws {
    let test = try PermutationTest(
      mutualInformationOf: [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], resamples: 4999,
      RandomStream(seed: 1))
    #expect(abs(test.observed - 0.38039566584857787) < 1e-14)
    // Four binomial standard deviations, √(p (1 − p) / 4999) = 0.005; the same for the mean,
    // whose single values spread by about 0.12.
    #expect(abs(test.probability - 1 / 7.0) < 0.02)
    #expect(abs(test.expected - 0.08333258846574419) < 0.007)
  }

  @Test func `the permutation test is the same on every run and knows its limits`() throws {
    func test(_ seed: UInt64) throws -> PermutationTest {
      try PermutationTest(count: 20, resamples: 99, RandomStream(seed: seed)) { order in
        Double(zip(order, 0..<20).reduce(0) { $0 + $1.0 * $1.1 })
      }
    }
    #expect(try test(3) == test(3))
    #expect(try test(3) != test(4))
    // The sum is largest in the order given: the smallest probability that 100 orders can show.
    #expect(try test(3).probability == 1 / 100)
    #expect(throws: Failure.self) {
      try PermutationTest(count: 3, resamples: 19, RandomStream(seed: 0)) { _ in .nan }
    }
  }
}
