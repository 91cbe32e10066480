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
