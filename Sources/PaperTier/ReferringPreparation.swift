import Determinism
import Images
import Published

/// An image and the mask of an object in it, warped alike into the square that the network sees, and predictions taken back
/// (METHOD.md §10.4; the data code of CRIS).
struct ReferringPreparation: Sendable {
  /// Width and height of what the network sees: 384 in the papers.
  let side: Int
  private let normalisation = Normalisation.mmbt

  init(side: Int) { self.side = side }

  private var square: (width: Int, height: Int) { (side, side) }

  /// Scaled to fit, centred on the mean colour, cubic: `[3, side, side]`.
  func planes(_ image: RasterImage) -> [Float] {
    normalisation.planes(AffineWarp(fitting: (image.width, image.height), into: square)(image))
  }

  /// The mask under the same warp, bilinear: `[side, side]`, 0 to 1.
  func target(_ mask: MaskRuns) -> [Float] {
    let grey = GreyImage(width: mask.width, height: mask.height, pixels: mask.mask.map { $0 * 255 })
    return AffineWarp(fitting: (mask.width, mask.height), into: square)(grey).pixels.map {
      Float($0) / 255
    }
  }

  /// The predicted mask in the size of the image as stored, and the true one: probabilities are warped back, cubic, and cut at
  /// one half.
  /// - Parameter logits: `[side, side]`
  func judged(_ logits: [Float], _ mask: MaskRuns) -> (predicted: [Bool], truth: [UInt8]) {
    let plane = FloatPlane(
      width: side, height: side, values: logits.map { Float(1 / (1 + portableExp(Double(-$0)))) })
    let back = AffineWarp(undoing: (mask.width, mask.height), from: square)(plane)
    return (back.values.map { $0 > 0.5 }, mask.mask)
  }

  /// - Throws: `Failure(.badInput)` if the image has another size than its annotation says.
  func check(_ image: RasterImage, _ mask: MaskRuns, file: String) throws {
    guard image.width == mask.width, image.height == mask.height else {
      throw Failure(
        .badInput,
        "\(file): expected \(mask.width)×\(mask.height) pixels, as annotated, found \(image.width)×\(image.height); "
          + "is it COCO's own image?")
    }
  }
}
