import Autograd
import Determinism
import Encoders
import Fusion
import NN
import Testing

/// Gradients of a whole model against differences of its loss, along directions in parameter space.
@Suite struct WholeModelGradientTests {
  /// The loss as the trainer assembles it, with dropout, noise and batch statistics of one fixed step.
  private func loss(_ model: any FusionModel, _ batch: Batch) -> Tensor {
    let output = model(batch, training())
    let task = crossEntropy(output.logits, (0..<batch.size).map { Int32($0 % 3) })
    guard !output.routing.isEmpty else { return task }
    return task
      + 0.1 * mean(output.routing.map { importanceLoss($0.weights, threshold: 0.001) })
  }

  /// Slope of the loss along `direction` by differences of fourth order, (8(f₁ − f₋₁) − (f₂ − f₋₂)) / 12h.
  private func slope(
    _ model: any FusionModel, _ batch: Batch, along direction: [(Parameter, [Float])], step: Float
  ) -> Double {
    let start = direction.map { $0.0.value.copied }
    func value(_ factor: Float) -> Double {
      for ((parameter, change), old) in zip(direction, start) {
        let moved = zip(old.values, change).map { $0 + factor * step * $1 }
        parameter.value.overwrite(with: Tensor(moved, old.shape))
      }
      return Double(loss(model, batch).item)
    }
    let first = value(1) - value(-1)
    let second = value(2) - value(-2)
    for ((parameter, _), old) in zip(direction, start) { parameter.value.overwrite(with: old) }
    return (8 * first - second) / (12 * Double(step))
  }

  /// A direction of length 1.
  private func unit(_ direction: [(Parameter, [Float])]) -> [(Parameter, [Float])] {
    let length = direction.reduce(0.0) { $0 + $1.1.reduce(0) { $0 + Double($1 * $1) } }.squareRoot()
    return direction.map { ($0.0, $0.1.map { $0 / Float(length) }) }
  }

  /// A loss near 1 is known to some 1e-7; over a step of 0.005 that is an error of 2e-5 in a slope. What the fourth
  /// order leaves is smaller there: from steps of 0.04 down, errors fall sixteenfold per halving until they reach it.
  /// Not for methods with a jump (top 1) or with a kink that the step crosses (the ReLU of a hidden layer).
  @Test(
    arguments: MethodCase.all.filter {
      !$0.name.contains("top 1") && !$0.name.contains("hidden layer")
    })
  func `slopes along random directions equal the gradient's`(_ method: MethodCase) throws {
    let model = try method.model()
    let batch = Batch.random(6)
    let gradients = loss(model, batch).backward()
    var random = RandomStream(seed: 4)
    for _ in 0..<3 {
      // Half the gradient and half noise: a random direction alone is almost orthogonal to the gradient.
      let whole = unit(
        try model.store.trainable.map { ($0, try #require(gradients[$0], "\($0.name)").values) })
      let noise = unit(
        model.store.trainable.map { ($0, (0..<$0.count).map { _ in Float(random.normal()) }) })
      let direction = unit(zip(whole, noise).map { ($0.0, zip($0.1, $1.1).map { $0 + $1 }) })
      let expected = try direction.reduce(0.0) { sum, entry in
        let gradient = try #require(gradients[entry.0]).values
        return sum + zip(gradient, entry.1).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      let found = slope(model, batch, along: direction, step: 0.005)
      #expect(
        abs(found - expected) <= 1e-4 * abs(expected) + 6e-5, "\(found), gradient \(expected)")
    }
  }

  /// Tensor by tensor, along its own gradient: a wrong gradient of a small tensor cannot hide behind a large one.
  @Test func `every tensor of MoPE has the slope its gradient says`() throws {
    let model = try #require(MethodCase.experts.first).model()
    let batch = Batch.random(6)
    let gradients = loss(model, batch).backward()
    for parameter in model.store.trainable {
      let gradient = try #require(gradients[parameter], "\(parameter.name)")
      let length = gradient.sumOfSquares.squareRoot()
      let direction = unit([(parameter, gradient.values)])
      let found = slope(model, batch, along: direction, step: 0.01)
      #expect(
        abs(found - length) <= 5e-4 * length + 5e-5,
        "\(parameter.name): \(found), gradient \(length)")
    }
  }
}
