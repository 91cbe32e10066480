import Text
import Foundation
import Testing

/// Ids made by transformers 5.23 (`Tests/Fixtures/make_tokenizer_fixtures.py` and
/// `make_tokenizer_extremes.py`); equality is exact.
@Suite struct TokenizerTests {
  struct CaseFile: Decodable {
    let cases: [Case]
  }

  struct Case: Decodable {
    let name: String
    let text: String
    let pair: String?
    let max_length: Int?
    let input_ids: [Int32]
    let attention_mask: [Int]
    let token_type_ids: [Int32]?
  }

  @Test(arguments: ["bert", "gpt2", "roberta"])
  func `ids of hard text equal those of transformers`(name: String) throws {
    try expectCases(of: name, with: loadTokenizer(folder: TokenizerFixtures.folder(name)))
  }

  @Test(arguments: ["bert": ["vocab.txt"], "gpt2": ["vocab.json", "merges.txt"]])
  func `vocabulary files alone give the same ids as tokenizer json`(
    name: String, files: [String]
  ) throws {
    let folder = try TemporaryFolder()
    for file in files { try folder.copy(file, from: TokenizerFixtures.folder(name)) }
    try expectCases(of: name, with: loadTokenizer(folder: folder.path))
  }

  @Test(arguments: [nil, "RobertaTokenizer", "LongformerTokenizerFast"])
  func `a byte-level vocabulary with s tokens is framed as RoBERTa's`(className: String?) throws {
    let folder = try TemporaryFolder()
    for file in ["vocab.json", "merges.txt"] {
      try folder.copy(file, from: TokenizerFixtures.folder("roberta"))
    }
    if let className {
      try folder.write("{\"tokenizer_class\": \"\(className)\"}", to: "tokenizer_config.json")
    }
    try expectCases(of: "roberta", with: loadTokenizer(folder: folder.path))
  }

  private func expectCases(of name: String, with tokenizer: any Tokenizer) throws {
    let path = TokenizerFixtures.folder(name) + "/cases.json"
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let cases = try JSONDecoder().decode(CaseFile.self, from: data).cases
    #expect(cases.count > 60)
    for expected in cases {
      let encoding = try tokenizer.encode(
        expected.text, with: expected.pair, maximumLength: expected.max_length)
      let count = expected.attention_mask.reduce(0, +)
      #expect(encoding.ids == Array(expected.input_ids.prefix(count)), "\(name): \(expected.name)")
      #expect(expected.input_ids.dropFirst(count).allSatisfy { $0 == tokenizer.padId })
      #expect(encoding.typeIds.count == encoding.ids.count)
      if let typeIds = expected.token_type_ids {
        #expect(encoding.typeIds == Array(typeIds.prefix(count)), "\(name): \(expected.name)")
      }
    }
  }

  struct RandomCase: Decodable {
    let text: String
    let ids: [String: [Int32]]
  }

  @Test func `ids of random text equal those of transformers`() throws {
    let tokenizers: [(name: String, tokenizer: any Tokenizer)] = [
      ("bert", try loadTokenizer(folder: TokenizerFixtures.folder("bert"))),
      ("bert-cased", try cased()),
      ("gpt2", try loadTokenizer(folder: TokenizerFixtures.folder("gpt2"))),
      ("gpt2-prefix-space", try prefixed()),
      ("roberta", try loadTokenizer(folder: TokenizerFixtures.folder("roberta"))),
    ]
    let data = try Data(contentsOf: URL(fileURLWithPath: TokenizerFixtures.random))
    let cases = try JSONDecoder().decode([RandomCase].self, from: data)
    #expect(cases.count >= 150)
    for expected in cases {
      for (name, tokenizer) in tokenizers {
        let ids = try tokenizer.encode(expected.text).ids
        #expect(ids == expected.ids[name], "\(name): \(expected.text.debugDescription)")
      }
    }
  }

  @Test func `a limit gives the start of the unlimited ids inside the frame`() throws {
    let text = String(repeating: "A café's [MASK] visible, isn't it? <|endoftext|> ", count: 5)
    for name in ["bert", "gpt2", "roberta"] {
      let tokenizer = try loadTokenizer(folder: TokenizerFixtures.folder(name))
      let whole = try tokenizer.encode(text).ids
      let (before, after) = (tokenizer.frame.before.count, tokenizer.frame.after.count)
      for length in (before + after)...(whole.count + 1) {
        let ids = try tokenizer.encode(text, maximumLength: length).ids
        let kept = min(length, whole.count)
        #expect(ids == whole.prefix(kept - after) + whole.suffix(after))
      }
    }
  }

  @Test func `the vocabulary count covers every id`() throws {
    #expect(try loadTokenizer(folder: TokenizerFixtures.folder("bert")).vocabularyCount == 420)
    #expect(try loadTokenizer(folder: TokenizerFixtures.folder("gpt2")).vocabularyCount == 481)
    #expect(try loadTokenizer(folder: TokenizerFixtures.folder("roberta")).vocabularyCount == 485)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a word of 180 000 letters takes no quadratic time`() throws {
    let tokenizer = try loadTokenizer(folder: TokenizerFixtures.folder("gpt2"))
    let letters = String(repeating: "redcircle", count: 20_000)
    // 0.1 s with a queue of merges; a search for the best pair each time takes many minutes.
    let ids = try tokenizer.encode(letters).ids
    let once = try tokenizer.encode("redcircleredcircle").ids
    #expect(ids.prefix(2) == once.prefix(2))
  }

  private func cased() throws -> any Tokenizer {
    let folder = try TemporaryFolder()
    try folder.copy("vocab.txt", from: TokenizerFixtures.folder("bert"))
    try folder.write("{\"do_lower_case\": false}", to: "tokenizer_config.json")
    return try loadTokenizer(folder: folder.path)
  }

  private func prefixed() throws -> any Tokenizer {
    let folder = try TemporaryFolder()
    for file in ["vocab.json", "merges.txt"] {
      try folder.copy(file, from: TokenizerFixtures.folder("gpt2"))
    }
    try folder.write("{\"add_prefix_space\": true}", to: "tokenizer_config.json")
    return try loadTokenizer(folder: folder.path)
  }
}
