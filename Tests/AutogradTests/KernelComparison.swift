import CKernels
import Determinism
import Testing

/// The tables this processor has; every kernel is compared with its reference at each.
var kernelTables: [mope_kernel_table] {
  [MOPE_KERNELS_BASELINE, MOPE_KERNELS_AVX2, MOPE_KERNELS_AVX512]
    .compactMap { mope_kernels_at($0)?.pointee }
}

/// Lengths around the vector widths, and the empty array.
let kernelSizes = [0, 1, 7, 8, 15, 16, 17, 33, 257]

/// `count` normally distributed numbers times `scale`.
func normals(_ count: Int, _ seed: UInt64, scale: Float = 1) -> [Float] {
  var stream = RandomStream(seed: seed)
  return (0..<count).map { _ in scale * Float(stream.normal()) }
}

/// `count` numbers from `lower` to `upper`, evenly spaced.
func ramp(_ count: Int, _ lower: Float, _ upper: Float) -> [Float] {
  (0..<count).map { lower + (upper - lower) * Float($0) / Float(max(count - 1, 1)) }
}

/// What `body` writes to an array of `count` numbers; it must not write beyond the end.
func written(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
  updated([Float](repeating: -77, count: count), body)
}

/// `start` after `body` has changed it in place; it must not write beyond the end.
func updated(_ start: [Float], _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
  let guardCount = 16
  var values = start + [Float](repeating: 12345, count: guardCount)
  values.withUnsafeMutableBufferPointer { body($0.baseAddress.unsafelyUnwrapped) }
  #expect(values[start.count...].allSatisfy { $0 == 12345 }, "wrote beyond the end")
  return Array(values[..<start.count])
}

/// Expects |found − expected| ≤ absolute + relative · |expected|; NaN and infinities must agree.
func expectClose(
  _ found: [Float], _ expected: [Float], absolute: Float, relative: Float = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (i, (a, b)) in zip(found, expected).enumerated() {
    if a == b || a.isNaN && b.isNaN { continue }
    if abs(a - b) <= absolute + relative * abs(b) { continue }
    Issue.record(
      "\(comment()) element \(i) of \(found.count): expected \(b), found \(a)",
      sourceLocation: sourceLocation)
    return
  }
}
