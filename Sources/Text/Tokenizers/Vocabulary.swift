import Determinism

/// The tokens of a model and their ids, in the order of the file.
///
/// Tokens are compared as UTF-8 bytes: to `String`, é and e with an accent are equal.
struct Vocabulary: Sendable {
  let file: String
  let entries: [(token: [UInt8], id: Int32)]
  /// One more than the largest id.
  let count: Int
  private let ids: [[UInt8]: Int32]

  /// - Throws: `Failure(.badInput)` if a token or an id comes twice, or there are none.
  init(file: String, entries: [(token: [UInt8], id: Int32)]) throws {
    var ids: [[UInt8]: Int32] = [:]
    ids.reserveCapacity(entries.count)
    var tokens: [Int32: [UInt8]] = [:]
    tokens.reserveCapacity(entries.count)
    for (token, id) in entries {
      if let other = ids.updateValue(id, forKey: token) {
        throw Failure(
          .badInput,
          "\(file): token \"\(text(token))\" has the ids \(other) and \(id); every token stands once, and its line is its id: restore the published file"
        )
      }
      if let other = tokens.updateValue(token, forKey: id) {
        throw Failure(
          .badInput,
          "\(file): tokens \"\(text(other))\" and \"\(text(token))\" share the id \(id)")
      }
    }
    guard let largest = entries.map(\.id).max() else {
      throw Failure(.badInput, "\(file): expected tokens, found none")
    }
    self.file = file
    self.entries = entries
    self.count = Int(largest) + 1
    self.ids = ids
  }

  /// From `vocab.txt`: a token a line, its id the number of the line from 0.
  init(lines: TextFile) throws {
    let lines = (file: lines.name, rows: lines.lines)
    for (i, row) in lines.rows.enumerated() where row.isEmpty {
      throw Failure(.badInput, "\(lines.file): line \(i + 1): expected a token, found nothing")
    }
    try self.init(
      file: lines.file, entries: lines.rows.enumerated().map { (Array($1), Int32($0)) })
  }

  /// From an object of tokens and ids: `vocab.json`, or `model.vocab` of `tokenizer.json`.
  init(_ json: JSONEntry) throws {
    try self.init(
      file: json.file,
      entries: json.members().map { (Array($0.name.utf8), try $0.entry.id()) })
  }

  /// The bytes of all tokens together.
  var byteCount: Int { entries.reduce(0) { $0 + $1.token.count } }

  subscript(token: [UInt8]) -> Int32? { ids[token] }
}

/// Pairs of tokens that are merged, best rank first.
struct MergeList: Sendable {
  let pairs: [(left: [UInt8], right: [UInt8])]
  private let file: String
  /// The line of every pair; empty if they come from `model.merges` of a JSON file.
  private let lines: [Int]

  /// From `merges.txt`: two tokens a line with a space between; lines of `#version` and empty ones
  /// are skipped.
  init(lines file: TextFile) throws {
    var pairs: [(left: [UInt8], right: [UInt8])] = []
    var lines: [Int] = []
    for (i, row) in file.lines.enumerated()
    where !row.isEmpty && !row.starts(with: "#version".utf8) {
      pairs.append(try Self.pair(row) ?? Self.reject(row, at: "\(file.name): line \(i + 1)"))
      lines.append(i + 1)
    }
    self.file = file.name
    self.pairs = pairs
    self.lines = lines
  }

  /// From `model.merges` of `tokenizer.json`: strings like the lines of `merges.txt`, or pairs of
  /// strings.
  init(_ json: JSONEntry) throws {
    self.file = json.file
    self.lines = []
    self.pairs = try json.elements().map { entry in
      if case .string(let string) = entry.value {
        return try Self.pair(Array(string.utf8)[...])
          ?? Self.reject(Array(string.utf8)[...], at: "\(entry.file): \(entry.path)")
      }
      let tokens = try entry.elements().map { Array(try $0.string().utf8) }
      guard tokens.count == 2 else { throw entry.failure("two tokens", found: "\(tokens.count)") }
      return (tokens[0], tokens[1])
    }
  }

  /// Where pair `i` stands, for a message.
  func place(_ i: Int) -> String {
    lines.isEmpty ? "\(file): model.merges[\(i)]" : "\(file): line \(lines[i])"
  }

  private static func pair(_ row: ArraySlice<UInt8>) -> (left: [UInt8], right: [UInt8])? {
    let parts = row.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    return (Array(parts[0]), Array(parts[1]))
  }

  private static func reject(
    _ row: ArraySlice<UInt8>, at place: String
  ) throws -> (left: [UInt8], right: [UInt8]) {
    throw Failure(
      .badInput,
      "\(place): expected two tokens with a space between, found \"\(text(Array(row)))\"")
  }
}

private func text(_ token: [UInt8]) -> String { String(decoding: token, as: UTF8.self) }
