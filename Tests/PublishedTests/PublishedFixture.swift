import Determinism
import Foundation
import Published
import TestSupport
import Testing

/// The tiny copies of the published datasets, and what Python's tools gave for hard cases.
enum PublishedFixture {
  static let folder = Fixture("published").folder

  /// A copy of the data folder that a test may spoil.
  static func copy(_ name: String) throws -> String {
    let path = try temporaryPath("published-\(name)")
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: folder, toPath: path)
    return path
  }

  static func read(_ kind: PublishedKind) throws -> PublishedDataset {
    try kind.reader.read(folder)
  }

  /// Replaces text in a file of a copy; the text must be there.
  static func edit(_ path: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old), "\(path) holds no \(old)")
    try text.replacingOccurrences(of: old, with: new).write(
      toFile: path, atomically: true, encoding: .utf8)
  }

  /// `reference.json`
  struct Reference: Decodable {
    struct Mask: Decodable {
      let height: Int
      let width: Int
      let polygons: [[Double]]
      let text: String
      let area: Int
    }
    struct Pickles: Decodable {
      struct Code: Decodable {
        let what: String
        let `protocol`: Int
        let bytes: String
      }
      let data: [String]
      let ordered: [String]
      let sets: [String]
      let code: [Code]
      let python2: String
    }
    struct Sound: Decodable {
      struct Rate: Decodable {
        let from: Int
        let to: Int
        let samples: [Double]
      }
      let samples: [Float]
      let rates: [Rate]
    }
    let masks: [Mask]
    let pickles: Pickles
    let food: [[String]]
    let answers: [[String]]
    let sound: Sound

    enum CodingKeys: String, CodingKey {
      case masks, pickles, answers, sound
      case food = "food text"
    }
  }

  static func reference() throws -> Reference {
    try JSONDecoder().decode(
      Reference.self, from: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/reference.json")))
  }
}

/// The failure that `body` throws.
func failure(_ body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch { return error as? Failure }
}

/// The bytes of hexadecimal digits.
func bytes(_ digits: String) -> [UInt8] {
  let pairs = Array(digits.utf8)
  return stride(from: 0, to: pairs.count, by: 2).compactMap {
    UInt8(String(decoding: pairs[$0..<$0 + 2], as: UTF8.self), radix: 16)
  }
}
