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

  @Test func `a hum has one band of each property, and all bands occur`() {
    let set = SoundPretrainingSet()
    #expect(set.task.labels.count == 26)
    var seen: Set<Int> = []
    for index in 0..<300 {
      let example = set.example(index, of: .train)
      let tags = example.label.indices
      let groups = tags.map { tag in [8, 16, 21, 26].count { tag >= $0 } }
      #expect(groups == [0, 1, 2, 3])
      #expect(example.audio?.count == MUStARDStandIn.samples && example.text == nil)
      seen.formUnion(tags)
    }
    #expect(seen == Set(0..<26))
  }

  @Test func `the corpus has its kinds one after another`() {
    let set = TextPretrainingSet { $0 == .hypotheses ? 2 : 1 }
    let vocabulary = WordVocabulary.standIns
    #expect(TextPretrainingSet().count == 48_000 && set.count == 7)
    #expect(set.tokens()[1] == vocabulary.encode(set.sentence(1, .hypotheses)))
    #expect(set.tokens()[2] == vocabulary.encode(set.sentence(0, .titles)))
    #expect(set.tokens()[6] == vocabulary.encode(set.sentence(0, .utterances)))
  }

  @Test func `the corpus has no unknown word and at most 20 tokens a sentence`() {
    for text in TextPretrainingSet(countOf: { _ in 300 }).tokens() {
      #expect(!text.contains(WordVocabulary.unknown))
      #expect(text.count <= 20)
    }
  }

  @Test func `the corpus says every word of the vocabulary`() {
    let said = Set(TextPretrainingSet(countOf: { _ in 2000 }).tokens().joined())
    for id in Int(WordVocabulary.firstWord)..<WordVocabulary.standIns.count {
      #expect(said.contains(Int32(id)), "never said: \(WordVocabulary.standIns.tokens[id])")
    }
  }

  @Test func `the bag of words has a one for each distinct word and none for special tokens`() {
    let set = TextPretrainingSet()
    let text = WordVocabulary.standIns.encode("a ring is a ring")
    let bag = set.bagOfWords([text, [2, 3]])
    #expect(bag.shape == [2, WordVocabulary.standIns.count])
    let expected = ["a", "ring", "is"].map { Int(WordVocabulary.standIns.id($0)) }
    #expect(bag.values.indices.filter { bag.values[$0] == 1 } == expected.sorted())
  }
}
