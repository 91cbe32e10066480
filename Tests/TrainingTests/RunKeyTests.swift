import Determinism
import Foundation
import Fusion
import Testing
import Training

@Suite struct RunKeyTests {
  private func run(_ change: (inout TrainingRun) -> Void = { _ in }) -> TrainingRun {
    let method = Method.mope(.all, experts: 16)
    var run = TrainingRun(
      method: method, data: DataChoice(.snliVE, dataSeed: 1),
      recipe: .standard(method, on: .snliVE, tier: .mini), tier: .mini, seed: 0)
    change(&run)
    return run
  }

  private func key(_ run: TrainingRun) -> RunKey {
    RunKey(run: run, behaviour: "b", encoders: ["vit": "v"], data: "d")
  }

  @Test func `a run is read back equal`() throws {
    let original = run { $0.recipe.epochs = 9 }
    let text = try original.canonicalText()
    let decoded = try JSONDecoder().decode(TrainingRun.self, from: Data(text.utf8))
    #expect(decoded == original)
    #expect(try decoded.canonicalText() == text)
  }

  @Test func `every field decides the key`() throws {
    let base = try key(run()).digest()
    let changes: [(inout TrainingRun) -> Void] = [
      { $0.seed = 1 }, { $0.tier = .smoke }, { $0.data.dataSeed = 2 }, { $0.data.trainLimit = 5 },
      { $0.data.interaction = 0.5 }, { $0.data.judgedOn = "validation" },
      { $0.recipe.learningRate *= 2 }, { $0.recipe.importanceWeight = 0 },
      { $0.method = .mope(.all, experts: 4) }, { $0.method.textPrompts = 5 },
    ]
    let digests = try changes.map { try key(run($0)).digest() }
    #expect(Set(digests + [base]).count == changes.count + 1)
  }

  @Test func `a choice equal to the default is not written`() throws {
    let text = try run().canonicalText()
    #expect(!text.contains("gating"))
    #expect(!text.contains("interaction"))
  }

  @Test func `an unknown field is an error, not ignored`() {
    let text = "{\"expertz\":4}"
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(MoPEConfiguration.self, from: Data(text.utf8))
    }
  }

  @Test func `a changed key names the field, old and new`() throws {
    let changes = try key(run { $0.recipe.epochs = 7 }).changes(from: key(run()))
    #expect(changes == ["run.recipe.epochs: 6 → 7"])
  }
}

@Suite struct SearchedRatesTests {
  @Test func `every method of the search has a rate that was tried, on every dataset`() {
    let methods: [Method] = [
      .fineTuned(.vision), .fineTuned(.text), .lateConcat, .sequentialFuse, .mmbt, .prompted(.vision), .prompted(.text),
      .promptedLateConcat, .promptedSequentialFuse, .promptedMMBT, .promptFuse, .blindPrompt, .deepPromptFuse, .pmf,
      .mope(.all, experts: 4), .mope(.all),
    ]
    #expect(Set(methods.map(\.recipeName)).count == methods.count)
    for method in methods {
      for data in [DataChoice.Name.snliVE, .food101, .mmIMDB] {
        #expect(SearchedRates.tried.contains(SearchedRates.factor(method, on: data)))
      }
    }
    #expect(methods.contains { SearchedRates.factor($0, on: .mmIMDB) != 1 })
  }

  @Test func `ablations of MoPE use its recipe, P-SequentialFuse its own`() {
    #expect(Method.mope([.dynamic, .mapped]).recipeName == "MoPE k=16")
    #expect(Method.mope(.all, experts: 2).recipeName == "MoPE k=4")
    #expect(Method.mope(.all, main: .text).recipeName == "MoPE k=16")
    #expect(Method.mope([.fixed, .mapped], length: 54).recipeName == "P-SequentialFuse")
    let recipe = Recipe.standard(.promptedSequentialFuse, on: .food101, tier: .mini)
    #expect(recipe.learningRate == 8e-3)
  }
}
