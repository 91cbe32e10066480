import Determinism
import Foundation

/// The tokenizer whose files a folder in the Hugging Face layout holds.
///
/// `tokenizer.json` decides if it is there; otherwise `vocab.txt` makes a WordPiece tokenizer, and
/// `vocab.json` with `merges.txt` a byte-level one. `tokenizer_config.json` names the class and
/// options.
/// - Throws: `Failure(.missingInput)` if files are missing, `.badInput` that names file and entry
///   if they are broken, contradict each other, or ask for what is not supported.
public func loadTokenizer(folder: String) throws -> any Tokenizer {
  try TokenizerFolder(path: folder).load()
}

struct TokenizerFolder {
  let path: String

  func load() throws -> any Tokenizer {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { throw Failure(.missingInput, "\(path): no such folder; expected a tokenizer's files") }
    let configuration = TokenizerConfiguration(
      has("tokenizer_config.json") ? try file("tokenizer_config.json").json() : nil)
    if has("tokenizer.json") {
      return try tokenizer(file("tokenizer.json").json(), configuration)
    }
    if has("added_tokens.json") {
      throw Failure(
        .badInput,
        "\(path)/added_tokens.json: tokens beside the vocabulary are read only from "
          + "tokenizer.json; save the tokenizer in that form")
    }
    if has("vocab.txt") { return try wordPiece(configuration) }
    if has("vocab.json") || has("merges.txt") { return try byteLevel(configuration) }
    throw Failure(
      .missingInput,
      "\(path): expected tokenizer.json, vocab.txt, or vocab.json and merges.txt; found none"
    )
  }

  // MARK: Separate vocabulary files

  private func wordPiece(_ configuration: TokenizerConfiguration) throws -> WordPieceTokenizer {
    let supported = ["BertTokenizer", "DistilBertTokenizer"]
    if let name = try configuration.className(), !supported.contains(name) {
      throw unsupportedClass(name, supported, vocabulary: "vocab.txt")
    }
    try configuration.requireDefault("do_basic_tokenize", true)
    let vocabulary = try Vocabulary(lines: file("vocab.txt"))
    try configuration.requireAddedTokens(in: vocabulary)
    let lowercases = try configuration.bool("do_lower_case")
    if lowercases == nil, let token = vocabulary.firstCased {
      throw Failure(
        .badInput,
        "\(vocabulary.file): has the upper-case token \"\(token)\", but nothing says whether text "
          + "is lower-cased; set do_lower_case in tokenizer_config.json")
    }
    let normalizer = BertNormalizer(
      spacesChinese: try configuration.bool("tokenize_chinese_chars") ?? true,
      stripsAccents: try configuration.bool("strip_accents") ?? lowercases ?? true,
      lowercases: lowercases ?? true)
    return try WordPieceTokenizer(
      vocabulary: vocabulary,
      special: SpecialTokens(configuration.names(.bert), in: vocabulary), normalizer: normalizer)
  }

  private func byteLevel(_ configuration: TokenizerConfiguration) throws -> ByteLevelBPETokenizer {
    let vocabulary = try Vocabulary(file("vocab.json").json())
    try configuration.requireAddedTokens(in: vocabulary)
    try configuration.requireDefault("add_bos_token", false)
    let framed = ["RobertaTokenizer", "LongformerTokenizer", "BartTokenizer"]
    let isFramed: Bool
    switch try configuration.className() {
    case "GPT2Tokenizer": isFramed = false
    case let name? where framed.contains(name): isFramed = true
    case let name?:
      throw unsupportedClass(name, ["GPT2Tokenizer"] + framed, vocabulary: "vocab.json")
    case nil: isFramed = ["<s>", "</s>"].allSatisfy { vocabulary[Array($0.utf8)] != nil }
    }
    var names = try configuration.names(isFramed ? .roberta : .gpt2)
    if !isFramed, try configuration.token("pad_token") == nil {
      names.pad = try configuration.token("eos_token") ?? names.pad  // masked anyway
    }
    return try ByteLevelBPETokenizer(
      vocabulary: vocabulary, merges: MergeList(lines: file("merges.txt")),
      special: SpecialTokens(names, in: vocabulary),
      addsPrefixSpace: configuration.bool("add_prefix_space") ?? false)
  }

