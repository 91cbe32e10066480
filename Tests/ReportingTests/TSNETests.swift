import Determinism
import Foundation
import Reporting
import Testing

@Suite struct TSNETests {
  /// Reference: SciPy 1.17, `brentq` on the entropy of each row, tolerance 1e-14.
  @Test(arguments: [
    (0, 1, 0.0007083450840492237), (0, 3, 0.02003985321457893), (5, 11, 0.02420732580622806),
    (2, 7, 0.0005582860840281364), (10, 4, 0.0040943826109514645),
  ])
  func `neighbour probabilities agree with SciPy`(i: Int, j: Int, expected: Double) throws {
    let p = try NeighbourProbabilities(recipePoints(12, 3), perplexity: 4)
    // The bisection ends at 1e-10 of the entropy.
    #expect(abs(p.values[12 * i + j] - expected) < 1e-10)
    #expect(p.values[12 * i + j] == p.values[12 * j + i])
    #expect(abs(p.values.reduce(0, +) - 1) < 1e-14)
  }

  @Test func `equal points are neighbours alike`() throws {
    let p = try NeighbourProbabilities(Array(repeating: [1, 2], count: 5), perplexity: 2)
    #expect(p.values.allSatisfy { $0 == 0 || abs($0 - 1.0 / 20) < 1e-15 })
  }

  @Test func `the gradient agrees with central differences of the divergence`() throws {
    let p = try NeighbourProbabilities(recipePoints(9, 3), perplexity: 3)
    var random = RandomStream(seed: 2)
    let place = (0..<18).map { _ in random.normal() }
    let gradient = p.gradient(at: place, exaggeration: 1)
    let step = 1e-5
    for i in place.indices {
      var (above, below) = (place, place)
      above[i] += step
      below[i] -= step
      let slope = (p.divergence(at: above) - p.divergence(at: below)) / (2 * step)
      // The error of a central difference is about step², that of the division 1e-16 / step.
      #expect(abs(gradient[i] - slope) < 1e-9)
    }
  }

  @Test func `what is left of the divergence is as little as scikit-learn leaves`() throws {
    let points = recipePoints(60, 5)
    let found = try (0..<3).map { seed in
      try TSNE(perplexity: 10).embed(points, RandomStream(seed: UInt64(seed))).divergence
    }
    // scikit-learn 1.9, exact, five seeds: 0.221 to 0.252, depending on the optimum it falls into.
    #expect((found.min() ?? 1) < 0.23 && (found.max() ?? 1) < 0.27)
  }

  @Test func `groups stay apart in the plane`() throws {
    var random = RandomStream(seed: 5)
    let classes = (0..<120).map { $0 % 6 }
    let points = classes.map { group in
      (0..<16).map { ($0 == group ? 6 : 0) + random.normal() }
    }
    let drawing = try TSNE(perplexity: 15, steps: 500).embed(points, RandomStream(seed: 0))
    let purity = try neighbourPurity(
      drawing.points.map { [$0.x, $0.y] }, classes: classes, neighbours: 5)
    #expect(try #require(purity) > 0.97)
  }

  @Test func `equal streams give equal pictures`() throws {
    let method = TSNE(perplexity: 5, steps: 60)
    func drawing(_ seed: UInt64) throws -> TSNE.Embedding {
      try method.embed(recipePoints(20, 4), RandomStream(seed: seed))
    }
    #expect(try drawing(1) == drawing(1))
    #expect(try drawing(1) != drawing(2))
  }

  @Test func `too few points are refused`() {
    let failure = #expect(throws: Failure.self) {
      try TSNE(perplexity: 30).embed(recipePoints(31, 2), RandomStream(seed: 0))
    }
    #expect(failure?.kind == .badInput)
    #expect(throws: Failure.self) {
      try TSNE(perplexity: 2).embed([[0], [.nan], [1], [2]], RandomStream(seed: 0))
    }
  }

  @Test func `the portable exponential is the C library's to two units in the last place`() {
    for i in 0..<4000 {
      let x = -Double(i) * 0.171
      let expected = exp(x)
      let error = abs(portableExponential(x) - expected)
      #expect(error <= 2 * expected.ulp || x < -700)
    }
    #expect(portableExponential(0) == 1 && portableExponential(-800) == 0)
  }
}
