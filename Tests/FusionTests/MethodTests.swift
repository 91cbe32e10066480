import Autograd
import Determinism
import Fusion
import NN
import TestSupport
import Testing

/// What holds for every method.
@Suite struct MethodTests {
  /// But for a bias in front of a batch norm, which takes it out again: its gradient is rounding alone.
  @Test(arguments: MethodCase.all)
  func `a step changes every trainable tensor and no other`(_ method: MethodCase) throws {
    let model = try method.model()
    let before = model.store.parameters.map(\.value.values)
    takeStep(model)
    for (parameter, old) in zip(model.store.parameters, before)
    where parameter.name != "mope.mapper.down.bias" {
      #expect(
        (parameter.value.values != old) == parameter.isTrainable,
        "\(parameter.name), trainable: \(parameter.isTrainable)")
    }
  }

  @Test(arguments: MethodCase.all)
  func `what trains is what the method says`(_ method: MethodCase) throws {
    let names = try method.model().store.trainable.map { parameter in
      let parts = parameter.name.split(separator: ".")
      let layer = ["weight", "bias"].contains(parts.last) ? parts.dropLast() : parts[...]
      return layer.prefix(2).joined(separator: ".")
    }
    #expect(Set(names) == method.trains)
  }

  /// Bit for bit: every operation works on rows or samples one by one, and how it is cut depends on shapes alone.
  @Test(arguments: MethodCase.all)
  func `in evaluation other samples of the batch change no bit of a sample's output`(
    _ method: MethodCase
  ) throws {
    let model = try method.model()
    let fixed = Sample(seed: 5, words: 4)
    let others = [11, 12, 13, 14].map { Sample(seed: $0, words: 6) }
    let strangers = [21, 22, 23, 24].map { Sample(seed: $0, words: 6) }
    let first = model(Batch([others[0], fixed] + others[1...]), .evaluation).logits
    let second = model(Batch([strangers[0], fixed] + strangers[1...]), .evaluation).logits
    #expect(first.slice(1..<2).values == second.slice(1..<2).values)
    #expect(first.slice(0..<1).values != second.slice(0..<1).values)
  }

  /// Not bit for bit: alone, matrix products have fewer rows and texts no padding, so sums are taken in another
  /// order. Measured: 9e-7 at most.
  @Test(arguments: MethodCase.all)
  func `in evaluation a sample alone gives what it gives in a batch`(_ method: MethodCase) throws {
    let model = try method.model()
    let samples = (0..<5).map { Sample(seed: UInt64(30 + $0), words: 2 + $0) }
    let together = model(Batch(samples), .evaluation).logits
    for (i, sample) in samples.enumerated() {
      let alone = model(Batch([sample]), .evaluation).logits
      let error = try #require(largestDifference(alone, together.slice(i..<i + 1)))
      #expect(error <= reorderingTolerance, "sample \(i)")
    }
  }

  @Test(arguments: MethodCase.all)
  func `a restored model gives the same bits`(_ method: MethodCase) throws {
    let model = try method.model()
    takeStep(model)
    let batch = Batch.random(5, seed: 3)
    let expected = model(batch, .evaluation).logits.values
    let other = try method.model()
    takeStep(other, batch: .random(6, seed: 2), step: 1)
    #expect(other(batch, .evaluation).logits.values != expected)
    try other.store.restore(model.store.snapshot(), source: "snapshot")
    #expect(other(batch, .evaluation).logits.values == expected)
  }

  @Test(arguments: MethodCase.all)
  func `the same seed gives the same model, another seed another`(_ method: MethodCase) throws {
    let batch = Batch.random(3)
    func logits(seed: UInt64) throws -> Tensor {
      let model = try method.model(seed: seed)
      return model(batch, .evaluation).logits
    }
    let first = try logits(seed: 7)
    #expect(first.shape == [3, 3])
    #expect(try logits(seed: 7).values == first.values)
    #expect(try logits(seed: 8).values != first.values)
  }
}
