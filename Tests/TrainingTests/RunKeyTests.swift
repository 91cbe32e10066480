import Datasets
import Determinism
import Foundation
import Fusion
import Testing
import Training

@Suite struct RunKeyTests {
  private func run(_ change: (inout TrainingRun) -> Void = { _ in }) -> TrainingRun {
    let method = MethodPlan.mope(experts: 16)(at: .mini)
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
      { $0.method = MethodPlan.mope(experts: 4)(at: .mini) },
      { $0.method = MethodPlan.mope().changing(.text) { $0.prompts = 5 }(at: .mini) },
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
    let prompts = run { $0.method = MethodPlan.mope().changing(.text) { $0.prompts = 5 }(at: .mini) }
    #expect(try key(prompts).changes(from: key(run())) == ["run.method.mope.slots.1.prompts: 4 → 5"])
  }
}

@Suite struct SearchedRatesTests {
  @Test func `every method of the search has a rate that was tried, on every dataset`() {
    let plans: [MethodPlan] = [
      .fineTuned(.vision), .fineTuned(.text), .lateConcat, .sequentialFuse, .mmbt, .prompted(.vision), .prompted(.text),
      .promptedLateConcat, .promptedSequentialFuse, .promptedMMBT, .promptFuse, .blindPrompt, .deepPromptFuse, .pmf,
      .largePMF, .mope(experts: 4), .mope(), .gatedLateFusion, .bilinearLateFusion,
    ]
    for data in [DatasetID.snliVE, .food101, .mmIMDB] {
      let owners = plans.map { $0(at: .mini, on: data).choices.searched(in: Tier.mini.profile(data.descriptor)) }
      #expect(Set(owners).count == plans.count)
      for plan in plans {
        guard case .searched(let factor) = SearchedRates.rate(plan(at: .mini, on: data), on: data, .mini) else {
          Issue.record("\(plan(at: .mini).choices.name): not searched on \(data.rawValue)")
          continue
        }
        #expect(SearchedRates.tried.contains(factor))
      }
    }
  }

  @Test func `ablations of MoPE use its rate, variants of P-SequentialFuse its own, others start anew`() {
    func owner(_ plan: MethodPlan) -> Method { plan(at: .mini).choices.searched(in: Tier.mini.profile()) }
    #expect(owner(.mope([.dynamic, .mapped])) == MethodPlan.mope()(at: .mini))
    #expect(owner(.mope(experts: 2)) == MethodPlan.mope(experts: 4)(at: .mini))
    #expect(owner(.mope(main: .text)) == MethodPlan.mope()(at: .mini))
    #expect(owner(.mope([.fixed, .mapped], length: 54)) == MethodPlan.promptedSequentialFuse(at: .mini))
    #expect(owner(.mope(experts: 2, seeing: .swin)) == MethodPlan.mope(experts: 4, seeing: .swin)(at: .mini))
    let recipe = Recipe.standard(MethodPlan.promptedSequentialFuse(at: .mini), on: .food101, tier: .mini)
    #expect(recipe.learningRate == 8e-3)
    #expect(SearchedRates.rate(MethodPlan.frozenLanguageModel(at: .mini), on: .snliVE, .mini) == .start)
    #expect(SearchedRates.rate(MethodPlan.mope()(at: .mini, on: .vqaV2), on: .vqaV2, .mini) == .start)
  }
}

/// What is stored sparsely must list every property.
@Suite struct CodedFieldTests {
  private func properties(_ value: Any) -> Set<String> { Set(Mirror(reflecting: value).children.compactMap(\.label)) }

  private func check<Value: SparselyCodable>(_ type: Value.Type) {
    let names = Value.codedFields.map(\.name)
    #expect(names.count == Set(names).count, "\(type)")
    #expect(Set(names) == properties(Value()), "\(type)")
  }

  @Test func `every stored property of every method, recipe and choice of data is coded`() {
    for method in fusionMethods { check(method) }
    check(Slot.self)
    check(ReleasedCode.self)
    check(Recipe.self)
    check(DataChoice.self)
  }

  @Test func `kinds of methods are told apart, and every default is read back as it was`() throws {
    #expect(Set(fusionMethods.map { $0.kind }).count == fusionMethods.count)
    for tier in Tier.allCases {
      for data in DatasetCatalogue.all {
        for type in fusionMethods {
          let method = Method(type.init(in: tier.profile(data)))
          let text = try JSONEncoder().encode(method)
          #expect(try JSONDecoder().decode(Method.self, from: text) == method)
          #expect(method.title(in: tier.profile(data)) == method.choices.name)
        }
      }
    }
  }

  @Test func `an unknown kind of method is refused by name`() {
    let text = #"{"mope-2": {}}"#
    #expect { try JSONDecoder().decode(Method.self, from: Data(text.utf8)) } throws: {
      "\($0)".contains("mope-2")
    }
  }
}

@Suite struct MethodPlanTests {
  @Test func `an experiment's choice stays at every tier, also where it is another tier's default`() {
    for tier in [Tier.mini, .paper] {
      let mean = MethodPlan.mope { $0.routingFeature = .mean }(at: tier)
      let cls = MethodPlan.mope { $0.routingFeature = .cls }(at: tier)
      #expect(mean != cls)
      #expect([mean, cls].contains(MethodPlan.mope()(at: tier)))
      let constant = MethodPlan.mope(length: 6) { $0.noise = .constant(1 / 256) }(at: tier, on: .refCOCO)
      let mope = constant.choices as? MoPEConfiguration
      #expect(mope?.noise == .constant(1 / 256) && mope?.length == 6)
    }
  }

  @Test func `prompts of frozen encoders are told from frozen encoders without`() {
    let prompted: [MethodPlan] = [.prompted(.text), .promptedLateConcat, .promptedMMBT, .promptFuse, .pmf, .mope()]
    #expect(prompted.allSatisfy { $0(at: .mini).isPromptTuned })
    for plan in [MethodPlan.gatedLateFusion, .bilinearLateFusion] {
      #expect(plan(at: .mini).leavesEncodersFrozen && !plan(at: .mini).isPromptTuned)
    }
    #expect(!MethodPlan.sequentialFuse(at: .mini).isPromptTuned && !MethodPlan.lateConcat(at: .mini).isPromptTuned)
  }

  @Test func `a title names what departs from the defaults, and nothing else`() {
    func title(_ plan: MethodPlan, _ tier: Tier = .mini, on data: DatasetID = .snliVE) -> String {
      plan(at: tier, on: data).title(in: tier.profile(data.descriptor))
    }
    #expect(title(.mope(experts: 4)) == "MoPE k=4")
    #expect(title(.mope(experts: 4, seeing: .swin)) == "MoPE k=4 (Swin)")
    #expect(title(.mope(experts: 4, seeing: .swin), .paper) == "MoPE k=4")
    #expect(title(.mope(experts: 4, seeing: .vit), .paper) == "MoPE k=4 (ViT)")
    #expect(title(.mope { $0.gating = .topOne }) == "MoPE k=16 (gating topOne)")
    #expect(title(.mope().reading(with: .gpt2, .frozen)) == "MoPE k=16 (GPT-2, text prompts 0)")
    #expect(title(.sequentialFuse, on: .mustard) == "SequentialFuse")
    #expect(title(.mope(main: .audio), on: .mustard) == "MoPE k=16 (audio main)")
    #expect(title(.mope(.fixed, experts: 4)) != title(.mope(.fixed)))
    #expect(title(.largePMF) == "PMF-Large" && title(.lateConcat) == "LateConcat")
  }
}
