import Datasets
import Determinism
import Metrics

/// What was predicted on one split of several.
public struct JudgedPart: Hashable, Sendable {
  public let split: Split
  /// Examples, whose decisions follow those of the parts before.
  public let count: Int
  /// The masks predicted for the first examples, 32 pixels in a number, the first pixel lowest.
  public let masks: [[Int32]]

  /// How many masks are kept of a part: for figures.
  static let kept = 12

  /// The predicted mask of one of the first examples.
  /// - Returns: nil if it was not kept.
  public func mask(_ index: Int, pixels: Int) -> [Bool]? {
    guard masks.indices.contains(index), masks[index].count * 32 >= pixels else { return nil }
    return (0..<pixels).map { masks[index][$0 / 32] & (1 << Int32($0 % 32)) != 0 }
  }
}

/// Predicted masks of a split against the true ones (METHOD.md §12.3).
struct MaskScores {
  let split: Split
  /// Intersection over union of each example, in millionths.
  private(set) var overlaps: [Int32] = []
  private var masks: [[Int32]] = []
  /// Of each pair of examples, whether the two predictions have less than half in common.
  private var differs: [Bool] = []
  private var lastMask: [Bool] = []

  init(_ split: Split) { self.split = split }

  /// Adds an example: the predicted mask against the true one.
  mutating func add(_ mask: [Bool], _ truth: [UInt8]) {
    require(mask.count == truth.count, "a mask of \(mask.count) pixels for \(truth.count)")
    overlaps.append(Int32((1e6 * Confusion(mask, truth.map { $0 > 0 }).overlap()).rounded()))
    if masks.count < JudgedPart.kept {
      var words = [Int32](repeating: 0, count: (mask.count + 31) / 32)
      for (i, inside) in mask.enumerated() where inside { words[i / 32] |= 1 << Int32(i % 32) }
      masks.append(words)
    }
    if split == .pairs && overlaps.count % 2 == 0 { differs.append(Confusion(lastMask, mask).overlap() < 0.5) }
    lastMask = mask
  }

  var part: JudgedPart { JudgedPart(split: split, count: overlaps.count, masks: masks) }

  /// In percent: the mean overlap, the share of examples with more than half, and of pairs the share with different
  /// predictions.
  var metrics: [Metric] {
    let count = Double(max(1, overlaps.count))
    let mean = overlaps.reduce(0.0) { $0 + Double($1) } / 1e6 / count
    let found = Double(overlaps.count { $0 > 500_000 }) / count
    var metrics = [
      Metric(.meanIoU, 100 * mean, on: split), Metric(.found, 100 * found, on: split),
    ]
    if !differs.isEmpty {
      let apart = Double(differs.count { $0 }) / Double(differs.count)
      metrics.append(Metric(.apart, 100 * apart, on: split))
    }
    return metrics
  }
}
