import Autograd
import Determinism
import Encoders
import Fusion
import Foundation
import NN
import TestSupport
import Testing

/// The gate and the product against their formulas in double precision.
@Suite struct LateFusionTests {
  /// `W x + b` of the layer of this name.
  private func linear(_ store: ParameterStore, _ name: String, _ x: [Double]) throws -> [Double] {
    let weight = try #require(store.parameters.first { $0.name == "\(name).weight" }).value
    let bias = try #require(store.parameters.first { $0.name == "\(name).bias" }).value.values
    let (rows, columns) = weight.shape2
    require(columns == x.count, "\(name): \(columns) inputs for \(x.count)")
    let w = weight.values
    return (0..<rows).map { i in
      (0..<columns).reduce(Double(bias[i])) { $0 + Double(w[i * columns + $1]) * x[$1] }
    }
  }

  private func features(_ plans: [EncoderPlan], _ batch: Batch, seed: UInt64) -> [[Double]] {
    let store = ParameterStore(random: RandomStream(seed: seed))
    return plans.map { plan in
      Branch(plan, dropout: 0, store.root).feature(batch, .evaluation).values.map(Double.init)
    }
  }

  @Test func `the gate weighs two maps, coordinate by coordinate`() throws {
    let plans = [visionPlan(), textPlan()]
    let model = try GatedLateFusion(plans[0], plans[1], width: 5, outputs: 3, random: RandomStream(seed: 3))
    let batch = Batch.random(1)
    let found = features(plans, batch, seed: 3)
    let gate = try linear(model.store, "gated.gate", found[0] + found[1]).map { 1 / (1 + exp(-$0)) }
    let (a, b) = (
      try linear(model.store, "gated.first", found[0]), try linear(model.store, "gated.second", found[1])
    )
    let mixed = (0..<5).map { gate[$0] * a[$0] + (1 - gate[$0]) * b[$0] }
    let output = model(batch, .evaluation)
    // Float sums of some hundred products of order one.
    for (x, y) in zip(output.feature.values, mixed) { #expect(abs(Double(x) - y) < 1e-5) }
    for (x, y) in zip(output.logits.values, try linear(model.store, "head", mixed)) {
      #expect(abs(Double(x) - y) < 1e-5)
    }
  }

  @Test func `the product is taken coordinate by coordinate`() throws {
    let plans = [visionPlan(), textPlan()]
    let model = try BilinearLateFusion(plans[0], plans[1], rank: 5, outputs: 3, random: RandomStream(seed: 3))
    let batch = Batch.random(1)
    let found = features(plans, batch, seed: 3)
    let product = zip(
      try linear(model.store, "bilinear.first", found[0]), try linear(model.store, "bilinear.second", found[1])
    ).map(*)
    for (x, y) in zip(model(batch, .evaluation).feature.values, product) { #expect(abs(Double(x) - y) < 1e-5) }
  }

  @Test func `without a width both are as wide as the second feature`() throws {
    let random = RandomStream(seed: 3)
    let gated = try GatedLateFusion(visionPlan(), textPlan(), outputs: 3, random: random)
    let bilinear = try BilinearLateFusion(visionPlan(), textPlan(), outputs: 3, random: random)
    for store in [gated.store, bilinear.store] {
      let head = try #require(store.parameters.first { $0.name == "head.weight" })
      #expect(head.shape[1] == Sizes.tinyBERT.width)
    }
  }
}