  private func unsupportedClass(
    _ name: String, _ supported: [String], vocabulary: String
  ) -> Failure {
    Failure(
      .badInput,
      "\(path)/tokenizer_config.json: tokenizer_class: expected "
        + "\(supported.joined(separator: ", ")) for \(vocabulary), found \"\(name)\"")
  }

  // MARK: tokenizer.json

  private func tokenizer(
    _ json: JSONEntry, _ configuration: TokenizerConfiguration
  ) throws -> any Tokenizer {
    let model = try json.required("model")
    let vocabulary = try Vocabulary(model.required("vocab"))
    let special = try SpecialTokens(
      json: json, in: vocabulary, unknown: model.optional("unk_token")?.string(),
      pad: configuration.token("pad_token"))
    switch try model.optional("type")?.string() {
    case "WordPiece":
      try requireType(json.required("pre_tokenizer"), "BertPreTokenizer")
      return try WordPieceTokenizer(
        vocabulary: vocabulary, special: special,
        normalizer: normalizer(json.required("normalizer"), configuration),
        continuationPrefix: model.required("continuing_subword_prefix").string(),
        longestWord: Int(model.required("max_input_chars_per_word").id()))
    case "BPE", nil:
      return try byteLevel(json, model, vocabulary, special, configuration)
    default: throw try model.required("type").failure("WordPiece or BPE")
    }
  }

  private func normalizer(
    _ json: JSONEntry, _ configuration: TokenizerConfiguration
  ) throws -> BertNormalizer {
    try requireType(json, "BertNormalizer")
    let lowercases = try json.required("lowercase").bool()
    try configuration.check("do_lower_case", lowercases, in: json.required("lowercase"))
    return BertNormalizer(
      cleansText: try json.required("clean_text").bool(),
      spacesChinese: try json.required("handle_chinese_chars").bool(),
      stripsAccents: try json.optional("strip_accents")?.bool() ?? lowercases,
      lowercases: lowercases)
  }

  private func byteLevel(
    _ json: JSONEntry, _ model: JSONEntry, _ vocabulary: Vocabulary, _ special: SpecialTokens,
    _ configuration: TokenizerConfiguration
  ) throws -> ByteLevelBPETokenizer {
    if let normalizer = try json.optional("normalizer") { throw normalizer.failure("null") }
    let preTokenizer = try json.required("pre_tokenizer")
    try requireType(preTokenizer, "ByteLevel")
    if let usesWords = try preTokenizer.optional("use_regex"), try !usesWords.bool() {
      throw usesWords.failure("true")
    }
    if let dropout = try model.optional("dropout"), dropout.value != .number(0) {
      throw dropout.failure("null (dropout of merges is not supported)")
    }
    for name in ["byte_fallback", "ignore_merges"] {
      if let entry = try model.optional(name), try entry.bool() { throw entry.failure("false") }
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let entry = try model.optional(name), entry.value != .string("") {
        throw entry.failure("\"\" or null")
      }
    }
    let prefixSpace = try preTokenizer.required("add_prefix_space")
    try configuration.check("add_prefix_space", prefixSpace.bool(), in: prefixSpace)
    return try ByteLevelBPETokenizer(
      vocabulary: vocabulary, merges: MergeList(model.required("merges")), special: special,
      addsPrefixSpace: prefixSpace.bool())
  }

  private func requireType(_ entry: JSONEntry, _ expected: String) throws {
    let type = try entry.required("type")
    guard try type.string() == expected else { throw type.failure("\"\(expected)\"") }
  }

  // MARK: Files

  private func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(path)/\(name)")
  }

  private func file(_ name: String) throws -> TextFile { try TextFile("\(path)/\(name)") }
}

extension Vocabulary {
  /// The first token with an ASCII capital that is not in brackets, such as `[CLS]`.
  fileprivate var firstCased: String? {
    entries.first { $0.token.first != UInt8(ascii: "[") && $0.token.contains { 0x41...0x5A ~= $0 } }
      .map { String(decoding: $0.token, as: UTF8.self) }
  }
}
