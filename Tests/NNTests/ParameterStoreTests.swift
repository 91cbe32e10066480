import Autograd
import Determinism
import NN
import TestSupport
import Testing

/// Tensors held in memory.
private struct MemoryCheckpoint: Checkpoint {
  let source = "memory"
  let tensors: [String: Tensor]
  var names: [String] { tensors.keys.sorted() }
  func tensor(_ name: String) -> Tensor? { tensors[name] }
}

@Suite struct ParameterStoreTests {
  @Test func `a start comes from the seed and the path, so a further layer changes no other`() {
    let one = ParameterStore(random: RandomStream(seed: 5))
    let two = ParameterStore(random: RandomStream(seed: 5))
    let alone = Linear(7, 3, one.root / "head")
    _ = Linear(7, 3, two.root / "other")
    let second = Linear(7, 3, two.root / "head")
    #expect(alone.weight.value.values == second.weight.value.values)
  }

  @Test func `all problems of a checkpoint are told at once, with file, tensor, expected and found`() throws {
    let checkpoint = MemoryCheckpoint(tensors: [
      "dense.weight": .zeros([3, 8]), "extra": .zeros([1]), "norm.weight": Tensor([1, .nan], [2]),
      "norm.bias": .zeros([2]),
    ])
    let store = ParameterStore(random: RandomStream(seed: 0))
    let scope = (store.root / "encoder").loading(checkpoint)
    _ = Linear(7, 3, scope / "dense")
    _ = LayerNorm(2, scope / "norm")
    let failure = #expect(throws: Failure.self) { try store.validate() }
    let message = try #require(failure?.description)
    #expect(failure?.kind == .badInput)
    #expect(message.contains("memory: dense.weight: expected [3, 7], found [3, 8]"))
    #expect(message.contains("memory: dense.bias: missing, expected [3]"))
    #expect(message.contains("memory: norm.weight: holds values that are not finite"))
    #expect(message.contains("memory: extra: unexpected tensor"))
  }

  @Test func `stacked parameters are loaded from their parts`() throws {
    let checkpoint = MemoryCheckpoint(tensors: [
      "query.weight": .full([2, 2], 1), "key.weight": .full([2, 2], 2), "query.bias": .zeros([2]),
      "key.bias": .full([2], 3),
    ])
    let store = ParameterStore(random: RandomStream(seed: 0))
    let layer = Linear(2, 2, stacking: ["query", "key"], (store.root / "attention").loading(checkpoint))
    try store.validate()
    #expect(layer.weight.value.values == [1, 1, 1, 1, 2, 2, 2, 2])
    #expect(layer.bias?.value.values == [0, 0, 3, 3])
    #expect(layer.weight.parts == ["attention.query.weight", "attention.key.weight"])
  }

  @Test func `frozen scopes and bias-only scopes train what they say`() {
    let store = ParameterStore(random: RandomStream(seed: 0))
    _ = Linear(4, 4, (store.root / "a").frozen)
    _ = Linear(4, 4, (store.root / "b").trainingBiasesOnly)
    _ = Linear(4, 4, store.root / "c")
    #expect(store.trainable.map(\.name) == ["b.bias", "c.weight", "c.bias"])
  }

  @Test func `a snapshot is restored bit for bit, and a wrong one changes nothing`() throws {
    func made(_ seed: UInt64) -> ParameterStore {
      let store = ParameterStore(random: RandomStream(seed: seed))
      _ = Linear(5, 3, store.root / "head")
      return store
    }
    let (source, target) = (made(1), made(2))
    try target.restore(source.snapshot(), source: "test")
    #expect(target.trainable.map(\.value.values) == source.trainable.map(\.value.values))

    let before = target.trainable.map(\.value.values)
    let failure = #expect(throws: Failure.self) {
      try target.restore([("head.weight", .zeros([3, 5]))], source: "test")
    }
    #expect(failure?.kind == .badInput)
    #expect(target.trainable.map(\.value.values) == before)
  }

  @Test func `orthogonal starts are orthonormal in their shorter direction`() {
    let store = ParameterStore(random: RandomStream(seed: 0))
    for (rows, columns) in [(10, 4), (10, 16)] {
      let keys = store.root.parameter("keys\(columns)", [rows, columns], .orthogonal, trainable: false)
      let value = rows >= columns ? keys.value.transposed(1, 0) : keys.value
      let product = matmul(value, value, transposingB: true).values
      let n = min(rows, columns)
      for i in 0..<n {
        for j in 0..<n { #expect(abs(product[i * n + j] - (i == j ? 1 : 0)) < 1e-6) }
      }
    }
  }
}
