import Determinism
import Foundation

/// A scale from values to positions, with its labels.
public struct Axis: Hashable, Sendable {
  public enum Scale: Hashable, Sendable {
    case linear
    /// Equal factors are equal distances; values must be positive.
    case logarithmic
  }

  /// With the unit: "accuracy [%]".
  public let title: String
  public let scale: Scale
  /// Where labels stand; found automatically when nil.
  public let positions: [Double]?
  /// The range that must be shown in any case.
  public let includes: [Double]
  /// Whether numbers are written at the axis; false where they mean nothing, as for t-SNE.
  public let hasLabels: Bool

  public init(
    _ title: String, scale: Scale = .linear, positions: [Double]? = nil, includes: [Double] = [],
    hasLabels: Bool = true
  ) {
    self.title = title
    self.scale = scale
    self.positions = positions
    self.includes = includes
    self.hasLabels = hasLabels
  }
}

/// An axis fitted to data: range, labels, and the map to 0 … 1.
struct FittedAxis {
  let axis: Axis
  let lower: Double
  let upper: Double
  let ticks: [(value: Double, label: String)]

  /// - Parameter isLoose: whether the range ends on labels, as for bars.
  init(_ axis: Axis, values: [Double], count: Int, padding: Double = 0.04) throws {
    self.axis = axis
    let all = values + axis.includes + (axis.positions ?? [])
    guard let smallest = all.min(), let largest = all.max(), all.allSatisfy(\.isFinite) else {
      throw Failure(.badInput, "axis \"\(axis.title)\": expected finite numbers to show")
    }
    if axis.scale == .logarithmic && !(smallest > 0) {
      throw Failure(
        .badInput, "axis \"\(axis.title)\": expected positive numbers, found \(smallest)")
    }
    var low = Self.warped(smallest, axis.scale)
    var high = Self.warped(largest, axis.scale)
    if !(high - low > 1e-12 * max(abs(low), abs(high))) {
      let half = low == 0 ? 0.5 : abs(low) * 0.1
      (low, high) = (low - half, high + half)
    }
    let margin = (high - low) * padding
    // Zero is a base line where it ends the data, and nothing is gained by going beyond it.
    let isBase = axis.scale == .linear
    if !(isBase && smallest == 0) { low -= margin }
    if !(isBase && largest == 0) { high += margin }
    (lower, upper) = (low, high)
    if let positions = axis.positions {
      let digits = positions.map(Self.digits).max() ?? 0
      ticks = positions.map { ($0, numberText($0, digits)) }
    } else if axis.scale == .logarithmic {
      ticks = Self.powers(low, high)
    } else {
      let found = Ticks(from: low, to: high, count: count)
      ticks = found.values.filter { $0 >= low - 1e-9 && $0 <= high + 1e-9 }
        .map { ($0, found.label($0)) }
    }
  }

  /// Where a value lies between the ends, 0 … 1.
  func fraction(_ value: Double) -> Double {
    (Self.warped(value, axis.scale) - lower) / (upper - lower)
  }

  private static func warped(_ value: Double, _ scale: Axis.Scale) -> Double {
    scale == .logarithmic ? log2(value) : value
  }

  private static func digits(_ value: Double) -> Int {
    (0...6).first { digit in
      let scaled = value * pow(10, Double(digit))
      return abs(scaled - scaled.rounded()) < 1e-6
    } ?? 6
  }

  /// Powers of ten with their halves and fifths, inside a range of binary logarithms.
  private static func powers(_ low: Double, _ high: Double) -> [(value: Double, label: String)] {
    let first = Int((low * 0.301_029_995_663_981_2).rounded(.down))
    let last = Int((high * 0.301_029_995_663_981_2).rounded(.up))
    let decades = last - first
    let steps: [Double] = decades <= 2 ? [1, 2, 5] : [1]
    return (first...last).flatMap { power in
      steps.map { $0 * pow(10, Double(power)) }
    }.filter { log2($0) >= low && log2($0) <= high }
      .map { ($0, numberText($0, digits($0))) }
  }
}
