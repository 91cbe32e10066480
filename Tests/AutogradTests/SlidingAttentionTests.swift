import Autograd
import Determinism
import Testing

/// Every query against every key, in plain loops.
private func reference(
  _ qkv: [Double], n: Int, heads: Int, d: Int, _ pattern: SlidingPattern
) -> [Double] {
  let c = heads * d
  var output = [Double](repeating: 0, count: pattern.mask.count * c)
  for sample in pattern.global.indices {
    let real = (0..<n).map { pattern.mask[sample * n + $0] == 1 }
    func value(_ token: Int, _ column: Int) -> Double { qkv[(sample * n + token) * 3 * c + column] }
    for i in 0..<n where real[i] {
      let global = pattern.global[sample]
      let keys =
        global
        + (0..<n).filter { abs($0 - i) <= pattern.reach && real[$0] && !global.contains($0) }
      for h in 0..<heads {
        let scores = keys.map { key in
          (0..<d).reduce(0.0) { $0 + value(i, h * d + $1) * value(key, c + h * d + $1) }
            / Double(d).squareRoot()
        }
        for (key, weight) in zip(keys, softmaxReference(scores)) {
          for t in 0..<d {
            output[(sample * n + i) * c + h * d + t] += weight * value(key, 2 * c + h * d + t)
          }
        }
      }
    }
  }
  return output
}

@Suite struct SlidingAttentionTests {
  @Test(arguments: [(1, 1, 1), (7, 2, 1), (9, 2, 0), (8, 4, 2), (5, 8, 1)])
  func `tokens see their neighbours and the global tokens`(
    _ shape: (n: Int, reach: Int, global: Int)
  ) {
    let (n, heads, d) = (shape.n, 2, 3)
    let mask = (0..<2 * n).map { $0 < n + (n + 1) / 2 ? 1 : 0 as Float }  // half of the second text
    let global = [Array(0..<shape.global), Array(0..<min(shape.global, 1))]
    let pattern = SlidingPattern(reach: shape.reach, global: global, mask: mask)
    expectGradient([Operand(2, n, 3 * heads * d)]) {
      slidingAttention($0[0], heads: heads, pattern)
    } reference: {
      reference($0[0], n: n, heads: heads, d: d, pattern)
    }
  }

  @Test func `rows are replaced`() {
    expectGradient([Operand(4, 3), Operand(2, 3)]) {
      $0[0].replacing(rows: [2, 0], with: $0[1])
    } reference: {
      Array($0[1][3..<6] + $0[0][3..<6] + $0[1][0..<3] + $0[0][9..<12])
    }
  }
}

@Suite struct ConvolutionTests {
  @Test(arguments: [
    (9, 1, 2, 10 - 1, 1), (11, 2, 3, 3, 1), (12, 3, 1, 4, 1), (7, 4, 6, 2, 2), (16, 1, 4, 5, 1),
  ])
  func `a convolution is its sum over taps`(
    _ shape: (time: Int, channels: Int, outputs: Int, width: Int, groups: Int)
  ) {
    let (time, c, outputs, width, groups) = shape
    for stride in [1, 2, 5] {
      let (own, steps) = (c / groups, (time - width) / stride + 1)
      expectGradient([Operand(2, time, c), Operand(outputs, width, own)]) {
        conv1d($0[0], $0[1], stride: stride, groups: groups)
      } reference: { x in
        var y: [Double] = []
        for b in 0..<2 {
          for t in 0..<steps {
            for o in 0..<outputs {
              let first = o / (outputs / groups) * own
              y.append(
                (0..<width * own).reduce(0) { sum, i in
                  let at = (b * time + t * stride + i / own) * c + first + i % own
                  return sum + x[0][at] * x[1][o * width * own + i]
                })
            }
          }
        }
        return y
      }
    }
  }

  @Test func `channels are normalised over time`() {
    let (b, time, c) = (2, 7, 3)
    // Differences from the mean are divided by their deviation, which enlarges the roundings of both.
    expectGradient([Operand(b, time, c), Operand(c), Operand(c)], tolerance: 1e-5) {
      channelNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-5)
    } reference: { x in
      (0..<b * time * c).map { at in
        let (item, j) = (at / (time * c), at % c)
        let column = (0..<time).map { x[0][(item * time + $0) * c + j] }
        let mean = column.reduce(0, +) / Double(time)
        let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(time)
        return (x[0][at] - mean) / (variance + 1e-5).squareRoot() * x[1][j] + x[2][j]
      }
    }
  }

  @Test func `a normalised weight has its gain as norm`() {
    expectGradient([Operand(2, 3, 4), Operand(1, 1, 4)]) {
      weightNorm($0[0], gain: $0[1])
    } reference: { x in
      (0..<24).map { at in
        let norm = (0..<6).reduce(0) { $0 + x[0][$1 * 4 + at % 4] * x[0][$1 * 4 + at % 4] }
          .squareRoot()
        return x[1][at % 4] * x[0][at] / norm
      }
    }
  }
}
