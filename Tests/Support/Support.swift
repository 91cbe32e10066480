import Autograd
import Determinism
import Foundation
import NN

/// A path in a folder of this process alone; the folder exists.
public func temporaryPath(_ name: String) throws -> String {
  let folder = NSTemporaryDirectory() + "mope-tests-\(getpid())"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return "\(folder)/\(name)"
}

/// A stored case under `Tests/Fixtures`, made by a script there.
public struct Fixture {
  public let folder: String

  public init(_ name: String, here: String = #filePath) {
    let tests = URL(fileURLWithPath: here).deletingLastPathComponent().deletingLastPathComponent()
    folder = tests.appendingPathComponent("Fixtures/\(name)").path
  }

  public func file(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: "\(folder)/\(name)")
  }

  /// `config.json` as a configuration.
  public func configuration<Configuration: Decodable>(_ type: Configuration.Type) throws -> Configuration {
    try JSONDecoder().decode(
      type, from: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/config.json")))
  }
}

extension SafetensorsFile {
  /// The tensor of this name.
  /// - Throws: `Failure(.badInput)` if there is none.
  public func require(_ name: String) throws -> Tensor {
    guard let tensor = try tensor(name) else {
      throw Failure(.badInput, "\(source): \(name): missing")
    }
    return tensor
  }
}

/// The largest difference, relative to the largest magnitude expected; nil if shapes differ, there is nothing to
/// compare, or a number is not finite.
public func largestDifference(_ found: Tensor?, _ expected: Tensor) -> Double? {
  guard let found, found.shape == expected.shape, expected.count > 0 else { return nil }
  let (a, b) = (found.values, expected.values)
  guard a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return nil }
  let largest = b.reduce(0) { max($0, abs(Double($1))) }
  let difference = zip(a, b).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
  return largest > 0 ? difference / largest : difference
}
