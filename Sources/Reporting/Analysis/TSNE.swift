import Determinism

/// Draws points of many dimensions in the plane so that near ones stay near: exact t-SNE
/// (van der Maaten and Hinton 2008), with their schedule.
///
/// Distances between far groups and the sizes of groups mean nothing in the result. Only correctly
/// rounded operations are used, so that equal streams give equal pictures on every machine.
public struct TSNE: Hashable, Sendable {
  /// About how many neighbours a point has.
  public let perplexity: Double
  public let steps: Int

  public init(perplexity: Double = 30, steps: Int = 1000) {
    require(perplexity > 1, "TSNE: expected a perplexity above 1, found \(perplexity)")
    require(steps > 0, "TSNE: expected at least one step, found \(steps)")
    self.perplexity = perplexity
    self.steps = steps
  }

  // The schedule of the paper's section 3.4.
  private static let learningRate = 100.0
  private static let exaggeration = (factor: 4.0, steps: 50)
  private static let momentum = (first: 0.5, steps: 250, later: 0.8)
  private static let initialDeviation = 0.01

  /// The points in the plane with the divergence that is left.
  public struct Embedding: Hashable, Sendable {
    public let points: [Point]
    /// KL(P ‖ Q) in nats; smaller is better, comparable for equal perplexity and equal points only.
    public let divergence: Double
  }

  /// - Parameter random: decides where the points start.
  /// - Throws: `Failure(.badInput)` for points of different length, values that are not finite, or
  ///   too few points for the perplexity.
  public func embed(_ points: [[Double]], _ random: RandomStream) throws -> Embedding {
    let neighbours = try NeighbourProbabilities(points, perplexity: perplexity)
    let n = neighbours.count
    var stream = random.stream("t-SNE")
    var place = (0..<2 * n).map { _ in stream.normal() * Self.initialDeviation }
    var velocity = Array(repeating: 0.0, count: 2 * n)
    var gain = Array(repeating: 1.0, count: 2 * n)
    for step in 0..<steps {
      let isEarly = step < Self.exaggeration.steps
      let gradient = neighbours.gradient(
        at: place, exaggeration: isEarly ? Self.exaggeration.factor : 1)
      let momentum = step < Self.momentum.steps ? Self.momentum.first : Self.momentum.later
      for i in 0..<2 * n {
        // Jacobs (1988): faster while the direction stays, slower when it turns.
        let turns = (gradient[i] > 0) == (velocity[i] > 0)
        gain[i] = turns ? max(0.01, gain[i] * 0.8) : gain[i] + 0.2
        velocity[i] = momentum * velocity[i] - Self.learningRate * gain[i] * gradient[i]
        place[i] += velocity[i]
      }
      center(&place)
    }
    return Embedding(
      points: (0..<n).map { Point(place[2 * $0], place[2 * $0 + 1]) },
      divergence: neighbours.divergence(at: place))
  }

  /// Moves the middle of all points to the origin.
  private func center(_ place: inout [Double]) {
    let n = place.count / 2
    for axis in 0..<2 {
      var sum = 0.0
      for i in 0..<n { sum += place[2 * i + axis] }
      for i in 0..<n { place[2 * i + axis] -= sum / Double(n) }
    }
  }
}
