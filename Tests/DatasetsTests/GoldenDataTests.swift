import Datasets
import Determinism
import Testing

/// Recorded with Cairo 1.16.0. A change here means that every stand-in result has to be made again.
@Suite struct GoldenDataTests {
  @Test(arguments: [
    (
      SNLIVEStandIn() as any Dataset, Split.train,
      "c837fa9f2eeedfeb71f04f8caf0cfca49b01f18f923acdb7c2034232f27d4100"
    ),
    (FoodStandIn(), .test, "3c59b93b317fb7a8eb54c7c90cd51bc48c91dd00f50e0d99b61ff80666be0d64"),
    (IMDBStandIn(), .test, "c88e47c4854179da73151be2faf77fbcd5866950fe975b2e5b2b332a1ca0a1e8"),
    (
      ReferringStandIn(.refCOCO), .testA,
      "1117ce5c33f1a8c81fb91fcdda15ab49d5ef1de0650e6861060d37db55ee66c3"
    ),
    (
      ReferringStandIn(.refCOCOPlus), .validation,
      "324e1e81996478575cb89e7810b9914cfb9d5355b10735e7882c137e35916467"
    ),
    (VQAStandIn(), .train, "a97cb8e27449606a06e1d40d59ad8be8be520bf1b0236a143676473e7deece50"),
    (MUStARDStandIn(), .train, "e2d98d28f3b6fb99b0cb002406ba4901c557dc25daf4f74b7bae9bc36c479a7c"),
    (
      VisionPretrainingSet(), .train,
      "1f45573dec67b743da1d2e5547590edd80b73b3c524be3e529b1a82719d55115"
    ),
  ]) func `examples have not changed by a bit since they were recorded`(
    dataset: any Dataset, split: Split, hash: String
  ) throws {
    let prepared = try PreparedSplit(dataset, split, tokenizer: WordVocabulary.standIns, limit: 8)
    #expect(prepared.contentHash == hash, "\(dataset.name)")
  }

  @Test func `the corpus and the vocabulary have not changed since they were recorded`() {
    var hash = ContentHash()
    for text in TextPretrainingSet(countOf: { _ in 20 }).tokens() { hash.update(text) }
    #expect(hash.finish() == "44dbef083a18db7721f640c3daefaf9e2724434065d1381916e06d26c917a7e5")
    #expect(WordVocabulary.standIns.count == 245)
    #expect(
      ContentHash.of(WordVocabulary.standIns.tokens.joined(separator: " "))
        == "2e9f1a7eca2b003396b31fb95a6d22f73792cb9ace73bf08d1b114c792f084ee")
  }
}
