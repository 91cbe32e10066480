import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

@Suite struct MMBTTests {
  /// BERT on `[CLS] w [SEP] words [SEP]`, with positions that start again behind the first [SEP], for an image that
  /// maps to the vector of word w.
  @Test func `MMBT is BERT on a sentence whose second word is the image`() throws {
    let word: Int32 = 11
    let model = try MMBT(
      MMBTConfiguration(separator: 3), vision: visionPlan(.frozen, Sizes.wideViT), text: textPlan(),
      outputs: 3, random: RandomStream(seed: 9))
    let (_, bert, store) = frozenEncoders(9)
    let projection = try ["weight", "bias"].map {
      try #require(model.store.named("mmbt.projection.\($0)")).value
    }
    projection[0].overwrite(with: .zeros(projection[0].shape))
    projection[1].overwrite(with: bert.wordVectors([word]).reshaped(24))
    let batch = Batch.random(3)
    let found = model(batch, .evaluation).feature

    let table = try #require(
      store.named("text.encoder.embeddings.position_embeddings.weight")
    ).value
    let restarting = (0..<3).map(Int32.init) + (0..<29).map(Int32.init)
    table.overwrite(with: table.gather(restarting))
    let texts = (0..<3).map { Sample(seed: 1000 + UInt64($0), words: 3 + $0 % 4).text }
    let ids = TokenIds(padding: texts.map { [2, word, 3] + $0.dropFirst() }, with: 0)
    let segments = (0..<3).flatMap { _ in (0..<ids.shape.tokens).map { Int32($0 < 3 ? 0 : 1) } }
    let last = bert.tokens(ids, .evaluation, segmentIds: segments, onlyCLS: true)
    let expected = bert.pooled(last)
    #expect((largestDifference(found, expected) ?? .infinity) <= reorderingTolerance)
  }
}
