import Text
import Foundation
import Testing

/// Tokens added after training, which are looked for in the normalised text; ids by tokenizers
/// 0.23.3.
@Suite struct TokenizerTestsAdded {
  private static let texts = [
    "a RÉD circle  is", "a Réd Circle  is visible Réd Circle",
    "Réd Réd circles [SEP] x</s>Réd <mask>",
  ]

  /// Adds "Réd Circle", which takes white space on both sides away, and "Réd".
  private func tokenizer(_ name: String, firstId: Int) throws -> any Tokenizer {
    let path = TokenizerFixtures.folder(name) + "/tokenizer.json"
    let json = try String(contentsOfFile: path, encoding: .utf8)
    let list = "\"added_tokens\":["
    try #require(json.contains(list))
    let added = [("Réd Circle", true), ("Réd", false)].enumerated().map { i, token in
      """
      {"id":\(firstId + i),"content":"\(token.0)","single_word":false,"lstrip":\(token.1),\
      "rstrip":\(token.1),"normalized":true,"special":false},
      """
    }
    let folder = try TemporaryFolder()
    try folder.write(
      json.replacingOccurrences(of: list, with: list + added.joined()), to: "tokenizer.json")
    return try loadTokenizer(folder: folder.path)
  }

  private func ids(_ name: String, firstId: Int) throws -> [[Int32]] {
    let tokenizer = try tokenizer(name, firstId: firstId)
    #expect(tokenizer.vocabularyCount == firstId + 2)
    return try Self.texts.map { try tokenizer.encode($0).ids }
  }

  @Test func `BERT looks for added tokens in normalised text`() throws {
    #expect(
      try ids("bert", firstId: 420) == [
        [2, 41, 420, 232, 3], [2, 41, 420, 232, 390, 141, 243, 420, 3],
        [2, 421, 420, 59, 3, 64, 30, 19, 59, 32, 421, 30, 362, 144, 186, 32, 3],
      ])
  }

  @Test func `RoBERTa looks for added tokens after special ones`() throws {
    #expect(
      try ids("roberta", firstId: 485) == [
        [0, 68, 224, 53, 131, 235, 39, 268, 352, 475, 224, 324, 2],
        [0, 68, 485, 286, 386, 286, 76, 306, 485, 2],
        [
          0, 486, 224, 486, 268, 352, 70, 79, 272, 224, 62, 54, 40, 51, 64, 224, 91, 2, 486, 484, 2,
        ],
      ])
  }
}
