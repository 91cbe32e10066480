import Determinism
import Foundation
import ImageFiles
import Images
import TestSupport
import Testing

@Suite struct DecodingTests {
  static let folder = StoredImages.fixture.folder + "/files"
  static let files = [
    "halved-colour.jpg", "halved-across.jpg", "full-colour.jpg", "progressive.jpg", "restarts.jpg",
    "rgb.jpg",
    "grey.jpg", "cmyk.jpg", "ycck.jpg", "turned.jpg", "photo.jpg", "rgb.png", "alpha.png",
    "grey.png",
    "grey-alpha.png", "grey-1.png", "grey-2.png", "grey-4.png", "palette.png",
    "palette-transparent.png",
    "grey-transparent.png", "gamma.png", "rgb-16.png", "grey-16.png", "interlaced.png",
    "interlaced-palette.png",
    "interlaced-narrow.png", "png-in-disguise.jpg",
  ]

  /// Exact: both libjpeg-turbo versions use the same integer transform and the same colour tables.
  @Test(arguments: files) func `every kind of file decodes to Pillow's pixels`(_ name: String)
    throws
  {
    let decoded = try DecodedImage(contentsOf: "\(Self.folder)/\(name)")
    let expected = try StoredImages("files").image(name)
    #expect(decoded.image.width == expected.width && decoded.image.height == expected.height)
    #expect(largestDifference(decoded.image.pixels, expected.pixels) == 0)
    #expect(decoded.warning == nil)
  }

