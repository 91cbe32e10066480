import Autograd
import Determinism
import NN
import TestSupport
import Testing

@Suite struct OptimizerTests {
  private let fixture = Fixture("optimizer")

  @Test func `ten steps of AdamW with two groups, clipping and a schedule equal PyTorch's`() throws {
    let file = try fixture.file("case.safetensors")
    let names = ["vision.weight", "vision.bias", "text.prompt"]
    let store = ParameterStore(random: RandomStream(seed: 0))
    let parameters = try names.map { name in
      let start = try file.require("initial.\(name)")
      let parameter = store.root.parameter(name, start.shape, .zeros)
      parameter.value.overwrite(with: start)
      return parameter
    }
    let optimizer = AdamW([
      ParameterGroup(Array(parameters.prefix(2)), learningRate: 0.04, weightDecay: 0.01),
      ParameterGroup([parameters[2]], learningRate: 0.05, weightDecay: 0.1),
    ])
    let schedule = Schedule.multiStep(epochs: [4, 7], factor: 0.4)
    for step in 0..<10 {
      // The gradient of Σ p·g is g.
      let terms = try zip(names, parameters).map { name, parameter in
        sum(parameter.value * (try file.require("step.\(step).grad.\(name)")))
      }
      let gradients = (terms[0] + terms[1] + terms[2]).backward()
      let norm = optimizer.step(
        gradients, clipping: 1, rateFactor: schedule.factor(epoch: step, step: step))
      let expected = try file.require("step.\(step).norm").item
      #expect(abs(norm - expected) <= 1e-5 * expected)
      for (name, parameter) in zip(names, parameters) {
        let expected = try file.require("step.\(step).value.\(name)")
        let error = try #require(largestDifference(parameter.value.detached, expected))
        #expect(error <= 5e-6, "step \(step), \(name)")  // ten steps of some roundings each
      }
    }
  }

  @Test func `an optimizer continues from its snapshot with the same bits`() throws {
    func made() -> (Parameter, AdamW) {
      let store = ParameterStore(random: RandomStream(seed: 3))
      let parameter = store.root.parameter("p", [33], .normal(1))
      return (parameter, AdamW([ParameterGroup([parameter], learningRate: 0.1, weightDecay: 0.1)]))
    }
    func step(_ parameter: Parameter, _ optimizer: AdamW) {
      optimizer.step(sum(parameter.value * parameter.value).backward(), clipping: nil)
    }
    let (whole, first) = made()
    for _ in 0..<4 { step(whole, first) }
    let (half, second) = made()
    for _ in 0..<2 { step(half, second) }
    let (resumed, third) = made()
    resumed.value.overwrite(with: half.value)
    try third.restore(second.snapshot(), steps: 2, source: "test")
    for _ in 0..<2 { step(resumed, third) }
    #expect(resumed.value.values == whole.value.values)
  }

  /// Four weights, and an optimizer for them.
  private func weights() -> (Parameter, AdamW) {
    let store = ParameterStore(random: RandomStream(seed: 3))
    let parameter = store.root.parameter("p", [4], .normal(1))
    return (parameter, AdamW([ParameterGroup([parameter], learningRate: 0.1, weightDecay: 0.1)]))
  }

  @Test func `a step in parts is the step along the sum of their gradients`() throws {
    let slopes = [Tensor([1, -2, 4, 0.5], [4]), Tensor([0.5, 8, -1, 0.25], [4])]
    let (whole, first) = weights()
    let (parted, second) = weights()
    for _ in 0..<3 {
      let expected = sum(whole.value * slopes[0]) + sum(whole.value * slopes[1])
      let loss = try first.step(of: "whole", clipping: 1, rateFactor: 0.5) { _ in expected }
      #expect(loss == expected.item)
      let found = try second.step(of: "parts", parts: 2, clipping: 1, rateFactor: 0.5) {
        sum(parted.value * slopes[$0])
      }
      #expect(abs(found - loss) <= 1e-6 * abs(loss))  // added in another place
    }
    #expect(parted.value.values == whole.value.values && second.steps == 3)
  }

  @Test func `a loss that is not finite ends the step before anything changes`() throws {
    let (parameter, optimizer) = weights()
    let before = parameter.value.values
    var calls = 0
    let failure = #expect(throws: Failure.self) {
      try optimizer.step(of: "MoPE", parts: 3, clipping: 1) { part in
        calls += 1
        return sum(parameter.value) * (part == 1 ? .nan : 1)
      }
    }
    #expect(failure?.kind == .runFailed && failure?.description.contains("MoPE: the loss is nan at step 0") == true)
    #expect(calls == 2 && optimizer.steps == 0 && parameter.value.values == before)
  }

  @Test func `a schedule rises, falls and steps where it should`() {
    let steps = Schedule.multiStep(epochs: [3, 5], factor: 0.4)
    #expect(steps.factor(epoch: 2, step: 0) == 1)
    #expect(steps.factor(epoch: 3, step: 0) == 0.4)
    #expect(abs(steps.factor(epoch: 9, step: 0) - 0.16) < 1e-7)
    let cosine = Schedule.cosine(steps: 110, warmUp: 10)
    #expect(cosine.factor(epoch: 0, step: 4) == 0.5)
    #expect(cosine.factor(epoch: 0, step: 10) == 1)
    #expect(abs(cosine.factor(epoch: 0, step: 60) - 0.5) < 1e-7)
    #expect(abs(cosine.factor(epoch: 0, step: 110)) < 1e-7)
  }

  @Test func `batch norm equals PyTorch's in training and evaluation, running statistics included`() throws {
    let file = try Fixture("batch_norm").file("case.safetensors")
    let store = ParameterStore(random: RandomStream(seed: 0))
    let norm = BatchNorm(17, store.root)
    norm.weight.value.overwrite(with: try file.require("initial.weight"))
    norm.bias.value.overwrite(with: try file.require("initial.bias"))
    norm.runningMean.update(try file.require("initial.running_mean"))
    norm.runningVariance.update(try file.require("initial.running_var"))
    let modes: [(String, Mode)] = [
      ("training.0", .training(RandomStream(seed: 0))), ("training.1", .training(RandomStream(seed: 0))),
      ("evaluation", .evaluation),
    ]
    for (name, mode) in modes {
      let x = try file.require("\(name).input").variable
      let y = norm(x, mode)
      let gradients = y.backward(try file.require("\(name).cotangent"))
      let found: [(String, Tensor?)] = [
        ("output", y.detached), ("grad.input", gradients[x]), ("grad.weight", gradients[norm.weight]),
        ("grad.bias", gradients[norm.bias]), ("running_mean", norm.runningMean.value),
        ("running_var", norm.runningVariance.value),
      ]
      for (what, tensor) in found {
        let error = try #require(largestDifference(tensor, try file.require("\(name).\(what)")))
        // Sums over the batch in another order, divided by a deviation.
        #expect(error <= 1e-5, "\(name), \(what)")
      }
    }
  }
}
