import Determinism

/// Features of examples: `[rows, columns]`.
public struct FeatureMatrix: Sendable {
  public let rows: Int
  public let columns: Int
  /// Row-major.
  let values: [Float]

  /// - Parameter rows: of equal length.
  public init(_ rows: [[Float]]) {
    self.init(rows: rows.count, columns: rows.first?.count ?? 0, values: rows.flatMap { $0 })
  }

  init(rows: Int, columns: Int, values: [Float]) {
    require(
      values.count == rows * columns,
      "FeatureMatrix: expected \(rows)×\(columns) values, found \(values.count)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// Both feature sets of the same examples.
  func beside(_ other: FeatureMatrix) -> FeatureMatrix {
    require(rows == other.rows, "beside: expected \(rows) rows, found \(other.rows)")
    return FeatureMatrix(
      (0..<rows).map { row in
        Array(values[row * columns..<(row + 1) * columns])
          + Array(other.values[row * other.columns..<(row + 1) * other.columns])
      })
  }

  /// This matrix with the means of `reference` subtracted and its deviations divided out, scaled so
  /// that rows have length about 1. Columns that are constant in `reference` become 0.
  public func standardised(like reference: FeatureMatrix) -> FeatureMatrix {
    require(
      columns == reference.columns && reference.rows > 0,
      "standardised: expected \(columns) columns, found \(reference.columns)")
    var sum = [Double](repeating: 0, count: columns)
    var squares = sum
    for (i, value) in reference.values.enumerated() {
      sum[i % columns] += Double(value)
      squares[i % columns] += Double(value) * Double(value)
    }
    let n = Double(reference.rows)
    let mean = sum.map { Float($0 / n) }
    let scale = (0..<columns).map { column -> Float in
      let variance = squares[column] / n - sum[column] * sum[column] / (n * n)
      return variance > 1e-9 ? Float(1 / (variance * Double(columns)).squareRoot()) : 0
    }
    let result = values.enumerated().map { i, value in
      (value - mean[i % columns]) * scale[i % columns]
    }
    return FeatureMatrix(rows: rows, columns: columns, values: result)
  }
}
