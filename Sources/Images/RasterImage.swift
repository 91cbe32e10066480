import Determinism

/// An image of 8 bits a channel, red, green, blue, row by row from the top left.
///
/// `pixels[(y * width + x) * 3 + channel]`.
public struct RasterImage: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// `[height, width, 3]`
  public let pixels: [UInt8]

  /// An image of these pixels, `[height, width, 3]`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    require(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "RasterImage: expected \(width) × \(height) × 3 bytes, found \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// An image of one colour.
  public init(width: Int, height: Int, colour: (red: UInt8, green: UInt8, blue: UInt8)) {
    self.init(width: width, height: height) { pixels in
      for i in stride(from: 0, to: pixels.count, by: 3) {
        pixels[i] = colour.red
        pixels[i + 1] = colour.green
        pixels[i + 2] = colour.blue
      }
    }
  }

  /// What stands for a record without an image: grey 128, 256 × 256 (the authors' loader, after MMBT).
  public static let missing = RasterImage(width: 256, height: 256, colour: (128, 128, 128))

  /// An image of this size whose bytes `fill` writes; all bytes must be written.
  package init(width: Int, height: Int, filledBy fill: (UnsafeMutableBufferPointer<UInt8>) throws -> Void)
    rethrows
  {
    require(width > 0 && height > 0, "RasterImage: expected a size, found \(width) × \(height)")
    self.width = width
    self.height = height
    pixels = try [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<(width * height * 3)]))
      count = width * height * 3
    }
  }

  /// Each byte replaced by its entry in a table of 256 for each channel: `[3 * 256]`, red first.
  func mapped(through table: [UInt8]) -> RasterImage {
    require(table.count == 768, "RasterImage.mapped: expected a table of 768, found \(table.count)")
    return RasterImage(width: width, height: height) { target in
      pixels.withUnsafeBufferPointer { source in
        table.withUnsafeBufferPointer { table in
          for i in stride(from: 0, to: source.count, by: 3) {
            target[i] = table[Int(source[i])]
            target[i + 1] = table[256 + Int(source[i + 1])]
            target[i + 2] = table[512 + Int(source[i + 2])]
          }
        }
      }
    }
  }
}
