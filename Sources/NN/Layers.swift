import Autograd
import Determinism

/// `y = x Wᵀ + b` over the last axis.
public struct Linear {
  public let weight: Parameter  // [outputs, inputs]
  public let bias: Parameter?  // [outputs]
  /// Of a frozen weight.
  private let packing: PackedWeight?

  /// Uniform in ±1/√inputs for both, PyTorch's default.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, _ scope: Scope) {
    let bound = 1 / Float(inputs).squareRoot()
    self.weight = scope.parameter("weight", [outputs, inputs], .uniform(bound))
    self.bias = bias ? scope.parameter("bias", [outputs], .uniform(bound)) : nil
    packing = weight.isTrainable ? nil : PackedWeight()
  }

  /// Several layers of one input side by side, which checkpoints hold under these names: `query`, `key`, `value`.
  public init(_ inputs: Int, _ outputs: Int, stacking names: [String], _ scope: Scope) {
    let bound = 1 / Float(inputs).squareRoot()
    let total = outputs * names.count
    let joined = names.joined(separator: "+")
    self.weight = scope.parameter(
      "\(joined).weight", stacking: names.map { "\($0).weight" }, [total, inputs], .uniform(bound))
    self.bias = scope.parameter(
      "\(joined).bias", stacking: names.map { "\($0).bias" }, [total], .uniform(bound))
    packing = weight.isTrainable ? nil : PackedWeight()
  }

  /// `[..., inputs]` → `[..., outputs]`
  public func callAsFunction(_ x: Tensor) -> Tensor {
    linear(x, weight.value, bias?.value, packing: packing)
  }

  /// Only these outputs: `[..., inputs]` → `[..., outputs.count]`
  public func callAsFunction(_ x: Tensor, outputs: Range<Int>) -> Tensor {
    linear(x, weight.value.slice(outputs), bias?.value.slice(outputs))
  }

  /// `gelu(self(x))` in one pass.
  public func gelu(_ x: Tensor) -> Tensor {
    guard let bias else { return Autograd.gelu(self(x)) }
    return linearGELU(x, weight.value, bias.value, packing: packing)
  }
}

/// Normalisation of the last axis with a learned scale and shift (PyTorch `nn.LayerNorm`).
public struct LayerNorm {
  public let weight: Parameter  // [C]
  public let bias: Parameter  // [C]
  public let epsilon: Float

  /// Starts as the plain normalisation: scale 1, shift 0.
  public init(_ width: Int, epsilon: Float = 1e-5, _ scope: Scope) {
    self.weight = scope.parameter("weight", [width], .ones)
    self.bias = scope.parameter("bias", [width], .zeros)
    self.epsilon = epsilon
  }

  /// `[..., C]` → `[..., C]`
  public func callAsFunction(_ x: Tensor) -> Tensor {
    layerNorm(x, weight: weight.value, bias: bias.value, epsilon: epsilon)
  }

  /// `a + b` and its normalisation, in one pass.
  public func callAsFunction(adding a: Tensor, _ b: Tensor) -> (sum: Tensor, normalized: Tensor) {
    residualLayerNorm(a, b, weight: weight.value, bias: bias.value, epsilon: epsilon)
  }
}

/// Normalisation of every channel over a batch, and over the places of maps (PyTorch `nn.BatchNorm1d` and
/// `nn.BatchNorm2d`, momentum 0.1; channels last).
public struct BatchNorm {
  public let weight: Parameter  // [C]
  public let bias: Parameter  // [C]
  public let runningMean: Buffer  // [C]
  public let runningVariance: Buffer  // [C]
  private let epsilon: Float = 1e-5
  private let momentum: Float = 0.1
  private let usesRunningStatistics: Bool

  /// - Parameter frozenStatistics: always use the running statistics, which then never change: a learned scale and
  ///   shift (the authors' multimodal path).
  public init(_ width: Int, frozenStatistics: Bool = false, _ scope: Scope) {
    weight = scope.parameter("weight", [width], .ones)
    bias = scope.parameter("bias", [width], .zeros)
    runningMean = scope.buffer("running_mean", .zeros([width]))
    runningVariance = scope.buffer("running_var", .full([width], 1))
    usesRunningStatistics = frozenStatistics
  }

  /// `[..., C]` → `[..., C]`
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    guard mode.isTraining, !usesRunningStatistics else {
      let mean = runningMean.value.values
      let inverse = runningVariance.value.values.map { 1 / ($0 + epsilon).squareRoot() }
      let shift = Tensor(zip(mean, inverse).map { -$0 * $1 }, [mean.count])
      return (x * Tensor(inverse, [mean.count]) + shift) * weight.value + bias.value
    }
    let (y, mean, variance) = batchNorm(
      x, weight: weight.value, bias: bias.value, epsilon: epsilon)
    let b = Float(x.count / x.lastAxis)
    runningMean.update(mixed(runningMean.value, mean))
    runningVariance.update(mixed(runningVariance.value, variance.map { $0 * b / (b - 1) }))
    return y
  }

  private func mixed(_ old: Tensor, _ new: [Float]) -> Tensor {
    Tensor(zip(old.values, new).map { (1 - momentum) * $0 + momentum * $1 }, old.shape)
  }
}

/// A table of vectors looked up by index (PyTorch `nn.Embedding`).
public struct Embedding {
  public let weight: Parameter  // [count, C]

  /// Normal with standard deviation 0.02, as BERT starts.
  public init(_ count: Int, _ width: Int, _ scope: Scope) {
    weight = scope.parameter("weight", [count, width], .normal(0.02))
  }

  /// Indices → `[indices, C]`
  public func callAsFunction(_ indices: [Int32]) -> Tensor { weight.value.gather(indices) }
}
