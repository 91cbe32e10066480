import Datasets
import Determinism
import NN
import Testing

@Suite struct PreparationTests {
  private let prepared: PreparedSplit
  private let dataset = SNLIVEStandIn()

  init() throws {
    prepared = try PreparedSplit(dataset, .test, tokenizer: WordVocabulary.standIns, limit: 40)
  }

  @Test func `a batch holds normalised planes, padded tokens and classes`() throws {
    let batch = prepared.batch([7, 3, 21])
    let images = try #require(batch.images)
    let text = try #require(batch.text)
    #expect(images.shape == [3, 3, 36, 36])
    #expect(text.shape.batch == 3)
    #expect(text.shape.tokens == [7, 3, 21].map { prepared.tokens[$0].count }.max())
    guard case .classes(let classes) = batch.labels else {
      Issue.record("expected classes")
      return
    }
    let values = images.values
    for (row, index) in [7, 3, 21].enumerated() {
      let example = dataset.example(index, of: .test)
      #expect(example.label == .class(Int(classes[row])))
      let bytes = try #require(example.image).pixels
      for (y, x, channel) in [(0, 0, 0), (35, 35, 2), (4, 30, 1)] {
        let byte = bytes[(y * 36 + x) * 3 + channel]
        let expected = (Float(byte) / 255 - 0.5) / 0.25
        #expect(values[((row * 3 + channel) * 36 + y) * 36 + x] == expected)
      }
    }
  }

  @Test func `a multi-label batch has one where a label holds`() throws {
    let films = IMDBStandIn()
    let prepared = try PreparedSplit(films, .train, tokenizer: WordVocabulary.standIns, limit: 20)
    guard case .multiLabel(let labels) = prepared.batch([4, 11]).labels else {
      Issue.record("expected labels")
      return
    }
    #expect(labels.shape == [2, 23])
    for (row, index) in [4, 11].enumerated() {
      let holds = (0..<23).filter { labels.values[row * 23 + $0] == 1 }
      #expect(films.example(index, of: .train).label == .labels(holds))
    }
  }

  @Test func `the content hash tells data apart and not how much was asked for`() throws {
    let again = try PreparedSplit(dataset, .test, tokenizer: WordVocabulary.standIns, limit: 40)
    #expect(again.contentHash == prepared.contentHash)
    let fewer = try PreparedSplit(dataset, .test, tokenizer: WordVocabulary.standIns, limit: 39)
    #expect(fewer.contentHash != prepared.contentHash)
    let other = try PreparedSplit(
      SNLIVEStandIn(dataSeed: 2), .test, tokenizer: WordVocabulary.standIns, limit: 40)
    #expect(other.contentHash != prepared.contentHash)
  }

  @Test func `an empty split gives an empty set`() throws {
    let empty = try PreparedSplit(dataset, .testA, tokenizer: WordVocabulary.standIns)
    #expect(empty.count == 0)
  }

  @Test func `training batches cover distinct examples and drop the rest`() {
    let order = BatchOrder(count: 70, batchSize: 32)
    let random = RandomStream(seed: 5)
    let batches = order.training(epoch: 0, random)
    #expect(batches.map(\.count) == [32, 32])
    #expect(Set(batches.flatMap { $0 }).count == 64)
    #expect(batches == order.training(epoch: 0, random))
    #expect(batches != order.training(epoch: 1, random))
  }

  @Test func `evaluation visits every example once, in order`() {
    let order = BatchOrder(count: 70, batchSize: 32)
    #expect(order.evaluation.flatMap { $0 } == Array(0..<70))
    #expect(order.evaluation.map(\.count) == [32, 32, 6])
  }

  @Test func `the vocabulary starts with the special tokens and knows every word it gives out`() {
    let vocabulary = WordVocabulary.standIns
    #expect(vocabulary.encode("a zebra") == [2, vocabulary.id("a"), 1, 3])
    #expect(vocabulary.decode([0, 1, 2, 3, 4]) == "[PAD] [UNK] [CLS] [SEP] [MASK]")
    #expect(Set(vocabulary.tokens).count == vocabulary.count)
    for (id, token) in vocabulary.tokens.enumerated().dropFirst(5) {
      #expect(vocabulary.id(token) == Int32(id))
    }
  }

  @Test func `no stand-in uses a word outside the vocabulary`() throws {
    let datasets: [any Dataset] = [
      SNLIVEStandIn(), FoodStandIn(), IMDBStandIn(), ReferringStandIn(.refCOCO),
      ReferringStandIn(.refCOCOPlus), VQAStandIn(), MUStARDStandIn(),
    ]
    for dataset in datasets {
      for index in 0..<300 {
        let text = try #require(try dataset.example(index, of: .train).text)
        #expect(!WordVocabulary.standIns.encode(text).contains(WordVocabulary.unknown))
      }
    }
  }
}
