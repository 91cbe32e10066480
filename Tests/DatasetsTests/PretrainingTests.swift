import Datasets
import Determinism
import Testing

@Suite struct PretrainingTests {
  @Test func `vision tags are consistent with each other`() {
    let set = VisionPretrainingSet()
    #expect(set.task.labels.count == 52)
    for index in 0..<200 {
      let tags = set.example(index, of: .train).label.indices
      let pairs = tags.filter { $0 < 36 }
      #expect(Set(pairs.map { 36 + $0 / 6 }) == Set(tags.filter { (36..<42).contains($0) }))
      #expect(Set(pairs.map { 42 + $0 % 6 }) == Set(tags.filter { (42..<48).contains($0) }))
      let counts = tags.filter { $0 >= 48 }.map { $0 - 47 }
      #expect(counts.count == 1 && counts[0] >= pairs.count)
    }
  }

  @Test func `a sentence of the corpus is the same whatever the numbers of the other kinds`() {
    let all = TextPretrainingSet()
    let few = TextPretrainingSet(counts: (hypotheses: 2, titles: 3, plots: 1))
    #expect(all.count == 39_000 && few.count == 6)
    #expect(few.sentence(0) == all.sentence(0))
    #expect(few.sentence(2) == all.sentence(15_000))
    #expect(few.sentence(5) == all.sentence(27_000))
  }

  @Test func `the corpus has no unknown word and at most 20 tokens a sentence`() {
    let set = TextPretrainingSet(counts: (hypotheses: 300, titles: 300, plots: 300))
    for text in set.tokens() {
      #expect(!text.contains(Vocabulary.unknown))
      #expect(text.count <= 20)
    }
  }

  @Test func `the bag of words has a one for each distinct word and none for special tokens`() {
    let set = TextPretrainingSet()
    let text = Vocabulary.standIns.encode("a ring is a ring")
    let bag = set.bagOfWords([text, [2, 3]])
    #expect(bag.shape == [2, Vocabulary.standIns.count])
    let expected = ["a", "ring", "is"].map { Int(Vocabulary.standIns.id($0)) }
    #expect(bag.values.indices.filter { bag.values[$0] == 1 } == expected.sorted())
  }
}