  @Test func `no file of the folder is left out`() throws {
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
        == Self.files.sorted())
  }

  @Test func `the content decides what a file is, not its name`() throws {
    #expect(try DecodedImage(contentsOf: "\(Self.folder)/png-in-disguise.jpg").format == .png)
  }

  /// Cut at every length: never a crash, never half an image. The last two bytes of a JPEG (its end marker) may be
  /// missing from what a decoder needs, and a PNG ends with a chunk that holds no pixels.
  @Test(arguments: [
    "halved-colour.jpg", "progressive.jpg", "ycck.jpg", "grey-4.png", "interlaced-palette.png",
  ])
  func `a truncated file is bad input at every length`(_ name: String) throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name)"))
    let expected = try DecodedImage(whole, name: name).image
    for length in 0..<whole.count {
      do {
        let image = try DecodedImage(whole.prefix(length), name: name).image
        #expect(
          image == expected && length >= whole.count - (name.hasSuffix("png") ? 17 : 2), "\(length)"
        )
      } catch let failure as Failure {
        #expect(
          failure.kind == .badInput && failure.description.hasPrefix("\(name): expected"),
          "\(failure)")
      }
    }
  }

  /// One wrong byte at a time: the decoders must return, with an image of the file's size or a message.
  @Test(arguments: [
    "halved-colour.jpg", "progressive.jpg", "cmyk.jpg", "grey-4.png", "palette-transparent.png",
  ])
  func `a damaged byte gives an image or a message, never a crash`(_ name: String) throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name)"))
    let small = DecodingLimits(pixels: 100_000, fileBytes: 10_000)
    var (readable, refused) = (0, 0)
    for position in whole.indices {
      var damaged = whole
      damaged[position] ^= 0xFF
      do {
        let decoded = try DecodedImage(damaged, name: name, limits: small)
        #expect(decoded.image.pixels.count == decoded.image.width * decoded.image.height * 3)
        readable += 1
      } catch let failure as Failure {
        #expect(failure.kind == .badInput, "\(position): \(failure)")
        refused += 1
      }
    }
    #expect(readable > 0 && refused > 0, "\(readable) readable, \(refused) refused")
  }

  /// As in Pillow: wrong bits inside a scan spoil pixels, and libjpeg complains where it can tell.
  @Test func `damage that the decoder reads past is reported as a warning`() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/halved-colour.jpg"))
    let scan = try #require(whole.firstRange(of: [0xFF, 0xDA])).upperBound + 10
    let warnings = (scan..<whole.count - 10).compactMap { position -> String? in
      var damaged = whole
      damaged[position] = 0x55
      return (try? DecodedImage(damaged, name: "damaged"))?.warning
    }
    #expect(warnings.contains { $0.contains("Corrupt JPEG data") }, "\(warnings.count)")
  }

  @Test func `a complaint that leaves the pixels right is told from one that does not`() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/halved-colour.jpg"))
    let expected = try DecodedImage(whole, name: "whole")
    #expect(!expected.isSpoiled)
    // Bytes between two parts of the header, as some programs leave them.
    var padded = whole
    let table = try #require(whole.firstRange(of: [0xFF, 0xDB])).lowerBound
    padded.insert(contentsOf: Array(repeating: 0x55, count: 16), at: table)
    let extraneous = try DecodedImage(padded, name: "padded")
    #expect(extraneous.warning?.contains("extraneous") == true && !extraneous.isSpoiled)
    #expect(extraneous.image == expected.image)
    let scan = try #require(whole.firstRange(of: [0xFF, 0xDA])).upperBound + 10
    var overwritten = whole
    for i in 0..<40 { overwritten[scan + i] = 0x55 }
    let spoiled = try DecodedImage(overwritten, name: "overwritten")
    #expect(spoiled.isSpoiled && spoiled.image != expected.image)
  }

  /// Unpacked they can be megabytes each; a decoder that keeps them all takes minutes.
  @Test(.timeLimit(.minutes(1))) func `texts inside a PNG are passed over`() throws {
    let path = "\(Self.folder)/rgb.png"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    // zTXt "a" with 40 bytes that are no deflate stream: who unpacks them complains.
    let content = Array("zTXta".utf8) + [0, 0] + Array(repeating: UInt8(0xAA), count: 40)
    let sum = checksum(content)
    let chunk = [0, 0, 0, 43] + content + (0..<4).map { UInt8(sum >> (24 - 8 * $0) & 255) }
    bytes.insert(contentsOf: Array(repeatElement(chunk, count: 2000).joined()), at: 33)
    let decoded = try DecodedImage(bytes, name: "texts")
    #expect(decoded.image == (try RasterImage(contentsOf: path)))
    #expect(decoded.warning == nil)
  }

  @Test(arguments: [
    ("", "an empty file"), ("<!DOCTYPE html><html>", "a web page"), ("404 not found", "text"),
    ("GIF89a\u{1}", "a GIF image"),
    ("version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
    ("\u{0}\u{1}\u{2}", "bytes of another kind"),
  ])
  func `a file that is no image says what it seems to be`(_ content: String, _ found: String) throws {
    let failure = #expect(throws: Failure.self) {
      try DecodedImage(Data(content.utf8), name: "a/b.jpg")
    }
    #expect(failure?.kind == .badInput)
    #expect(
      failure?.description.contains("a/b.jpg: expected a JPEG or PNG image, found \(found)") == true
    )
  }

  @Test func `a missing file and a folder are told apart`() {
    let missing = #expect(throws: Failure.self) {
      try RasterImage(contentsOf: "\(Self.folder)/none.jpg")
    }
    #expect(missing?.kind == .missingInput)
    let folder = #expect(throws: Failure.self) { try RasterImage(contentsOf: Self.folder) }
    #expect(folder?.kind == .badInput)
  }

  /// 65500 × 65500 in both headers, with hardly any data: refused before anything is allocated.
  @Test(arguments: ["halved-colour.jpg", "rgb.png"])
  func `an absurd size is refused from the header`(_ name: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name)"))
    if name.hasSuffix("png") {
      bytes.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xDC, 0, 0, 0xFF, 0xDC])
      bytes.replaceSubrange(29..<33, with: [0x1C, 0x35, 0x81, 0x4C])
    } else {
      let frame = try #require(bytes.firstRange(of: [0xFF, 0xC0])).lowerBound
      bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    }
    let failure = #expect(throws: Failure.self) { try DecodedImage(bytes, name: name) }
    #expect(failure?.kind == .badInput)
    #expect(
      failure?.description.contains("expected at most 33554432 pixels, found 65500 × 65500")
        == true,
      "\(String(describing: failure))")
  }

  @Test func `a file longer than the limit is not read`() {
    let limits = DecodingLimits(pixels: 1000, fileBytes: 100)
    let failure = #expect(throws: Failure.self) {
      try RasterImage(contentsOf: "\(Self.folder)/rgb.png", limits: limits)
    }
    #expect(failure?.description.contains("expected at most 100 bytes, found 3316") == true)
  }
}

/// CRC-32, as PNG has it.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(UInt32.max) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1) * 0xEDB8_8320 }
  }
}
