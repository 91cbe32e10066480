import Datasets
import Foundation
import Fusion
import Testing
import Training

@Suite struct BehaviourTests {
  private func fingerprint(
    _ change: (inout MoPEConfiguration) -> Void = { _ in }, recipe: (inout Recipe) -> Void = { _ in },
    references: Behaviour = Behaviour()
  ) throws -> String {
    var configuration = MoPEConfiguration(in: profile)
    configuration.experts = 4
    change(&configuration)
    let method = Method(configuration)
    var chosen = Recipe.standard(method, on: .snliVE, tier: .mini)
    recipe(&chosen)
    return try references.fingerprint(method, chosen, in: profile)
  }

  private let profile = Tier.mini.profile()

  @Test func `the same code gives the same fingerprint`() throws {
    #expect(try fingerprint() == fingerprint())
  }

  @Test func `what changes a number changes the fingerprint`() throws {
    let base = try fingerprint()
    #expect(try fingerprint { $0.temperature = 0.11 } != base)
    #expect(try fingerprint { $0.mapperOutputGELU = true } != base)
    #expect(try fingerprint(recipe: { $0.weightDecay = 0.5 }) != base)
    #expect(try fingerprint(recipe: { $0.importanceWeight = 1 }) != base)
  }

  @Test func `accepting today's numbers as references changes no fingerprint`() throws {
    let method = MethodPlan.mope(experts: 4)(at: .mini)
    var references = Behaviour()
    try references.accept(method, .standard(method, on: .snliVE, tier: .mini), in: profile)
    #expect(references.references.count == 1)
    #expect(try fingerprint(references: references) == fingerprint())
  }

  @Test func `the shipped references hold for today's code`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let shipped = try Behaviour.read("\(root)/Golden/behaviour.json")
    for prompts in [
      PromptKinds.fixed, .dynamic, .mapped, [.fixed, .dynamic], [.fixed, .mapped], [.dynamic, .mapped], .all,
    ] {
      let method = MethodPlan.mope(prompts, experts: 16)(at: .mini)
      let recipe = Recipe.standard(method, on: .snliVE, tier: .mini)
      var fresh = Behaviour()
      try fresh.accept(method, recipe, in: profile)
      let name = try #require(fresh.references.keys.first)
      let numbers = try #require(shipped.references[name], "\(name)")
      let today = try #require(fresh.references[name])
      let scale = numbers.map(abs).max() ?? 0
      #expect(numbers.count == today.count)
      // Kernels differ by some 1e-6; the fingerprint allows 1e-4.
      #expect(zip(numbers, today).allSatisfy { abs($0 - $1) <= 1e-4 * scale }, "\(name)")
    }
  }
}
