import Determinism
import ImageFiles
import Images
import NN
import TestSupport

/// Fixtures under `images`, as images.
struct StoredImages {
  static var fixture: Fixture { Fixture("images") }
  let file: SafetensorsFile

  init(_ name: String = "case") throws { file = try Self.fixture.file("\(name).safetensors") }

  /// Names that begin so, without that beginning and a dot.
  func names(_ beginning: String) -> [String] {
    file.names.filter { $0.hasPrefix(beginning + ".") }.map {
      String($0.dropFirst(beginning.count + 1))
    }
  }

  func image(_ name: String) throws -> RasterImage {
    let (bytes, shape) = try integers(name)
    return RasterImage(width: shape[1], height: shape[0], pixels: bytes)
  }

  func grey(_ name: String) throws -> GreyImage {
    let (bytes, shape) = try integers(name)
    return GreyImage(width: shape[1], height: shape[0], pixels: bytes)
  }

  func plane(_ name: String) throws -> FloatPlane {
    let tensor = try file.require(name)
    return FloatPlane(width: tensor.shape[1], height: tensor.shape[0], values: tensor.values)
  }

  private func integers(_ name: String) throws -> (bytes: [UInt8], shape: [Int]) {
    guard let (values, shape) = try file.integers(name) else {
      throw Failure(.badInput, "\(file.source): \(name): missing")
    }
    return (values.map { UInt8($0) }, shape)
  }
}

/// The largest difference between two images' bytes, or nil if their sizes differ.
func largestDifference(_ found: [UInt8], _ expected: [UInt8]) -> Int? {
  guard found.count == expected.count, !expected.isEmpty else { return nil }
  return zip(found, expected).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// Numbers in a fixture's name, which are written with `x` or a dot between them.
func numbers(_ text: Substring) -> [Int] {
  text.split { $0 == "x" || $0 == "." }.compactMap { Int($0) }
}
