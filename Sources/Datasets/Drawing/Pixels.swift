import Determinism

/// An 8-bit RGB image: rows from top to bottom, three bytes (red, green, blue) a pixel.
public struct Pixels: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `[height, width, 3]` in row-major order.
  public let bytes: [UInt8]

  public init(width: Int, height: Int, bytes: [UInt8]) {
    require(
      bytes.count == width * height * 3,
      "Pixels: expected \(width)×\(height)×3 bytes, found \(bytes.count)")
    self.width = width
    self.height = height
    self.bytes = bytes
  }
}
