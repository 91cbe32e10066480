import CKernels
import Determinism

extension Tensor {
  /// Σ x², accumulated in double.
  public var sumOfSquares: Double { kernels.sum_of_squares(count, pointer) }

  /// A copy that shares no memory with this tensor, without history.
  public var copied: Tensor {
    let y = Tensor.empty(shape)
    y.mutablePointer.update(from: pointer, count: count)
    return y
  }

  /// Replaces the elements in place. Only for a parameter between two steps: no graph that has read the old values
  /// may be differentiated any more.
  public func overwrite(with other: Tensor) {
    require(shape == other.shape, "overwrite: \(shape) with \(other.shape)")
    mutablePointer.update(from: other.pointer, count: count)
  }
}

extension Tensor {
  /// Replaces the elements in place by these values, again and again; under the condition of `overwrite(with:)`.
  public func overwrite(byRepeating values: [Float]) {
    require(!values.isEmpty, "overwrite: no values to repeat")
    values.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      for start in stride(from: 0, to: count, by: source.count) {
        (mutablePointer + start).update(from: base, count: min(source.count, count - start))
      }
    }
  }
}

/// Constants of one AdamW step (Loshchilov and Hutter 2019; PyTorch `AdamW`).
public struct AdamWStep {
  public var learningRate: Float
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  public var weightDecay: Float
  /// Counted from 1; for the bias corrections.
  public var step: Int

  public init(
    learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, step: Int
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.step = step
  }

  /// Updates a parameter and its two moments in place, between two training steps (see `overwrite(with:)`).
  public func update(_ parameter: Tensor, first: Tensor, second: Tensor, gradient: Tensor) {
    require(
      parameter.shape == gradient.shape && first.shape == parameter.shape
        && second.shape == parameter.shape,
      "AdamW: parameter \(parameter.shape), gradient \(gradient.shape), moments \(first.shape)")
    kernels.adamw(
      parameter.count, parameter.mutablePointer, first.mutablePointer, second.mutablePointer,
      gradient.pointer, learningRate, beta1, beta2, epsilon, weightDecay, 1 - power(beta1, step),
      1 - power(beta2, step))
  }

  /// βᵗ in double by repeated squaring: the same on every machine.
  private func power(_ base: Float, _ exponent: Int) -> Float {
    var (result, square, rest) = (1.0, Double(base), exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return Float(result)
  }
}
