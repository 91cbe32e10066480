/// What a file is, judged by its first bytes; names lie.
public enum ImageFormat: String, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"

  /// The format of a file that begins with these bytes, or nil if it is neither.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }

  /// In words, what a file that is neither seems to be.
  static func guess(_ bytes: UnsafeRawBufferPointer) -> String {
    let known: [(start: [UInt8], name: String)] = [
      (Array("GIF8".utf8), "a GIF image"), (Array("RIFF".utf8), "a WebP or RIFF file"),
      (Array("BM".utf8), "a BMP image"), ([0x49, 0x49, 0x2A, 0x00], "a TIFF image"),
      ([0x4D, 0x4D, 0x00, 0x2A], "a TIFF image"), (Array("%PDF".utf8), "a PDF document"),
      ([0x1F, 0x8B], "a gzip archive"), (Array("PK".utf8), "a zip archive"),
      (Array("version https://git-lfs".utf8), "a Git LFS pointer"),
    ]
    if let found = known.first(where: { bytes.starts(with: $0.start) }) { return found.name }
    let isText = bytes.prefix(64).allSatisfy {
      $0 >= 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D
    }
    let isMarkup = bytes.drop { $0 <= 0x20 }.first == UInt8(ascii: "<")
    if isMarkup && isText { return "a web page or other markup" }
    if isText { return "text" }
    return "bytes of another kind"
  }
}

/// What a reader accepts. A small file can announce an image that no memory holds, so sizes are checked before
/// anything is allocated.
public struct DecodingLimits: Sendable {
  /// Width times height. Decoding needs 3 bytes for each pixel, a progressive JPEG about 9.
  public var pixels: Int
  /// Length of the file.
  public var fileBytes: Int

  public init(pixels: Int, fileBytes: Int) {
    self.pixels = pixels
    self.fileBytes = fileBytes
  }

  /// 33 megapixels, 64 MiB: a camera's photo passes, at most 0.4 GB are needed at once.
  public static let standard = DecodingLimits(pixels: 1 << 25, fileBytes: 1 << 26)
}
