import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

private func model(_ change: (inout MoPEConfiguration) -> Void = { _ in }) throws -> MoPE {
  try MoPE(
    configured(change), main: visionPlan(), complementary: textPlan(prompts: 4), outputs: 3,
    random: RandomStream(seed: 7))
}

/// Rows of a `[B, k]` tensor.
private func rows(_ x: Tensor) -> [[Float]] {
  (0..<x.shape2.0).map { x.slice($0..<$0 + 1).values }
}

@Suite struct RoutingTests {
  let batch = Batch.random(5)

  /// A softmax of 16 floats sums to one within a few of their roundings, 6e-8 each.
  @Test(arguments: [RouterKind.unimodal, .multimodal])
  func `routing rows are not negative and sum to one`(_ kind: RouterKind) throws {
    let routing = try model { $0.router = kind }(batch, training()).routing
    #expect(routing.count == Sizes.tinyViT.layers)
    for block in routing {
      #expect(block.weights.shape == [5, 16])
      for row in rows(block.weights) {
        #expect(row.allSatisfy { $0 >= 0 })
        #expect(abs(row.reduce(0, +) - 1) <= 1e-6)
      }
      #expect(block.weights.values == block.scores.values)
    }
  }

  @Test func `top-1 keeps the largest score, the hard variant puts 1 there`() throws {
    let soft = try model { $0.gating = .topOne }(batch, .evaluation).routing
    let hard = try model { $0.gating = .topOneHard }(batch, .evaluation).routing
    for (soft, hard) in zip(soft, hard) {
      for (scores, weights) in zip(rows(soft.scores), rows(soft.weights)) {
        #expect(weights.filter { $0 != 0 } == [scores.max()])
      }
      for (scores, weights) in zip(rows(hard.scores), rows(hard.weights)) {
        #expect(weights.filter { $0 != 0 } == [1])
        #expect(weights.firstIndex(of: 1) == scores.firstIndex(of: scores.max() ?? .nan))
      }
    }
  }

  @Test func `through a kept gate the router learns, through a hard one it does not`() throws {
    for (gating, learns) in [(Gating.dense, true), (.topOne, true), (.topOneHard, false)] {
      let model = try model { $0.gating = gating }
      let gradients = takeStep(model)
      for block in 0..<Sizes.tinyViT.layers {
        for part in ["own.weight", "own.bias", "cross.weight", "cross.bias"] {
          let parameter = try #require(model.store.named("mope.router.\(block).\(part)"))
          let size = gradients[parameter]?.sumOfSquares ?? 0
          #expect((size > 0) == learns, "\(gating), \(parameter.name)")
        }
      }
    }
  }

  @Test func `learned keys get a gradient, frozen keys get none and stay`() throws {
    for learns in [true, false] {
      let model = try model { $0.learnsKeys = learns }
      let keys = try #require(model.store.named("mope.router.1.keys"))
      let old = keys.value.values
      let gradients = takeStep(model)
      #expect(keys.isTrainable == learns)
      #expect((gradients[keys] != nil) == learns)
      #expect((keys.value.values != old) == learns)
    }
  }

  /// Orthonormalised in double and stored as floats: a few roundings of 6e-8 in sums of at most 16 products.
  @Test(arguments: [4, 10, 16])
  func `keys are orthonormal along their shorter side`(_ experts: Int) throws {
    let model = try model { $0.experts = experts }
    let keys = try #require(model.store.named("mope.router.0.keys")).value  // [10, k]
    let across = experts <= 10 ? keys.transposed(1, 0) : keys
    let products = matmul(across, across, transposingB: true)
    let n = min(10, experts)
    #expect(products.shape == [n, n])
    for (i, value) in products.values.enumerated() {
      #expect(abs(value - (i / n == i % n ? 1 : 0)) <= 1e-6)
    }
  }

  @Test func `a unimodal router sees the text alone, a multimodal router also the image`() throws {
    let texts = (0..<4).map { Sample(seed: UInt64($0)) }
    let images = (10..<14).map { Sample(seed: UInt64($0)) }
    let exchanged = zip(texts, images).map { Sample(image: $1.image, text: $0.text) }
    for (kind, same) in [(RouterKind.unimodal, true), (.multimodal, false)] {
      let model = try model { $0.router = kind }
      let first = model(Batch(texts), .evaluation).routing
      let second = model(Batch(exchanged), .evaluation).routing
      for (a, b) in zip(first, second).dropFirst() {
        #expect((a.scores.values == b.scores.values) == same)
      }
    }
  }

