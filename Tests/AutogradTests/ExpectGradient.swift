import Autograd
import Determinism
import Testing

/// An operand of a test: its shape, and whether a gradient is wanted.
struct Operand {
  let shape: [Int]
  var trainable = true

  static func constant(_ shape: [Int]) -> Operand { Operand(shape: shape, trainable: false) }
  init(shape: [Int], trainable: Bool = true) {
    self.shape = shape
    self.trainable = trainable
  }
  init(_ sizes: Int...) { shape = sizes }
}

/// Holds `operation` against `reference`, a plain loop over doubles: the values, and every gradient against central
/// differences of the reference.
///
/// - Parameter tolerance: relative to the largest magnitude of what is compared. 2e-6 is a few dozen units in the
///   last place of a float: what sums of some hundred terms lose.
func expectGradient(
  _ operands: [Operand], tolerance: Double = 4e-6, scale: Double = 1, seed: UInt64 = 1,
  _ operation: ([Tensor]) -> Tensor, reference: ([[Double]]) -> [Double],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  var random = RandomStream(seed: seed)
  let values = operands.map { operand in
    (0..<operand.shape.product).map { _ in Double(Float(scale * random.normal())) }
  }
  let tensors = zip(operands, values).map { operand, values in
    let tensor = Tensor(values.map(Float.init), operand.shape)
    return operand.trainable ? tensor.variable : tensor
  }
  let output = operation(tensors)
  let expected = reference(values)
  expectClose(output.values, expected, tolerance, "value", sourceLocation)
  guard operands.contains(where: \.trainable), output.count == expected.count else { return }

  let cotangent = expected.map { _ in Double(Float(random.normal())) }
  let gradients = output.backward(Tensor(cotangent.map(Float.init), output.shape))
  func objective(_ values: [[Double]]) -> Double {
    zip(reference(values), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
  }
  for (i, operand) in operands.enumerated() where operand.trainable {
    guard let gradient = gradients[tensors[i]] else {
      Issue.record("operand \(i) has no gradient", sourceLocation: sourceLocation)
      continue
    }
    #expect(gradient.shape == operand.shape, sourceLocation: sourceLocation)
    let step = 1e-5
    let slopes = values[i].indices.map { j in
      var (up, down) = (values, values)
      up[i][j] += step
      down[i][j] -= step
      return (objective(up) - objective(down)) / (2 * step)
    }
    expectClose(gradient.values, slopes, tolerance, "gradient \(i)", sourceLocation)
  }
}

/// Equal lengths, no NaN, and the largest error at most `tolerance` times the largest magnitude expected.
func expectClose(
  _ found: [Float], _ expected: [Double], _ tolerance: Double, _ what: String,
  _ sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let error = relativeError(found, expected) else {
    Issue.record(
      "\(what): \(found.count) elements, expected \(expected.count), or NaN",
      sourceLocation: sourceLocation)
    return
  }
  #expect(error <= tolerance, "\(what)", sourceLocation: sourceLocation)
}

/// The largest error relative to the largest magnitude expected (1 if that is smaller); nil if the lengths differ,
/// nothing is compared, or a number is not finite.
func relativeError(_ found: [Float], _ expected: [Double]) -> Double? {
  guard found.count == expected.count, !found.isEmpty else { return nil }
  guard found.allSatisfy(\.isFinite), expected.allSatisfy(\.isFinite) else { return nil }
  let largest = expected.reduce(1) { max($0, abs($1)) }
  return zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
}

@Suite struct ComparisonTests {
  @Test func `a comparison of different lengths, of nothing, or with NaN is never a success`() {
    #expect(relativeError([1], [1, 2]) == nil)
    #expect(relativeError([], []) == nil)
    #expect(relativeError([.nan], [1]) == nil)
    #expect(relativeError([1], [.infinity]) == nil)
  }

  @Test func `an error is relative to the largest magnitude`() {
    #expect(relativeError([1, 100], [2, 100]) == 0.01)
    #expect(relativeError([0.5], [0.25]) == 0.25)
  }
}
