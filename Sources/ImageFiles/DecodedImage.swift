import CImageCodecs
import Determinism
import Foundation
import Images

/// An image read from a JPEG or PNG file, with what the decoder noticed.
///
/// The pixels are those of `PIL.Image.open(file).convert("RGB")`: transparency, embedded gamma, colour profiles and
/// the orientation tag are ignored; CMYK and YCCK are taken to be inverted, Adobe's way; damage inside a JPEG that
/// the decoder reads past is accepted, a file that ends early is not.
/// Differs: of a 16-bit grey PNG the upper eight bits are kept, as of 16-bit colour; Pillow turns all above 255 white.
public struct DecodedImage: Sendable {
  public let image: RasterImage
  public let format: ImageFormat
  /// The decoder's first complaint about a file that it could read nevertheless.
  public let warning: String?
  /// Whether the complaint means that pixels are not those that were stored. Pillow reads such files without a word.
  public let isSpoiled: Bool

  /// Reads a file.
  /// - Throws: `Failure(.missingInput)`, `(.io)`, or `(.badInput)` for what is not a whole JPEG or PNG image.
  public init(contentsOf path: String, limits: DecodingLimits = .standard) throws {
    let bytes = try InputFile.read(path, limit: limits.fileBytes)
    self = try bytes.withUnsafeBytes { try DecodedImage($0, name: path, limits: limits) }
  }

  /// Reads the bytes of a file; `name` says in errors which.
  /// - Throws: `Failure(.badInput)`.
  public init(_ data: Data, name: String, limits: DecodingLimits = .standard) throws {
    self = try data.withUnsafeBytes { try DecodedImage($0, name: name, limits: limits) }
  }

  private init(_ bytes: UnsafeRawBufferPointer, name: String, limits: DecodingLimits) throws {
    guard !bytes.isEmpty else {
      throw Failure(
        .badInput, "\(name): expected a JPEG or PNG image, found an empty file; fetch it again")
    }
    guard let format = ImageFormat(bytes) else {
      throw Failure(
        .badInput,
        "\(name): expected a JPEG or PNG image, found \(ImageFormat.guess(bytes)); "
          + "convert it, or list it in skip.txt in the data folder")
    }
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    var report = image_codec_report()
    func check(_ status: Int32) throws {
      guard status != image_codec_ok else { return }
      let found =
        status == image_codec_truncated
        ? "the file ends early, after \(bytes.count) bytes" : Self.message(report)
      throw Failure(
        .badInput,
        "\(name): expected a whole \(format.rawValue) image, found damage: \(found); "
          + "fetch it again, or list it in skip.txt in the data folder")
    }
    switch format {
    case .jpeg: try check(image_codec_jpeg_header(start, bytes.count, &report))
    case .png: try check(image_codec_png_header(start, bytes.count, &report))
    }
    let (width, height) = (Int(report.width), Int(report.height))
    guard width > 0, height > 0, width <= limits.pixels / height else {
      throw Failure(
        .badInput,
        "\(name): expected at most \(limits.pixels) pixels, found \(width) × \(height); scale the image down"
      )
    }
    image = try RasterImage(width: width, height: height) { pixels in
      switch format {
      case .jpeg:
        try check(
          image_codec_jpeg_decode(start, bytes.count, pixels.baseAddress, pixels.count, &report))
      case .png:
        try check(
          image_codec_png_decode(start, bytes.count, pixels.baseAddress, pixels.count, &report))
      }
    }
    self.format = format
    warning = report.warnings > 0 ? Self.message(report) : nil
    isSpoiled = report.spoiled > 0
  }

  private static func message(_ report: image_codec_report) -> String {
    withUnsafeBytes(of: report.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension RasterImage {
  /// The image in a JPEG or PNG file; see `DecodedImage`.
  /// - Throws: `Failure(.missingInput)`, `(.io)` or `(.badInput)`.
  public init(contentsOf path: String, limits: DecodingLimits = .standard) throws {
    self = try DecodedImage(contentsOf: path, limits: limits).image
  }
}
