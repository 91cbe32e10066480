import Autograd
import Determinism
import Encoders
import NN
import TestSupport
import Testing

private func normals(_ shape: [Int], seed: UInt64) -> Tensor {
  var random = RandomStream(seed: seed)
  return Tensor((0..<shape.product).map { _ in Float(random.normal()) }, shape)
}

@Suite struct SwinParityTests {
  let fixture = Fixture("swin")

  private func model(_ tuning: Tuning = .full) throws -> (Swin, ParameterStore) {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let scope = tuning.apply(to: store.root).loading(try fixture.file("model.safetensors"))
    let model = Swin(try fixture.configuration(SwinConfiguration.self), scope)
    try store.validate()
    return (model, store)
  }

  @Test func `states of every layer and all gradients equal transformers'`() throws {
    let (model, store) = try model()
    let file = try fixture.file("case.safetensors")
    let images = try file.require("input.pixel_values")
    var states: [Tensor] = []
    let output = model.tokens(images, watching: { states.append($1) })
    // The state before block 2 is the merged one; what block 1 gave is only in the next stage's input.
    for (i, name) in ["hidden.0", "hidden.1", "merged.0", "hidden.3", "hidden.4"].enumerated() {
      let error = try #require(largestDifference(states[i], try file.require(name)))
      #expect(error <= tolerance, "\(name)")
    }
    #expect(states.count == 5)
    let error = try #require(
      largestDifference(output, try file.require("output.last_hidden_state")))
    #expect(error <= tolerance)
    let batch = Batch(size: images.shape[0], images: images)
    let pooled = model.feature(batch, .evaluation, prompts: nil)
    let poolerOutput = try file.require("output.pooler_output")
    #expect(try #require(largestDifference(pooled, poolerOutput)) <= tolerance)
    try expectGradients(output.backward(try file.require("cotangent")), store, file)
  }

  @Test func `the order of prompts does not matter`() throws {
    let (model, _) = try model(.frozen)
    let images = normals([2, 3, 32, 32], seed: 1)
    func feature(_ order: [Int32]) -> Tensor {
      model.feature(Batch(size: 2, images: images), .evaluation) { input in
        let width = model.blockWidths[input.index]
        let prompts = normals([3, 2 * width], seed: UInt64(input.index)).gather(order)
        return prompts.reshaped(3, 2, width).transposed(1, 0, 2)  // [2, 3, C]
      }
    }
    #expect(try #require(largestDifference(feature([2, 0, 1]), feature([0, 1, 2]))) <= tolerance)
  }

  @Test func `prompts of one image do not reach another`() throws {
    let (model, _) = try model(.frozen)
    let images = normals([3, 3, 32, 32], seed: 1)
    func feature(_ rows: Range<Int>) -> Tensor {
      model.feature(Batch(size: rows.count, images: images.slice(rows)), .evaluation) { input in
        let width = model.blockWidths[input.index]
        return normals([3, 2, width], seed: UInt64(input.index)).slice(rows)
      }
    }
    let together = feature(0..<3)
    for b in 0..<3 {
      let error = largestDifference(feature(b..<b + 1), together.slice(b..<b + 1))
      #expect(try #require(error) <= tolerance)
    }
  }

  @Test func `prompts stay where the source gives nil`() throws {
    let (model, _) = try model(.frozen)
    let images = normals([2, 3, 32, 32], seed: 1)
    var carried: [Int] = []
    let start = normals([2, 5, 16], seed: 2).variable
    let output = model.tokens(
      images,
      prompts: { input in
        carried.append(input.carriedPrompts)
        #expect(input.tokens.shape[1] == (input.index < 2 ? 64 : 16) + input.carriedPrompts)
        #expect(largestDifference(mean(input.tokens, axis: 1), input.mean) ?? 1 <= tolerance)
        return input.index == 0 ? start : nil
      })
    #expect(carried == [0, 5, 5, 5])
    #expect(output.shape == [2, 21, 32])
    let gradient = output.backward(.full(output.shape, 1))[start]
    #expect(try #require(gradient).sumOfSquares > 0)
  }

  @Test func `skipped branches change training of a tuned encoder only`() throws {
    let images = normals([2, 3, 32, 32], seed: 1)
    let batch = Batch(size: 2, images: images)
    var configuration = try fixture.configuration(SwinConfiguration.self)
    configuration.dropPath = 0.5
    for tuning in [Tuning.full, .frozen] {
      let store = ParameterStore(random: RandomStream(seed: 0))
      let model = Swin(configuration, tuning.apply(to: store.root))
      let plain = model.feature(batch, .evaluation, prompts: nil)
      let trained = model.feature(batch, .training(RandomStream(seed: 4)), prompts: nil)
      #expect((plain.values == trained.values) == (tuning == .frozen))
    }
  }

  @Test func `sizes that windows do not tile are named`() {
    var configuration = SwinConfiguration.base
    #expect(configuration.contradiction == nil)
    #expect(SwinConfiguration.base384.contradiction == nil)
    configuration.imageSize = 384
    #expect(configuration.contradiction?.contains("windows of 7") ?? false)
    configuration = .base
    configuration.heads = [4, 8]
    #expect(configuration.contradiction?.contains("num_heads") ?? false)
  }
}
