import Determinism

/// The frozen attention of the theorems: one layer, one head, and room for one prompt token.
///
/// The score of token b for token a is `a · B b` with `B = W_qᵀ W_k / √d`; W_q and W_k are normal with variance 1/d, so
/// that scores of standard normal tokens have variance near 1.
public struct AttentionLayer: Sendable {
  /// B, `[d, d]`
  public let scores: Matrix
  public var width: Int { scores.rows }

  public init(width: Int, _ random: RandomStream) {
    let root = Double(width).squareRoot()
    var (forQueries, forKeys) = (random.stream("queries"), random.stream("keys"))
    let queries = Matrix(rows: width, columns: width, deviation: 1 / root, &forQueries)
    let keys = Matrix(rows: width, columns: width, deviation: 1 / root, &forKeys)
    scores = (1 / root) * queries.transposed.times(keys)
  }
}

/// f_P(x): how the tokens of one instance and a prompt attend to each other.
///
/// A prompt moves mass between its own column and the others of a content row; the others keep their ratios.
public struct PromptedAttention: Sendable {
  /// Which rows of the map count.
  public enum Rows: Sendable {
    /// Those of content tokens, `[T, T + 1]`.
    case content
    /// Those and the prompt's own, which as an ordinary token attends too, `[T + 1, T + 1]`.
    case all
  }

  public let rows: Rows
  public let tokenCount: Int
  public let width: Int
  /// Attention of content tokens among themselves without a prompt, `[T, T]`.
  private let content: [Double]
  /// Σⱼ exp(score) of each content row.
  private let sums: [Double]
  /// uᵢ = Bᵀ xᵢ: the prompt's score in content row i is `uᵢ · P`. `[T, d]`
  public let asKey: Matrix
  /// vⱼ = B xⱼ: the score of column j in the prompt's row is `vⱼ · P`. `[T, d]`
  public let asQuery: Matrix
  private let scores: Matrix
  /// B + Bᵀ: the gradient of the prompt's score for itself is `(B + Bᵀ) P`.
  private let symmetric: Matrix

  /// - Parameter tokens: x, `[T, d]`
  public init(_ layer: AttentionLayer, tokens: [[Double]], rows: Rows) {
    require(!tokens.isEmpty, "PromptedAttention: expected at least one token")
    self.rows = rows
    tokenCount = tokens.count
    width = layer.width
    scores = layer.scores
    symmetric = layer.scores + layer.scores.transposed
    asQuery = Matrix(tokens.map { layer.scores.times($0) })
    asKey = Matrix(tokens.map { layer.scores.transposed.times($0) })
    var (content, sums) = ([Double](), [Double]())
    for token in tokens {
      let weights = asQuery.times(token).map(portableExp)  // exp(xᵢ · B xⱼ)
      let sum = weights.reduce(0, +)
      content += weights.map { $0 / sum }
      sums.append(sum)
    }
    self.content = content
    self.sums = sums
  }

  /// The map with this prompt, row by row; each row sums to 1, its last column is the prompt's.
  public func map(_ prompt: [Double]) -> [Double] {
    let t = tokenCount
    var map: [Double] = []
    map.reserveCapacity((t + 1) * (t + 1))
    let received = asKey.times(prompt)
    for i in 0..<t {
      let share = 1 / (1 + sums[i] * portableExp(-received[i]))
      for j in 0..<t { map.append((1 - share) * content[i * t + j]) }
      map.append(share)
    }
    if rows == .all { map += promptRow(prompt) }
    return map
  }

  /// The gradient with respect to the prompt of a function of the map.
  /// - Parameters:
  ///   - map: `map(prompt)`
  ///   - gradient: of the function with respect to each entry of the map.
  public func pulledBack(_ gradient: [Double], map: [Double], prompt: [Double]) -> [Double] {
    require(gradient.count == map.count, "PromptedAttention: gradient of another map")
    let t = tokenCount
    var result = [Double](repeating: 0, count: width)
    func add(_ factor: Double, _ row: Int, of matrix: Matrix) {
      for c in 0..<width { result[c] += factor * matrix.values[row * width + c] }
    }
    /// ∂/∂score = a (g − Σ g a) of the softmax row that starts here.
    func scoreGradient(_ start: Int, _ column: Int, _ mean: Double) -> Double {
      map[start + column] * (gradient[start + column] - mean)
    }
    func rowMean(_ start: Int) -> Double {
      var sum = 0.0
      for j in 0...t { sum += gradient[start + j] * map[start + j] }
      return sum
    }
    for i in 0..<t {
      let start = i * (t + 1)
      add(scoreGradient(start, t, rowMean(start)), i, of: asKey)
    }
    guard rows == .all else { return result }
    let start = t * (t + 1)
    let mean = rowMean(start)
    for j in 0..<t { add(scoreGradient(start, j, mean), j, of: asQuery) }
    let own = scoreGradient(start, t, mean)
    for (c, value) in symmetric.times(prompt).enumerated() { result[c] += own * value }
    return result
  }

  /// softmax(v₁·P, …, v_T·P, P·B P)
  private func promptRow(_ prompt: [Double]) -> [Double] {
    let given = asQuery.times(prompt) + [dot(prompt, scores.times(prompt))]
    let largest = given.max() ?? 0
    let weights = given.map { portableExp($0 - largest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// The one other prompt with the same whole map, or nil if there is none to rounding. Needs 2T = d.
  ///
  /// Equal content rows mean `U Δ = 0`, an equal prompt row `V Δ = c·1` with `c = P'·BP' − P·BP`, for Δ = P' − P. With
  /// `[U; V] w = [0; 1]` so Δ = c·w, and c solves a quadratic equation whose other root is Δ = 0. No third prompt exists
  /// where `[U; V]` is regular.
  public func twin(of prompt: [Double]) -> [Double]? {
    require(2 * tokenCount == width, "twin: expected \(width / 2) tokens, found \(tokenCount)")
    let stacked = Matrix(rows: width, columns: width, values: asKey.values + asQuery.values)
    let right = (0..<width).map { $0 < tokenCount ? 0.0 : 1.0 }
    guard let w = stacked.solution(right) else { return nil }
    let curvature = dot(w, scores.times(w))
    let c = (1 - dot(w, symmetric.times(prompt))) / curvature
    guard c.isFinite else { return nil }
    return zip(prompt, w).map { $0 + c * $1 }
  }
}
