import Determinism

/// What `tokenizer_config.json` says about a vocabulary; nothing, if there is no such file.
struct TokenizerConfiguration: Sendable {
  private let json: JSONEntry?

  /// - Parameter json: the file, or nil.
  init(_ json: JSONEntry?) { self.json = json }

  /// `tokenizer_class` without the `Fast` of its Rust twin.
  func className() throws -> String? {
    let name = try json?.optional("tokenizer_class")?.string()
    return name.map { $0.hasSuffix("Fast") ? String($0.dropLast(4)) : $0 }
  }

  func bool(_ name: String) throws -> Bool? { try json?.optional(name)?.bool() }

  /// A special token's text: a string, or the `content` of an object.
  func token(_ name: String) throws -> String? {
    guard let entry = try json?.optional(name) else { return nil }
    if case .object = entry.value { return try entry.required("content").string() }
    return try entry.string()
  }

  /// The names of a family, with those that the file gives in their place.
  func names(_ family: SpecialTokens.Names) throws -> SpecialTokens.Names {
    var names = family
    names.unknown = try token("unk_token") ?? family.unknown
    names.pad = try token("pad_token") ?? family.pad
    if family.first != nil { names.first = try token("cls_token") ?? family.first }
    if family.last != nil { names.last = try token("sep_token") ?? family.last }
    if family.mask != nil { names.mask = try token("mask_token") ?? family.mask }
    return names
  }

  /// Objects if `tokenizer.json` has `found` where this file says something else.
  func check(_ name: String, _ found: Bool, in other: JSONEntry) throws {
    guard let json, let stated = try bool(name), stated != found else { return }
    throw try json.required(name).failure("\(found), as in \(other.file): \(other.path)")
  }

  /// Objects to what would change ids and is not supported; `name` must be absent, null or `value`.
  func requireDefault(_ name: String, _ value: Bool) throws {
    guard let entry = try json?.optional(name), entry.value != .bool(value) else { return }
    throw entry.failure("\(value) or nothing (another value is not supported)")
  }

  /// Objects to tokens beside the vocabulary, which only `tokenizer.json` can hold.
  func requireAddedTokens(in vocabulary: Vocabulary) throws {
    for (_, entry) in try json?.optional("added_tokens_decoder")?.members() ?? [] {
      let content = try entry.required("content")
      if vocabulary[Array(try content.string().utf8)] == nil {
        throw content.failure("a token of \(vocabulary.file); otherwise save a tokenizer.json")
      }
    }
  }
}
