import Autograd
import Determinism

/// Convolution over maps (PyTorch `nn.Conv2d` with odd square kernels and padding that keeps the size, stride 1); maps
/// have their channels last.
public struct Conv2d {
  public let weight: Parameter  // [outputs, inputs, size, size]
  public let bias: Parameter?  // [outputs]
  private let size: Int

  /// Uniform in ±1/√(inputs·size²) for both, PyTorch's default.
  public init(_ inputs: Int, _ outputs: Int, size: Int, bias: Bool = true, _ scope: Scope) {
    require(size % 2 == 1, "Conv2d: expected an odd size, found \(size)")
    self.size = size
    let bound = 1 / Float(inputs * size * size).squareRoot()
    weight = scope.parameter("weight", [outputs, inputs, size, size], .uniform(bound))
    self.bias = bias ? scope.parameter("bias", [outputs], .uniform(bound)) : nil
  }

  /// `[B, H, W, inputs]` → `[B, H, W, outputs]`
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    if size == 1 { return linear(x, weight.value.reshaped(outputs, inputs), bias?.value) }
    let y = conv2d(x, weight.value.transposed(0, 2, 3, 1), padding: size / 2)
    return bias.map { y + $0.value } ?? y
  }
}
