import Determinism

/// The tokens of a model that stand for no text: unknown, padding, the frame; and all that are
/// recognised when a text spells them out.
struct SpecialTokens: Sendable {
  let unknownId: Int32?
  let padId: Int32
  let frame: TokenFrame
  /// Looked for in the text as it is, before the tokens below.
  let inText: [AddedTokens.Token]
  /// Looked for in the normalised text.
  let inNormalizedText: [AddedTokens.Token]

  /// One more than the largest id here.
  var idCount: Int {
    (inText + inNormalizedText).map { Int($0.id) + 1 }.max() ?? 0
  }

  /// The names a family of models gives its special tokens.
  struct Names: Sendable {
    var unknown: String?
    var pad: String
    /// First and last of a text; nil if the family frames nothing.
    var first: String?
    var last: String?
    var mask: String?
    /// How often `last` stands between the texts of a pair.
    var separatorCount = 1
    var secondTypeId: Int32 = 0
    /// `<mask>` takes the white space before it away.
    var maskStripsLeft = false

    static let bert = Names(
      unknown: "[UNK]", pad: "[PAD]", first: "[CLS]", last: "[SEP]", mask: "[MASK]", secondTypeId: 1
    )
    static let gpt2 = Names(
      unknown: "<|endoftext|>", pad: "<|endoftext|>", separatorCount: 0)
    static let roberta = Names(
      unknown: "<unk>", pad: "<pad>", first: "<s>", last: "</s>", mask: "<mask>", separatorCount: 2,
      maskStripsLeft: true)
  }

  /// For a vocabulary without `tokenizer.json`.
  /// - Throws: `Failure(.badInput)` if a name other than the mask's is not in the vocabulary.
  init(_ names: Names, in vocabulary: Vocabulary) throws {
    func id(_ name: String) throws -> Int32 {
      guard let id = vocabulary[Array(name.utf8)] else {
        throw Failure(
          .badInput,
          "\(vocabulary.file): expected the special token \"\(name)\", found none; if it has "
            + "another name, say so in tokenizer_config.json")
      }
      return id
    }
    let first = try names.first.map { [try id($0)] } ?? []
    let last = try names.last.map { [try id($0)] } ?? []
    self.unknownId = try names.unknown.map(id)
    self.padId = try id(names.pad)
    self.frame = TokenFrame(
      before: first,
      between: [[Int32]](repeating: last, count: names.separatorCount).flatMap { $0 },
      after: last, secondTypeId: names.secondTypeId)
    var inText: [AddedTokens.Token] = []
    for name in [names.unknown, names.pad, names.first, names.last].compactMap({ $0 }) {
      let token = AddedTokens.Token(content: Array(name.utf8), id: try id(name))
      if !inText.contains(token) { inText.append(token) }
    }
    if let mask = names.mask, let id = vocabulary[Array(mask.utf8)] {
      inText.append(.init(content: Array(mask.utf8), id: id, stripsLeft: names.maskStripsLeft))
    }
    self.inText = inText
    self.inNormalizedText = []
  }

  /// From `tokenizer.json`.
  /// - Parameters:
  ///   - unknown: the model's `unk_token`, if it has one.
  ///   - pad: the padding token that `tokenizer_config.json` names, if it does.
  init(json: JSONEntry, in vocabulary: Vocabulary, unknown: String?, pad: String?) throws {
    var inText: [AddedTokens.Token] = []
    var inNormalizedText: [AddedTokens.Token] = []
    for entry in try json.optional("added_tokens")?.elements() ?? [] {
      let content = Array(try entry.required("content").string().utf8)
      let id = try entry.required("id").id()
      if let other = vocabulary[content], other != id {
        throw try entry.required("id").failure("\(other), as in model.vocab")
      }
      if try entry.optional("single_word")?.bool() == true {
        throw try entry.required("single_word").failure("false (whole words are not supported)")
      }
      let token = AddedTokens.Token(
        content: content, id: id, stripsLeft: try entry.optional("lstrip")?.bool() ?? false,
        stripsRight: try entry.optional("rstrip")?.bool() ?? false)
      if try entry.required("normalized").bool() {
        inNormalizedText.append(token)
      } else {
        inText.append(token)
      }
    }
    let added = inText + inNormalizedText
    func id(_ name: String) -> Int32? {
      let content = Array(name.utf8)
      return vocabulary[content] ?? added.first { $0.content == content }?.id
    }
    self.unknownId = try unknown.map { name in
      guard let id = id(name) else {
        throw try json.required("model").required("unk_token").failure("a token of model.vocab")
      }
      return id
    }
    self.frame = try TokenFrame(postProcessor: json.optional("post_processor"))
    let padNames = pad.map { [$0] } ?? ["[PAD]", "<pad>", "<|endoftext|>"]
    let statedPad = try json.optional("padding")?.optional("pad_id")?.id()
    guard let padId = (pad == nil ? statedPad : nil) ?? padNames.lazy.compactMap(id).first else {
      throw Failure(
        .badInput,
        "\(json.file): expected the padding token \(padNames.joined(separator: " or ")), "
          + "found none; name it as pad_token in tokenizer_config.json")
    }
    self.padId = padId
    self.inText = inText
    self.inNormalizedText = inNormalizedText
  }
}

