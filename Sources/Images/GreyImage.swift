import Determinism

/// One byte a pixel, row by row from the top left: a mask of 0 and 255.
public struct GreyImage: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// `[height, width]`
  public let pixels: [UInt8]

  /// An image of these pixels, `[height, width]`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    require(
      width > 0 && height > 0 && pixels.count == width * height,
      "GreyImage: expected \(width) × \(height) bytes, found \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The red channel: masks are stored as grey PNG files, whose channels are equal.
  public init(redOf image: RasterImage) {
    self.init(
      width: image.width, height: image.height,
      pixels: stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] })
  }
}
