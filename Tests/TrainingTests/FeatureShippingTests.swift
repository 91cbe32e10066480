import Datasets
import Foundation
import Fusion
import TestSupport
import Testing
import Training

/// What of a run's features is kept, and what is read of them.
@Suite struct FeatureShippingTests {
  private func finished(_ store: RunStore, on data: DatasetID) throws -> FinishedRun {
    let runner = Runner(
      store: store, encoders: EncoderCatalogue(tier: .smoke, folder: nil), behaviour: Behaviour())
    let method = MethodPlan.promptedLateConcat(at: .smoke, on: data)
    let run = TrainingRun(
      method: method, data: DataChoice(data, dataSeed: 1),
      recipe: .standard(method, on: data, tier: .smoke), tier: .smoke, seed: 0)
    return try #require(runner.results([run]) { _, _ in }.first).get()
  }

  @Test func `shipped features are those of the run that was trained`() throws {
    let folder = try temporaryPath("features")
    let store = RunStore(folder: "\(folder)/own", shipped: "\(folder)/shipped")
    let run = try finished(store, on: .food101)
    let own = try #require(try run.features())
    #expect(own.count == 32)
    #expect(Set(own.map(\.count)) == [32])  // two encoders of width 16
    #expect(Set(own.map { $0[0] }).count > 4)
    try store.ship(run, withTensors: true, withFeatures: true)
    let loaded = try #require(
      try RunStore(folder: "\(folder)/none", shipped: "\(folder)/shipped").load(run.record.key))
    #expect(try loaded.features() == own)
  }

  @Test func `features ship only where they are asked for`() throws {
    let folder = try temporaryPath("no-features")
    let store = RunStore(folder: "\(folder)/own", shipped: "\(folder)/shipped")
    let run = try finished(store, on: .food101)
    try store.ship(run, withTensors: true, withFeatures: false)
    let loaded = try #require(
      try RunStore(folder: "\(folder)/none", shipped: "\(folder)/shipped").load(run.record.key))
    #expect(try loaded.features() == nil)
  }

  @Test func `runs on other datasets keep none`() throws {
    let store = RunStore(folder: try temporaryPath("other-features"), shipped: nil)
    #expect(try finished(store, on: .snliVE).features() == nil)
  }
}
