import Determinism

/// A binary mask as lengths of runs, in COCO's order: column by column, beginning with zeros.
public struct MaskRuns: Hashable, Sendable {
  public let height: Int
  public let width: Int
  /// Lengths of zeros, ones, zeros, …; their sum is `height * width`.
  public let counts: [Int]

  /// The most pixels of a mask: as many as an image may have that is decoded.
  static let mostPixels = 1 << 25

  /// Whether a mask may have this size.
  static func isSize(height: Int, width: Int) -> Bool { height > 0 && width > 0 && width <= mostPixels / height }

  /// - Throws: `Failure(.badInput)` with `source` in front if the runs do not fill the mask.
  public init(height: Int, width: Int, counts: [Int], source: String) throws {
    guard Self.isSize(height: height, width: width) else {
      throw Failure(
        .badInput, "\(source): expected a mask of 1 to \(Self.mostPixels) pixels, found \(height)×\(width)")
    }
    var sum = 0
    for count in counts {
      let (next, overflow) = sum.addingReportingOverflow(count)
      guard count >= 0, !overflow else {
        throw Failure(.badInput, "\(source): expected lengths of runs from 0, found \(count)")
      }
      sum = next
    }
    guard sum == height * width else {
      throw Failure(
        .badInput,
        "\(source): a mask of the wrong size: expected \(height)×\(width) = \(height * width) pixels, found \(sum); "
          + "do the annotations belong to these images?")
    }
    self.height = height
    self.width = width
    self.counts = counts
  }

  /// The union of polygons, filled as COCO's tools fill them.
  /// - Parameter polygons: x, y, x, y, … in pixels.
  /// - Throws: `Failure(.badInput)` with `source` in front for what is no polygon or lies outside of the image.
  public init(polygons: [[Double]], height: Int, width: Int, source: String) throws {
    self = try PolygonMask.runs(polygons, height: height, width: width, at: SourcePlace(source))
  }

  /// The runs of a mask.
  /// - Parameter mask: `[height, width]`, row by row; everything but 0 counts as 1.
  public init(mask: [UInt8], height: Int, width: Int) {
    require(
      height > 0 && width > 0 && mask.count == height * width,
      "MaskRuns: \(mask.count) pixels for \(height)×\(width)")
    var counts: [Int] = []
    var value = false
    var run = 0
    for x in 0..<width {
      for y in 0..<height {
        if (mask[y * width + x] != 0) != value {
          counts.append(run)
          run = 0
          value.toggle()
        }
        run += 1
      }
    }
    counts.append(run)
    self.height = height
    self.width = width
    self.counts = counts
  }

  /// `[height, width]` of 0 and 1, row by row.
  public var mask: [UInt8] {
    var mask = [UInt8](repeating: 0, count: height * width)
    var place = 0
    for (index, count) in counts.enumerated() {
      if index % 2 == 1 {
        for p in place..<place + count { mask[p % height * width + p / height] = 1 }
      }
      place += count
    }
    return mask
  }

  /// Pixels that are 1.
  public var area: Int {
    stride(from: 1, to: counts.count, by: 2).reduce(0) { $0 + counts[$1] }
  }

  /// COCO's text form: five bits a character from "0" on, low bits first, the sixth bit says that more follow; from the
  /// fourth run on the difference to the last run but one (pycocotools, `rleToString`).
  public var text: String {
    var characters: [UInt8] = []
    for (index, count) in counts.enumerated() {
      var value = index > 2 ? count - counts[index - 2] : count
      var more = true
      while more {
        var bits = UInt8(value & 0x1F)
        value >>= 5
        more = bits & 0x10 != 0 ? value != -1 : value != 0
        if more { bits |= 0x20 }
        characters.append(bits + 48)
      }
    }
    return String(decoding: characters, as: UTF8.self)
  }

  /// The mask that COCO's text form describes.
  /// - Throws: `Failure(.badInput)` with `source` in front.
  public init(height: Int, width: Int, text: String, source: String) throws {
    var counts: [Int] = []
    var value = 0
    var shift = 0
    for byte in text.utf8 {
      guard 48..<112 ~= byte, shift < 60 else {
        throw Failure(
          .badInput, "\(source): expected COCO's run-length text, found \"\(text.prefix(20))\"")
      }
      let bits = Int(byte - 48)
      value |= (bits & 0x1F) << shift
      shift += 5
      if bits & 0x20 != 0 { continue }
      if bits & 0x10 != 0 { value |= -1 << shift }
      let (count, overflow) = value.addingReportingOverflow(
        counts.count > 2 ? counts[counts.count - 2] : 0)
      guard !overflow else { throw Failure(.badInput, "\(source): the length of a run overflows") }
      counts.append(count)
      value = 0
      shift = 0
    }
    guard shift == 0 else {
      throw Failure(.badInput, "\(source): the run-length text ends within a number")
    }
    try self.init(height: height, width: width, counts: counts, source: source)
  }
}
