import Datasets
import Images
import Metrics
import Reporting
import Training

/// One question of referring segmentation, to be drawn with its answers.
public struct ReferringSample: Sendable {
  /// As it is shown: a photo is made smaller, a drawing is not.
  public let image: RasterImage
  public let expression: String
  /// In the size in which masks are judged, row by row.
  public let truth: [Bool]
  private let width: Int
  private let height: Int

  /// - Parameter example: with an image and a mask of its size.
  /// - Returns: nil for one without.
  init?(_ example: Example) {
    guard let image = example.image, case .mask(let mask) = example.label else { return nil }
    (width, height) = (image.width, image.height)
    self.image = min(image.width, image.height) < 240 ? image : image.resized(shorterSide: 120)
    expression = example.text ?? ""
    truth = mask.map { $0 > 0 }
  }

  /// The image where the mask is, pale elsewhere, with an outline.
  /// - Parameter mask: of the size of `truth`.
  public func showing(_ mask: [Bool]) -> RasterImage {
    // Small images are enlarged, so that the outline is thinner than their pixels.
    let factor = max(1, 144 / image.width)
    let (shownWidth, shownHeight) = (image.width * factor, image.height * factor)
    func inside(_ x: Int, _ y: Int) -> Bool {
      x >= 0 && y >= 0 && x < shownWidth && y < shownHeight
        && mask[y * height / shownHeight * width + x * width / shownWidth]
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * shownWidth * shownHeight)
    for y in 0..<shownHeight {
      for x in 0..<shownWidth {
        let pixel = 3 * (y / factor * image.width + x / factor)
        let own = inside(x, y)
        let neighbours = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        if own && neighbours.contains(where: { !inside($0.0, $0.1) }) {
          pixels += [20, 20, 20]
        } else {
          pixels += image.pixels[pixel..<pixel + 3].map { own ? $0 : UInt8(178 + Int($0) * 3 / 10) }
        }
      }
    }
    return RasterImage(width: shownWidth, height: shownHeight, pixels: pixels)
  }

  /// Intersection over union with the truth, in percent.
  public func overlap(_ mask: [Bool]) -> Double {
    Confusion(mask, truth).overlap(of: 100)
  }
}

extension Workbench {
  /// The first questions of a split; none of published data while the runs are planned.
  public func referringSamples(
    _ data: DataChoice, _ split: Split, count: Int
  ) throws -> [ReferringSample] {
    try firstExamples(data, of: split, count: count).compactMap(ReferringSample.init)
  }
}

extension FinishedRun {
  /// The mask it predicted for one of the first examples of a split.
  /// - Returns: nil if it was not kept.
  public func mask(_ index: Int, of split: Split, pixels: Int) -> [Bool]? {
    predictions.parts.first { $0.split == split }?.mask(index, pixels: pixels)
  }
}
