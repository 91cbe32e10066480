import Determinism
import Testing
import Theory

@Suite struct OptimisationTests {
  @Test func `Rosenbrock's valley is followed to its lowest point`() {
    let found = Minimum(
      of: { p in
        let (a, b) = (1 - p[0], p[1] - p[0] * p[0])
        return (a * a + 100 * b * b, [-2 * a - 400 * p[0] * b, 200 * b])
      }, from: [-1.2, 1])
    #expect(found.value < 1e-18)
    #expect(squaredDistance(found.point, [1, 1]) < 1e-16)
  }

  @Test func `a start at the minimum stays`() {
    let found = Minimum(of: { ($0[0] * $0[0], [2 * $0[0]]) }, from: [0])
    #expect(found.steps == 0 && found.value == 0)
  }

  @Test(arguments: 0..<20)
  func `simplex weights satisfy the optimality conditions`(seed: UInt64) {
    var random = RandomStream(seed: seed)
    let k = 2 + random.integer(below: 9)
    let vectors = (0..<k).map { _ in random.normals(12) }
    let found = SimplexLeastSquares(vectors, target: random.normals(12))
    // Slopes relative to the largest Gram entry, computed to rounding: 1e-12 leaves room for ten terms.
    #expect(found.violation < 1e-12)
    #expect(found.weights.allSatisfy { $0 >= 0 })
  }

  @Test(arguments: 0..<10)
  func `no other point of the simplex is nearer`(seed: UInt64) {
    var random = RandomStream(seed: 100 + seed)
    let vectors = (0..<5).map { _ in random.normals(8) }
    let target = random.normals(8)
    let found = SimplexLeastSquares(vectors, target: target)
    for _ in 0..<200 {
      let other = mixture(vectors, random.simplexPoint(5))
      #expect(squaredDistance(other, target) >= found.residual)
    }
  }

  @Test(arguments: 0..<10)
  func `a mixture is found again`(seed: UInt64) {
    var random = RandomStream(seed: 200 + seed)
    let vectors = (0..<6).map { _ in random.normals(12) }
    let weights = random.simplexPoint(6)
    let found = SimplexLeastSquares(vectors, target: mixture(vectors, weights))
    #expect(found.residual < 1e-24)
    #expect(squaredDistance(found.weights, weights) < 1e-20)
  }

  @Test func `a corner and an equal pair of vectors are no trouble`() {
    let vectors = [[1.0, 0], [1, 0], [0, 1]]
    let corner = SimplexLeastSquares(vectors, target: [3, -2])
    #expect(abs(corner.residual - 8) < 1e-14 && corner.weights[2] == 0)
    let inside = SimplexLeastSquares(vectors, target: [0.25, 0.75])
    #expect(inside.residual < 1e-28)
  }

  @Test func `a linear system is solved, and a singular one refused`() throws {
    var random = RandomStream(seed: 3)
    let matrix = Matrix(rows: 16, columns: 16, deviation: 1, &random)
    let wanted = random.normals(16)
    let found = try #require(matrix.solution(matrix.times(wanted)))
    #expect(squaredDistance(found, wanted) < 1e-20)
    #expect(Matrix([[1, 2], [2, 4]]).solution([1, 1]) == nil)
  }

  @Test func `points of the simplex have positive weights with sum one`() {
    var random = RandomStream(seed: 4)
    var mean = [Double](repeating: 0, count: 4)
    for _ in 0..<4000 {
      let point = random.simplexPoint(4)
      #expect(abs(point.reduce(0, +) - 1) < 1e-14 && point.allSatisfy { $0 > 0 })
      for j in 0..<4 { mean[j] += point[j] / 4000 }
    }
    // Standard error √(3/80)/√4000 = 0.003; four of them.
    for j in 0..<4 { #expect(abs(mean[j] - 0.25) < 0.0125) }
  }
}

@Suite struct RoutedPromptTests {
  let world = ClusterWorld(count: 120, separation: 1, RandomStream(seed: 1))

  @Test func `the gradient of the routed loss is that of central differences`() {
    var random = RandomStream(seed: 2)
    let point = random.normals(15)
    let found = RoutedPrompts.loss(point, world.instances)
    let expected = differences({ RoutedPrompts.loss($0, world.instances).value }, at: point)
    // Rounding of a sum of 120 losses over the step of 2e-5, and step² beside it.
    for (a, b) in zip(found.gradient, expected) { #expect(abs(a - b) < 1e-7) }
  }

  @Test func `one expert is the mean of the best prompts`() {
    let shared = RoutedPrompts(count: 1, fitting: world, starts: 2, RandomStream(seed: 3))
    for c in 0..<2 {
      let mean = world.instances.reduce(0) { $0 + $1.best[c] } / Double(world.instances.count)
      #expect(abs(shared.experts[0][c] - mean) < 1e-8)
    }
    #expect(shared.weights([5, -5]) == [1])
  }
}
