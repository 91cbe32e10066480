import Determinism

/// One number a pixel, row by row from the top left: a predicted probability for each.
public struct FloatPlane: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// `[height, width]`
  public let values: [Float]

  /// A plane of these values, `[height, width]`.
  public init(width: Int, height: Int, values: [Float]) {
    require(
      width > 0 && height > 0 && values.count == width * height,
      "FloatPlane: expected \(width) × \(height) values, found \(values.count)")
    self.width = width
    self.height = height
    self.values = values
  }
}
