import Determinism
import Images
import Testing

@Suite struct WarpTests {
  static let interpolations: [(String, WarpInterpolation)] = [
    ("nearest", .nearest), ("bilinear", .bilinear), ("cubic", .cubic),
  ]
  static let cases = ["tall", "wide", "flat"].flatMap { name in
    [(24, 24), (48, 48), (17, 40), (31, 9)].map { (name, $0.0, $0.1) }
  }

  /// OpenCV solves six equations, we divide: 1e-12 pixels lie between them.
  @Test(arguments: cases) func `matrices are those of CRIS`(
    _ name: String, _ width: Int, _ height: Int
  ) throws {
    let stored = try StoredImages("warp")
    let mask = try stored.grey("mask.\(name)")
    let source = (width: mask.width, height: mask.height)
    for (kind, warp) in [
      ("matrix", AffineWarp(fitting: source, into: (width, height))),
      ("inverse", AffineWarp(undoing: source, from: (width, height))),
    ] {
      // Read as single precision, hence 1e-6 of the shift's size.
      let expected = try stored.file.require("\(kind).\(name).\(width)x\(height)").values.map(
        Double.init)
      let found = [warp.scaleX, 0, warp.shiftX, 0, warp.scaleY, warp.shiftY]
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 2e-6 * max(1, abs(b)), "\(kind)") }
    }
  }

  /// Exact: OpenCV's 32nds of a pixel and 15-digit weights.
  @Test(arguments: cases)
  func `warped images and masks are OpenCV's`(_ name: String, _ width: Int, _ height: Int) throws {
    let stored = try StoredImages("warp")
    let image = try StoredImages().image("image.\(name)")
    let mask = try stored.grey("mask.\(name)")
    let warp = AffineWarp(fitting: (image.width, image.height), into: (width, height))
    for (kind, interpolation) in Self.interpolations {
      let place = "\(kind).\(name).\(width)x\(height)"
      let expected = try stored.image("image.\(place)")
      #expect(largestDifference(warp(image, interpolation).pixels, expected.pixels) == 0, "\(kind)")
      let expectedMask = try stored.grey("mask.\(place)")
      #expect(
        largestDifference(warp(mask, interpolation).pixels, expectedMask.pixels) == 0, "\(kind)")
    }
  }

  /// 2e-6: sixteen products of values below 1 are added in another order.
  @Test(arguments: cases)
  func `predictions come back to the image's size as in OpenCV`(
    _ name: String, _ width: Int, _ height: Int
  )
    throws
  {
    let stored = try StoredImages("warp")
    let mask = try stored.grey("mask.\(name)")
    let prediction = try stored.plane("prediction.\(name).\(width)x\(height)")
    let warp = AffineWarp(undoing: (mask.width, mask.height), from: (width, height))
    for (kind, interpolation) in Self.interpolations {
      let expected = try stored.plane("restored.\(kind).\(name).\(width)x\(height)")
      let found = warp(prediction, interpolation)
      #expect(found.width == expected.width && found.height == expected.height)
      for (a, b) in zip(found.values, expected.values) { #expect(abs(a - b) <= 2e-6, "\(kind)") }
    }
  }

  @Test func `a mask that was warped and taken back overlaps itself`() {
    let mask = GreyImage(
      width: 120, height: 80,
      pixels: (0..<9600).map { abs($0 % 120 - 60) < 30 && abs($0 / 120 - 40) < 20 ? 255 : 0 })
    let there = AffineWarp(fitting: (120, 80), into: (384, 384))(mask)
    let plane = FloatPlane(width: 384, height: 384, values: there.pixels.map { Float($0) / 255 })
    let back = AffineWarp(undoing: (120, 80), from: (384, 384))(plane)
    let found = back.values.map { $0 > 0.5 }
    let both = zip(found, mask.pixels).filter { $0.0 && $0.1 > 0 }.count
    let either = zip(found, mask.pixels).filter { $0.0 || $0.1 > 0 }.count
    // Half a pixel along an edge of 59 + 59 + 39 + 39 pixels around 2301 would be 0.96.
    #expect(Double(both) / Double(either) > 0.95)
  }
}
