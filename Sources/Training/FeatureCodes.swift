import Autograd
import Determinism
import NN

/// Features of many samples with a byte for each number: 256 levels between the smallest and the largest of a column.
///
/// What is computed from a run's features is computed from these levels, so that it does not depend on whether a run was
/// trained here or shipped.
struct FeatureCodes {
  /// `[N, width]` in row-major order.
  let codes: [UInt8]
  let lowest: [Float]
  /// From one level to the next, by column.
  let step: [Float]

  init(codes: [UInt8], lowest: [Float], step: [Float]) {
    self.codes = codes
    self.lowest = lowest
    self.step = step
  }

  /// The nearest levels of a matrix `[N, width]`.
  init(_ features: Tensor) {
    let (count, width) = features.shape2
    let values = features.values
    var lowest = [Float](repeating: .infinity, count: width)
    var highest = [Float](repeating: -.infinity, count: width)
    for (i, value) in values.enumerated() {
      lowest[i % width] = min(lowest[i % width], value)
      highest[i % width] = max(highest[i % width], value)
    }
    let step = (0..<width).map { (highest[$0] - lowest[$0]) / 255 }
    codes = (0..<count * width).map { i in
      let column = i % width
      return step[column] > 0 ? UInt8(((values[i] - lowest[column]) / step[column]).rounded()) : 0
    }
    self.lowest = lowest
    self.step = step
  }

  /// One list a sample.
  var rows: [[Float]] {
    let width = lowest.count
    return stride(from: 0, to: codes.count, by: width).map { start in
      (0..<width).map { lowest[$0] + Float(codes[start + $0]) * step[$0] }
    }
  }

  func write(to path: String) throws {
    let width = lowest.count
    try SafetensorsWriter.write(
      [("lowest", Tensor(lowest, [width])), ("step", Tensor(step, [width]))],
      smallIntegers: [("codes", codes, [codes.count / max(width, 1), width])], to: path)
  }

  /// - Throws: `Failure(.badInput)` if the file holds something else.
  init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    if let features = try file.tensor("features"), features.rank == 2 {  // as an earlier version stored them
      self.init(features)
      return
    }
    guard let codes = try file.integers("codes"), let lowest = try file.tensor("lowest"),
      let step = try file.tensor("step"),
      codes.shape.count == 2, lowest.count == codes.shape[1], step.count == codes.shape[1]
    else { throw Failure(.badInput, "\(path): expected codes, lowest and step of features; delete its folder") }
    self.init(codes: codes.values.map { UInt8(clamping: $0) }, lowest: lowest.values, step: step.values)
  }
}