  @Test func `routing noise is drawn in training and never in evaluation`() throws {
    let model = try model {
      $0.dropsPrompts = .none
      $0.experts = 4
      $0.router = .unimodal
      $0.mapperNorm = .frozenStatistics
    }
    func scores(_ mode: Mode) -> [Float] { model(batch, mode).routing[0].scores.values }
    #expect(scores(.evaluation) == scores(.evaluation))
    #expect(scores(training(1)) == scores(training(1)))
    #expect(scores(training(1)) != scores(training(2)))
    #expect(scores(training(1)) != scores(.evaluation))
  }
}

@Suite struct ImportanceLossTests {
  @Test(arguments: [2, 3, 4, 16])
  func `uniform routing has no loss`(_ experts: Int) {
    let uniform = Tensor.full([8, experts], 1 / Float(experts))
    #expect(importanceLoss(uniform, threshold: 0).item == 0)
  }

  /// CV² = k for one expert that takes all, with the unbiased deviation: var = B²/k, mean² = B²/k².
  @Test(arguments: [2, 3, 4, 16])
  func `one expert that takes all costs k`(_ experts: Int) {
    let rows = (0..<8).flatMap { _ in (0..<experts).map { $0 == 1 ? Float(1) : 0 } }
    let loss = importanceLoss(Tensor(rows, [8, experts]), threshold: 0.1)
    #expect(abs(loss.item - Float(experts)) <= 1e-6 * Float(experts))
  }

  @Test func `a single expert has no loss`() {
    #expect(importanceLoss(.full([4, 1], 1), threshold: 0).item == 0)
  }

  @Test func `up to the threshold there is neither loss nor gradient, above there are both`() throws {
    // Sums 2.2 and 1.8: CV² = 2 · 0.2² / 2² = 0.02
    let weights = Tensor([0.6, 0.4, 0.5, 0.5, 0.6, 0.4, 0.5, 0.5], [4, 2]).variable
    let below = importanceLoss(weights, threshold: 0.021)
    #expect(below.item == 0)
    #expect(below.backward()[weights] == nil)
    let above = importanceLoss(weights, threshold: 0.019)
    #expect(abs(above.item - 0.02) <= 1e-7)
    let gradient = try #require(above.backward()[weights]).values
    // Of 2(s₁−s₂)²/(s₁+s₂)² by s₁ and s₂: ±4 · 0.4 / 4² − 4 · 0.4² / 4³
    for (i, value) in gradient.enumerated() {
      #expect(abs(value - (i % 2 == 0 ? 0.09 : -0.11)) <= 1e-6)
    }
  }
}

@Suite struct MapperTests {
  @Test func `blocks share an up-projection per width or per count`() {
    let swin = FrozenWidths.swinBase.blockWidths
    #expect(MapperSharing.perWidth.groups(swin).last == 3)
    #expect(MapperSharing.perWidth.groups([8, 8, 16, 16]) == [0, 0, 1, 1])
    #expect(MapperSharing.perWidth.groups([8, 8, 8]) == [0, 0, 0])
    #expect(
      MapperSharing.perBlocks(4).groups([Int](repeating: 8, count: 10)) == [
        0, 0, 0, 0, 1, 1, 1, 1, 2, 2,
      ])
    #expect(MapperSharing.perBlocks(2).groups([8, 8, 8, 16]) == [0, 0, 1, 2])
  }

  @Test func `running statistics move in training with a batch norm, never with frozen statistics`()
    throws
  {
    for (norm, moves) in [(MapperNorm.batch, true), (.frozenStatistics, false)] {
      let model = try model { $0.mapperNorm = norm }
      let before = model.store.buffers.map(\.value.values)
      #expect(before.count == 2)
      _ = model(Batch.random(4), .evaluation)
      #expect(model.store.buffers.map(\.value.values) == before)
      _ = model(Batch.random(4), training())
      #expect((model.store.buffers.map(\.value.values) != before) == moves)
    }
  }
}
