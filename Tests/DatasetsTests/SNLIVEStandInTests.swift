import Datasets
import Determinism
import Testing

@Suite struct SNLIVEStandInTests {
  private static let examples = (0..<600).map { SNLIVEStandIn().example($0, of: .train) }

  @Test func `an example does not depend on the size of the set`() {
    let small = SNLIVEStandIn(sizes: SplitSizes(train: 10, validation: 0, test: 0))
    for index in 0..<10 {
      #expect(small.example(index, of: .train) == Self.examples[index])
    }
  }

  @Test func `splits and data seeds give different examples`() {
    let first = Self.examples[0]
    #expect(SNLIVEStandIn().example(0, of: .test) != first)
    #expect(SNLIVEStandIn().example(0, of: .validation) != first)
    #expect(SNLIVEStandIn(dataSeed: 2).example(0, of: .train) != first)
  }

  @Test func `the three classes are equally frequent`() {
    for label in 0..<3 {
      let count = Self.examples.count { $0.label == .class(label) }
      // Binomial: mean 200, standard deviation 11.5.
      #expect(abs(count - 200) < 46)
    }
  }

  @Test func `the label follows from scene, subject and predicate`() {
    for example in Self.examples {
      let scene = example.attribute("scene")?.split(separator: ", ").map(String.init) ?? []
      let subject = "\(example.attribute("colour") ?? "") \(example.attribute("shape") ?? "")"
      let present = scene.contains(subject)
      let visible = example.attribute("predicate") == "visible"
      #expect((2...3).contains(scene.count))
      let expected = present ? (visible ? 1 : 2) : 0
      #expect(example.label == .class(expected))
    }
  }

  @Test func `contradictions have predicates of both kinds equally often`() {
    let contradictions = Self.examples.filter { $0.label == .class(0) }
    let visible = contradictions.count { $0.attribute("predicate") == "visible" }
    // Binomial with n ≈ 200: standard deviation 7.
    #expect(abs(visible * 2 - contradictions.count) < 56)
  }

  @Test func `the sentence names the subject and its predicate`() {
    for example in Self.examples {
      let words = splitWords(example.text ?? "")
      #expect(words.contains(example.attribute("colour") ?? "-"))
      #expect(words.contains(example.attribute("shape") ?? "-"))
      #expect(words.count <= 12 && words.count >= 5)
    }
  }
}
