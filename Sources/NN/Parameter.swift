import Autograd
import Determinism

/// A named tensor of a model.
///
/// Identity matters: a model and its optimizer hold the same object. The value is changed only between two
/// training steps.
public final class Parameter {
  /// Path in the model, as in a checkpoint: "encoder.layer.0.attention.output.dense.weight".
  public let name: String
  public let isTrainable: Bool
  /// Paths of the tensors that are stacked here along the first axis; `[name]` when it is one.
  public let parts: [String]
  /// A leaf of the graph if trainable, else without history.
  public let value: Tensor

  init(name: String, parts: [String], value: Tensor, isTrainable: Bool) {
    self.name = name
    self.parts = parts
    self.isTrainable = isTrainable
    self.value = isTrainable ? value.variable : value
  }

  public var shape: [Int] { value.shape }
  public var count: Int { value.count }
}

/// Saved state that is not trained, such as running statistics.
public final class Buffer {
  public let name: String
  public private(set) var value: Tensor

  init(name: String, value: Tensor) {
    self.name = name
    self.value = value
  }

  public func update(_ value: Tensor) {
    require(value.shape == self.value.shape, "\(name): \(self.value.shape) updated with \(value.shape)")
    self.value = value.detached
  }
}

/// How a parameter starts when no checkpoint gives it.
public enum Initializer {
  case zeros
  case ones
  /// Uniform in ±bound.
  case uniform(Float)
  /// Normal with mean 0 and this standard deviation.
  case normal(Float)
  /// Orthonormal columns, or rows where there are more columns than rows (QR of a Gaussian matrix with sign
  /// correction, gain 1; PyTorch `orthogonal_`).
  case orthogonal

  func values(_ shape: [Int], _ random: RandomStream) -> Tensor {
    var random = random
    switch self {
    case .zeros: return .zeros(shape)
    case .ones: return .full(shape, 1)
    case .uniform(let bound):
      return Tensor(
        (0..<shape.product).map { _ in Float(random.uniform(-Double(bound), Double(bound))) }, shape)
    case .normal(let deviation):
      return Tensor((0..<shape.product).map { _ in Float(random.normal()) * deviation }, shape)
    case .orthogonal:
      require(shape.count == 2, "orthogonal: expected a matrix, found \(shape)")
      return orthogonalMatrix(rows: shape[0], columns: shape[1], &random)
    }
  }
}

/// Modified Gram–Schmidt, twice, in double. Its R has a positive diagonal: that is the sign correction.
private func orthogonalMatrix(rows: Int, columns: Int, _ random: inout RandomStream) -> Tensor {
  let (length, count) = (max(rows, columns), min(rows, columns))
  var vectors = (0..<count).map { _ in (0..<length).map { _ in random.normal() } }
  for i in 0..<count {
    for _ in 0..<2 {
      for j in 0..<i {
        let dot = zip(vectors[i], vectors[j]).reduce(0) { $0 + $1.0 * $1.1 }
        for t in 0..<length { vectors[i][t] -= dot * vectors[j][t] }
      }
    }
    let norm = vectors[i].reduce(0) { $0 + $1 * $1 }.squareRoot()
    for t in 0..<length { vectors[i][t] /= norm }
  }
  var values = [Float](repeating: 0, count: rows * columns)
  for i in 0..<count {
    for t in 0..<length {
      let (row, column) = rows >= columns ? (t, i) : (i, t)
      values[row * columns + column] = Float(vectors[i][t])
    }
  }
  return Tensor(values, [rows, columns])
}
