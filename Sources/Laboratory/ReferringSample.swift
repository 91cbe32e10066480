import Datasets
import Reporting
import Training

/// One question of referring segmentation, to be drawn with its answers.
public struct ReferringSample: Sendable {
  public let image: RGBImage
  public let expression: String
  /// Row by row.
  public let truth: [Bool]

  /// The image where the mask is, pale elsewhere, with an outline.
  public func showing(_ mask: [Bool]) -> RGBImage {
    let (width, height, factor) = (image.width, image.height, 4)
    func inside(_ x: Int, _ y: Int) -> Bool {
      x >= 0 && y >= 0 && x < width * factor && y < height * factor
        && mask[y / factor * width + x / factor]
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * width * height * factor * factor)
    for y in 0..<height * factor {
      for x in 0..<width * factor {
        let pixel = 3 * (y / factor * width + x / factor)
        let own = inside(x, y)
        let neighbours = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        if own && neighbours.contains(where: { !inside($0.0, $0.1) }) {
          bytes += [20, 20, 20]
        } else {
          bytes += image.bytes[pixel..<pixel + 3].map { own ? $0 : UInt8(178 + Int($0) * 3 / 10) }
        }
      }
    }
    return RGBImage(width: width * factor, height: height * factor, bytes: bytes)
  }

  /// Intersection over union with the truth, in percent.
  public func overlap(_ mask: [Bool]) -> Double {
    let both = zip(mask, truth).count { $0 && $1 }
    let either = zip(mask, truth).count { $0 || $1 }
    return either == 0 ? 100 : 100 * Double(both) / Double(either)
  }
}

extension Workbench {
  /// The first questions of a split.
  public func referringSamples(
    _ data: DataChoice, _ split: Split, count: Int
  ) throws -> [ReferringSample] {
    let dataset = try data.dataset(tier)
    return try (0..<min(count, dataset.count(split))).compactMap { index in
      let example = try dataset.example(index, of: split)
      return example.image.map {
        ReferringSample(
          image: RGBImage(width: $0.width, height: $0.height, bytes: $0.bytes),
          expression: example.text ?? "", truth: example.label.maskValues.map { $0 > 0 })
      }
    }
  }
}

extension FinishedRun {
  /// The mask it predicted for one of the first examples of a split.
  /// - Returns: nil if it was not kept.
  public func mask(_ index: Int, of split: Split, pixels: Int) -> [Bool]? {
    predictions.parts.first { $0.split == split }?.mask(index, pixels: pixels)
  }
}
