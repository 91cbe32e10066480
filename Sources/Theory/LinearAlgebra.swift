import Determinism

/// Σ aᵢ bᵢ
@inline(__always)
func dot(_ a: [Double], _ b: [Double]) -> Double {
  require(a.count == b.count, "dot: \(a.count) against \(b.count) numbers")
  var sum = 0.0
  for i in a.indices { sum += a[i] * b[i] }
  return sum
}

/// A matrix in double precision, row by row. Small: plain loops serve.
public struct Matrix: Hashable, Sendable {
  public let rows: Int
  public let columns: Int
  public private(set) var values: [Double]

  public init(_ rows: [[Double]]) {
    let columns = rows.first?.count ?? 0
    require(rows.allSatisfy { $0.count == columns }, "Matrix: rows of different lengths")
    self.rows = rows.count
    self.columns = columns
    values = rows.flatMap { $0 }
  }

  init(rows: Int, columns: Int, values: [Double]) {
    require(values.count == rows * columns, "Matrix: \(values.count) values for \(rows)×\(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// Independent normal entries with mean 0.
  public init(rows: Int, columns: Int, deviation: Double, _ random: inout RandomStream) {
    self.init(
      rows: rows, columns: columns,
      values: (0..<rows * columns).map { _ in deviation * random.normal() })
  }

  public subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  public var transposed: Matrix {
    Matrix(
      rows: columns, columns: rows,
      values: (0..<columns).flatMap { j in (0..<rows).map { self[$0, j] } })
  }

  public func times(_ vector: [Double]) -> [Double] {
    require(vector.count == columns, "Matrix: \(columns) columns times \(vector.count) numbers")
    var result = [Double](repeating: 0, count: rows)
    values.withUnsafeBufferPointer { values in
      vector.withUnsafeBufferPointer { vector in
        for i in 0..<rows {
          var sum = 0.0
          for j in 0..<columns { sum += values[i * columns + j] * vector[j] }
          result[i] = sum
        }
      }
    }
    return result
  }

  public func times(_ other: Matrix) -> Matrix {
    let columns = other.transposed
    return Matrix(
      rows: rows, columns: other.columns,
      values: (0..<rows).flatMap { i in
        columns.times(Array(values[i * self.columns..<(i + 1) * self.columns]))
      })
  }

  public static func * (factor: Double, matrix: Matrix) -> Matrix {
    Matrix(rows: matrix.rows, columns: matrix.columns, values: matrix.values.map { factor * $0 })
  }

  public static func + (a: Matrix, b: Matrix) -> Matrix {
    require(a.rows == b.rows && a.columns == b.columns, "Matrix: sum of different sizes")
    return Matrix(rows: a.rows, columns: a.columns, values: zip(a.values, b.values).map { $0 + $1 })
  }

  /// The x with `self · x = right`, by elimination with row pivots; nil if the matrix is singular to rounding.
  public func solution(_ right: [Double]) -> [Double]? {
    require(
      rows == columns && right.count == rows, "Matrix: \(rows)×\(columns) is not a square system")
    var (a, b) = (self, right)
    let scale = values.map(\.magnitude).max() ?? 0
    for k in 0..<rows {
      var pivot = k
      for i in k..<rows where a[i, k].magnitude > a[pivot, k].magnitude { pivot = i }
      guard a[pivot, k].magnitude > 1e-14 * scale else { return nil }
      if pivot != k {
        for j in k..<rows { (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]) }
        b.swapAt(k, pivot)
      }
      for i in k + 1..<max(rows, k + 1) {
        let factor = a[i, k] / a[k, k]
        guard factor != 0 else { continue }
        for j in k..<rows { a[i, j] -= factor * a[k, j] }
        b[i] -= factor * b[k]
      }
    }
    for k in stride(from: rows - 1, through: 0, by: -1) {
      for j in k + 1..<max(rows, k + 1) { b[k] -= a[k, j] * b[j] }
      b[k] /= a[k, k]
    }
    return b
  }
}

extension RandomStream {
  /// Independent standard normal numbers.
  public mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

  /// Positive weights with sum 1, uniform on the simplex: Dirichlet(1, …, 1).
  public mutating func simplexPoint(_ count: Int) -> [Double] {
    let waits = (0..<count).map { _ in -portableLog(1 - uniform()) }
    let sum = waits.reduce(0, +)
    return waits.map { $0 / sum }
  }
}
