import Text
import Determinism
import Foundation
import Testing

/// Broken files and what is said about them.
@Suite struct TokenizerTestsErrors {
  private let folder: TemporaryFolder

  init() throws { self.folder = try TemporaryFolder() }

  private func expectFailure(
    _ kind: Failure.Kind, _ parts: String..., location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try loadTokenizer(folder: folder.path)
      Issue.record("expected a failure with \(parts)", sourceLocation: location)
    } catch let failure as Failure {
      #expect(failure.kind == kind, sourceLocation: location)
      for part in parts {
        #expect(failure.description.contains(part), sourceLocation: location)
      }
    } catch { Issue.record(error, sourceLocation: location) }
  }

  private func copy(_ files: String..., from name: String) throws {
    for file in files { try folder.copy(file, from: TokenizerFixtures.folder(name)) }
  }

  private func change(_ name: String, _ old: String, _ new: String) throws {
    let path = "\(folder.path)/\(name)"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old))
    try folder.write(text.replacingOccurrences(of: old, with: new), to: name)
  }

  @Test func `a folder that is not there is missing`() {
    #expect {
      _ = try loadTokenizer(folder: folder.path + "/absent")
    } throws: { ($0 as? Failure)?.kind == .missingInput }
  }

  @Test func `an empty folder is told which files are expected`() {
    expectFailure(.missingInput, "tokenizer.json", "vocab.txt", "merges.txt")
  }

  @Test func `one of two byte-level files is told the other`() throws {
    try copy("vocab.json", from: "gpt2")
    expectFailure(.missingInput, "merges.txt: no such file")
  }

  @Test func `a token that comes twice is named with both ids`() throws {
    try folder.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\nred\nblue\nred\n", to: "vocab.txt")
    expectFailure(.badInput, "vocab.txt", "\"red\" has the ids 4 and 6")
  }

  @Test func `letters that are only canonically equal are two tokens`() throws {
    try folder.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\u{E9}\ne\u{301}\n", to: "vocab.txt")
    #expect(try loadTokenizer(folder: folder.path).vocabularyCount == 6)
  }

  @Test func `a name that comes twice in vocab json is found`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("vocab.json", "{\"!\": 0", "{\"!\": 0, \"!\": 7000")
    expectFailure(.badInput, "vocab.json", "\"!\" has the ids 0 and 7000")
  }

  @Test func `an id that two tokens share is named with both`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("vocab.json", "\"\\\"\": 1,", "\"\\\"\": 0,")
    expectFailure(.badInput, "vocab.json", "\"!\" and \"\"\" share the id 0")
  }

  @Test func `an id that is no whole number is named with its token`() throws {
    try folder.write("{\"a\": 1.5}", to: "vocab.json")
    try folder.write("", to: "merges.txt")
    expectFailure(.badInput, "vocab.json: a: expected a whole number from 0, found 1.5")
  }

  @Test(arguments: ["[UNK]", "[CLS]", "[SEP]", "[PAD]"])
  func `a missing special token is named`(name: String) throws {
    try copy("vocab.txt", from: "bert")
    try change("vocab.txt", "\(name)\n", "[\(name.lowercased())]\n")
    expectFailure(.badInput, "vocab.txt", "\"\(name)\"")
  }

  @Test func `an empty line of vocab txt is named by number`() throws {
    try folder.write("[PAD]\n[UNK]\n\n[CLS]\n[SEP]\n", to: "vocab.txt")
    expectFailure(.badInput, "vocab.txt: line 3")
  }

  @Test func `merges of unknown tokens are named by line`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("merges.txt", "h e\n", "h e\nq zzz\n")
    expectFailure(.badInput, "merges.txt: line 3", "\"zzz\" is not in", "vocab.json")
  }

  @Test func `merges into an unknown token are named by line`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("merges.txt", "h e\n", "h e\nq z\n")
    expectFailure(.badInput, "merges.txt: line 3", "\"qz\" is not in")
  }

  @Test func `a merge of three parts is named by line`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("merges.txt", "h e\n", "h e r\n")
    expectFailure(.badInput, "merges.txt: line 2", "found \"h e r\"")
  }

  @Test func `a merge that comes twice is named by line`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("merges.txt", "h e\n", "h e\nh e\n")
    expectFailure(.badInput, "merges.txt: line 3", "a second time")
  }

  @Test func `a vocabulary without a byte is no byte-level vocabulary`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try change("vocab.json", "\"!\"", "\"!!!!!\"")
    expectFailure(.badInput, "vocab.json", "token \"!\" for byte 33")
  }

  @Test(arguments: [
    ("{\"a\": 1,}", "line 1, column 9: expected a member's name in quotes, found '}'"),
    ("{\n  \"é\" 1}", "line 2, column 7: expected ':', found '1'"),
    ("{\"a\": 01}", "line 1, column 8: expected ',' or '}', found '1'"),
    ("{\"a\": 1", "line 1, column 8: expected ',' or '}', found the end of the file"),
    ("{\"a\": 1} x", "line 1, column 10: expected the end of the file, found 'x'"),
    ("{\"a\": nul}", "line 1, column 7: expected a value, found 'n'"),
    ("{\"\\u12\": 1}", "line 1, column 7: expected four hexadecimal digits, found '\"'"),
    ("{\"\\ud800\": 1}", "line 1, column 9: expected the second \\u"),
    ("{\"\\x\": 1}", "line 1, column 4: expected one of"),
    ("{\"a\nb\": 1}", "line 1, column 4: expected an escape"),
    ("", "line 1, column 1: expected a value, found the end of the file"),
    ("[1, 2]", "vocab.json: expected an object, found an array"),
    (String(repeating: "[", count: 70), "expected at most 64 levels"),
  ])
  func `broken JSON is named by line and column`(text: String, message: String) throws {
    try folder.write(text, to: "vocab.json")
    try folder.write("", to: "merges.txt")
    expectFailure(.badInput, "vocab.json", message)
  }

  @Test func `bytes that are no UTF-8 are objected to`() throws {
    try Data([0x61, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: "\(folder.path)/vocab.txt"))
    expectFailure(.badInput, "vocab.txt: expected UTF-8")
  }

  @Test func `a vocabulary with capitals must say whether text is lower-cased`() throws {
    try folder.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\nThe\n", to: "vocab.txt")
    expectFailure(.badInput, "\"The\"", "do_lower_case")
    try folder.write("{\"do_lower_case\": false}", to: "tokenizer_config.json")
    #expect(try loadTokenizer(folder: folder.path).encode("The [SEP]").ids == [2, 4, 3, 3])
  }

  @Test func `a class of another vocabulary is objected to`() throws {
    try copy("vocab.json", "merges.txt", from: "gpt2")
    try folder.write("{\"tokenizer_class\": \"T5Tokenizer\"}", to: "tokenizer_config.json")
    expectFailure(
      .badInput, "tokenizer_config.json: tokenizer_class", "GPT2Tokenizer", "T5Tokenizer")
  }

  @Test(arguments: [
    ("bert", "\"BertNormalizer\"", "\"NFKC\"", "normalizer.type"),
    ("bert", "\"BertPreTokenizer\"", "\"Whitespace\"", "pre_tokenizer.type"),
    ("bert", "\"type\":\"WordPiece\",\"unk", "\"type\":\"Unigram\",\"unk", "model.type"),
    ("bert", "\"max_input_chars_per_word\":100", "\"unused\":100", "max_input_chars_per_word"),
    (
      "bert", "\"id\":4,\"content\":\"[MASK]\"", "\"id\":9,\"content\":\"[MASK]\"",
      "added_tokens[4].id"
    ),
    ("bert", "\"unk_token\":\"[UNK]\"", "\"unk_token\":\"[unk]\"", "model.unk_token"),
    ("bert", "\"unk_token\":\"[UNK]\"", "\"unk_token\":null", "name unk_token"),
    ("roberta", "\"RobertaProcessing\"", "\"Sequence\"", "post_processor.type"),
    ("roberta", "\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}", "normalizer"),
    ("roberta", "\"single_word\":false", "\"single_word\":true", "added_tokens[0].single_word"),
    ("gpt2", "\"use_regex\":true", "\"use_regex\":false", "pre_tokenizer.use_regex"),
    ("gpt2", "\"ignore_merges\":false", "\"ignore_merges\":true", "model.ignore_merges"),
    ("gpt2", "\"dropout\":null", "\"dropout\":0.1", "model.dropout"),
    ("gpt2", "[\"h\",\"e\"]", "[\"h\",\"e\",\"r\"]", "model.merges[0]"),
  ])
  func `what tokenizer json asks for and we cannot do is named`(
    name: String, old: String, new: String, entry: String
  ) throws {
    try copy("tokenizer.json", from: name)
    try change("tokenizer.json", old, new)
    expectFailure(.badInput, "tokenizer.json", entry)
  }

  @Test func `files that contradict each other are objected to`() throws {
    try copy("tokenizer.json", from: "bert")
    try folder.write("{\"do_lower_case\": false}", to: "tokenizer_config.json")
    expectFailure(.badInput, "tokenizer_config.json: do_lower_case", "normalizer.lowercase")
  }

  @Test func `a limit shorter than the frame is objected to`() throws {
    let tokenizer = try loadTokenizer(folder: TokenizerFixtures.folder("bert"))
    #expect {
      _ = try tokenizer.encode("red", maximumLength: 1)
    } throws: { ($0 as? Failure)?.kind == .configuration }
  }
}