extension TokenFrame {
  /// From `post_processor` of `tokenizer.json`; nil frames nothing.
  init(postProcessor: JSONEntry?) throws {
    guard let postProcessor else {
      self.init(before: [], between: [], after: [], secondTypeId: 0)
      return
    }
    let type = try postProcessor.required("type")
    switch try type.string() {
    case "ByteLevel": self.init(before: [], between: [], after: [], secondTypeId: 0)
    case "BertProcessing": try self.init(postProcessor, separatorCount: 1, secondTypeId: 1)
    case "RobertaProcessing": try self.init(postProcessor, separatorCount: 2, secondTypeId: 0)
    case "TemplateProcessing": try self.init(template: postProcessor)
    default:
      throw type.failure("ByteLevel, BertProcessing, RobertaProcessing or TemplateProcessing")
    }
  }

  /// From members `cls` and `sep`, each a token and its id.
  private init(_ processor: JSONEntry, separatorCount: Int, secondTypeId: Int32) throws {
    func id(_ name: String) throws -> Int32 {
      let entry = try processor.required(name)
      let elements = try entry.elements()
      guard elements.count == 2 else { throw entry.failure("a token and its id") }
      return try elements[1].id()
    }
    let separator = try id("sep")
    self.init(
      before: [try id("cls")], between: [Int32](repeating: separator, count: separatorCount),
      after: [separator], secondTypeId: secondTypeId)
  }

  /// From the pieces of `pair`; those of `single` must be the same without the second text.
  private init(template: JSONEntry) throws {
    let tokens = try template.required("special_tokens")
    func parts(_ name: String) throws -> (ids: [[Int32]], types: [[Int32]]) {
      var ids: [[Int32]] = [[]]
      var types: [[Int32]] = [[]]
      for piece in try template.required(name).elements() {
        if let sequence = try piece.optional("Sequence") {
          let expected = ids.count == 1 ? "A" : "B"
          guard try sequence.required("id").string() == expected else {
            throw try sequence.required("id").failure("\"\(expected)\"")
          }
          types[types.count - 1].append(try sequence.required("type_id").id())
          ids.append([])
          types.append([])
        } else {
          let special = try piece.required("SpecialToken")
          let added = try tokens.required(special.required("id").string()).required("ids")
            .elements().map { try $0.id() }
          ids[ids.count - 1] += added
          types[types.count - 1] += [Int32](
            repeating: try special.required("type_id").id(), count: added.count)
        }
      }
      return (ids, types)
    }
    let single = try parts("single")
    let pair = try parts("pair")
    guard single.ids.count == 2, single.types.allSatisfy({ $0.allSatisfy { $0 == 0 } }) else {
      throw try template.required("single").failure("one text of type 0", found: "another template")
    }
    // types[1] holds what stands between the texts and, last, the second text itself.
    let secondTypes = pair.types.count == 3 ? pair.types[1].suffix(1) + pair.types[2] : []
    guard pair.ids.count == 3, pair.ids[0] == single.ids[0], pair.ids[2] == single.ids[1],
      pair.types[0].allSatisfy({ $0 == 0 }), pair.types[1].dropLast().allSatisfy({ $0 == 0 }),
      let secondTypeId = secondTypes.first, secondTypes.allSatisfy({ $0 == secondTypeId })
    else {
      throw try template.required("pair").failure(
        "the frame of \"single\" around two texts, all up to the second of type 0",
        found: "another template")
    }
    self.init(
      before: pair.ids[0], between: pair.ids[1], after: pair.ids[2], secondTypeId: secondTypeId)
  }
}
