import Autograd
import Determinism

extension Gradients {
  /// The gradient of a parameter, or nil if the result does not depend on it.
  public subscript(_ parameter: Parameter) -> Tensor? { self[parameter.value] }
}

/// Parameters that share a learning rate and a weight decay.
public struct ParameterGroup {
  public let parameters: [Parameter]
  public let learningRate: Float
  public let weightDecay: Float

  public init(_ parameters: [Parameter], learningRate: Float, weightDecay: Float) {
    self.parameters = parameters.filter(\.isTrainable)
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019; PyTorch `optim.AdamW`).
public final class AdamW {
  public let groups: [ParameterGroup]
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  /// Steps taken.
  public private(set) var steps = 0
  private let moments: [(first: Tensor, second: Tensor)]

  public init(
    _ groups: [ParameterGroup], beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8
  ) {
    self.groups = groups
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    let all = groups.flatMap(\.parameters)
    require(
      Set(all.map(ObjectIdentifier.init)).count == all.count, "AdamW: a parameter is in two groups")
    moments = all.map { (.zeros($0.shape), .zeros($0.shape)) }
  }

  private var parameters: [Parameter] { groups.flatMap(\.parameters) }

  /// One step on every parameter that has a gradient.
  /// - Parameters:
  ///   - clipping: the largest norm all gradients together may have (PyTorch `clip_grad_norm_`).
  ///   - rateFactor: multiplies every group's learning rate.
  /// - Returns: the norm of all gradients together, before clipping.
  @discardableResult
  public func step(_ gradients: Gradients, clipping: Float?, rateFactor: Float = 1) -> Float {
    let all = parameters.map { gradients[$0] }
    let norm = Float(all.reduce(0.0) { $0 + ($1?.sumOfSquares ?? 0) }.squareRoot())
    let factor = clipping.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    steps += 1
    var index = 0
    for group in groups {
      let update = AdamWStep(
        learningRate: group.learningRate * rateFactor, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: group.weightDecay, step: steps)
      for parameter in group.parameters {
        defer { index += 1 }
        guard let gradient = all[index] else { continue }
        update.update(
          parameter.value, first: moments[index].first, second: moments[index].second,
          gradient: factor < 1 ? gradient * factor : gradient)
      }
    }
    return norm
  }

  /// A training step: the objective of each part of a batch and its gradients, one part after the other, then one step
  /// along the sum of the gradients.
  /// - Parameters:
  ///   - title: of what is trained, for the failure.
  ///   - parts: how many times `objective` is called.
  ///   - objective: passes a part through the model and gives what is minimised, of several parts each one's share.
  /// - Returns: the objective of the whole batch, before the step.
  /// - Throws: `Failure(.runFailed)` if that is not finite, with all parameters as they were; what `objective` throws.
  @discardableResult
  public func step(
    of title: String, parts: Int = 1, clipping: Float?, rateFactor: Float = 1,
    minimising objective: (_ part: Int) throws -> Tensor
  ) throws -> Float {
    require(parts > 0, "AdamW: a step without a part")
    var (loss, gradients): (Float, Gradients?) = (0, nil)
    for part in 0..<parts {
      let objective = try objective(part)
      loss += objective.item
      guard loss.isFinite else {
        throw Failure(.runFailed, "\(title): the loss is \(loss) at step \(steps); try a smaller learning rate")
      }
      let own = objective.backward()
      gradients = gradients.map { $0 + own } ?? own
    }
    if let gradients { step(gradients, clipping: clipping, rateFactor: rateFactor) }
    return loss
  }

  /// Copies of both moments of every parameter, for a checkpoint.
  public func snapshot() -> [(name: String, tensor: Tensor)] {
    zip(parameters, moments).flatMap {
      [("first.\($0.name)", $1.first.copied), ("second.\($0.name)", $1.second.copied)]
    }
  }

  /// Continues from `snapshot` after `steps` steps.
  public func restore(
    _ saved: [(name: String, tensor: Tensor)], steps: Int, source: String
  ) throws {
    var byName: [String: Tensor] = [:]
    for (name, tensor) in saved { byName[name] = tensor }
    for (parameter, moment) in zip(parameters, moments) {
      for (kind, target) in [("first", moment.first), ("second", moment.second)] {
        let name = "\(kind).\(parameter.name)"
        guard let tensor = byName[name], tensor.shape == target.shape else {
          throw Failure(
            .badInput,
            "\(source): \(name): expected \(target.shape), found \(byName[name]?.shape.description ?? "nothing")"
          )
        }
        target.overwrite(with: tensor)
      }
    }
    self.steps = steps
  }
}

/// What the learning rate is multiplied by at a point of the training.
public enum Schedule: Hashable, Sendable, Codable {
  /// Multiplied by `factor` at the start of each of these epochs, counted from 0 (PyTorch `MultiStepLR`).
  case multiStep(epochs: [Int], factor: Float)
  /// Rises linearly over `warmUp` steps, then falls to 0 along a half cosine at `steps`.
  case cosine(steps: Int, warmUp: Int)

  public func factor(epoch: Int, step: Int) -> Float {
    switch self {
    case .multiStep(let epochs, let factor):
      return epochs.filter { epoch >= $0 }.reduce(1) { product, _ in product * factor }
    case .cosine(let steps, let warmUp):
      if step < warmUp { return Float(step + 1) / Float(warmUp) }
      let progress = Double(step - warmUp) / Double(max(1, steps - warmUp))
      return Float(0.5 * (1 + halfTurnCosine(min(1, progress))))
    }
  }
}

/// cos(π x) for x in 0 … 1 to 1e-15, from correctly rounded operations only.
private func halfTurnCosine(_ x: Double) -> Double {
  if x > 0.5 { return -halfTurnCosine(1 - x) }
  let square = (x * Double.pi) * (x * Double.pi)
  var sum = 0.0
  for n in stride(from: 22, through: 2, by: -2) {  // 1 − y/(1·2) (1 − y/(3·4) (1 − …))
    sum = (1 - sum) * square / Double((n - 1) * n)
  }
  return 1 - sum
}
