import Autograd
import Determinism
import Testing

/// One attention in plain loops: queries `[B, N, C]`, keys and values `[B, M, 2C]`, prompts `[B, P, 2C]`.
private func reference(
  _ q: [Double], _ kv: [Double], _ prompts: [Double], _ b: Int, _ n: Int, _ m: Int, _ p: Int,
  heads: Int, d: Int, bias: (Int, Int, Int, Int) -> Double
) -> [Double] {
  let c = heads * d
  var output = [Double](repeating: 0, count: b * n * c)
  for item in 0..<b {
    for head in 0..<heads {
      for i in 0..<n {
        func key(_ j: Int, _ t: Int, _ offset: Int) -> Double {
          j < p
            ? prompts[(item * p + j) * 2 * c + offset + head * d + t]
            : kv[(item * m + j - p) * 2 * c + offset + head * d + t]
        }
        let scores = (0..<p + m).map { j in
          (0..<d).reduce(0.0) { $0 + q[(item * n + i) * c + head * d + $1] * key(j, $1, 0) }
            / Double(d).squareRoot() + (j < p ? 0 : bias(item, head, i, j - p))
        }
        for (j, weight) in softmaxReference(scores).enumerated() {
          for t in 0..<d { output[(item * n + i) * c + head * d + t] += weight * key(j, t, c) }
        }
      }
    }
  }
  return output
}

@Suite struct AttentionTests {
  static let shapes = [(2, 3, 5, 0, 2, 4), (2, 1, 17, 13, 4, 16), (3, 17, 17, 3, 1, 8), (2, 33, 15, 1, 2, 33)]

  @Test(arguments: shapes)
  func `queries attend to prompts and tokens`(
    _ shape: (b: Int, n: Int, m: Int, p: Int, heads: Int, d: Int)
  ) {
    let (b, n, m, p, heads, d) = shape
    let c = heads * d
    let operands =
      [Operand(b, n, c), Operand(b, m, 2 * c)] + (p > 0 ? [Operand(b, p, 2 * c)] : [])
    expectGradient(operands, { attention($0[0], $0[1], prompts: p > 0 ? $0[2] : nil, heads: heads) }) {
      reference($0[0], $0[1], p > 0 ? $0[2] : [], b, n, m, p, heads: heads, d: d) { _, _, _, _ in 0 }
    }
  }

  @Test(arguments: [[2, 1, 1, 7], [1, 2, 7, 7], [2, 2, 7, 7]])
  func `a bias is added to the scores of tokens and learns`(_ biasShape: [Int]) {
    let (b, n, p, heads, d) = (4, 7, 2, 2, 5)
    let c = heads * d
    let operands = [Operand(b, n, 3 * c), Operand(b, p, 2 * c), Operand(shape: biasShape)]
    expectGradient(operands, { selfAttention($0[0], prompts: $0[1], heads: heads, bias: AttentionBias($0[2])) }) {
      x in
      var (q, kv): ([Double], [Double]) = ([], [])
      for row in 0..<b * n {
        q += x[0][row * 3 * c..<row * 3 * c + c]
        kv += x[0][row * 3 * c + c..<(row + 1) * 3 * c]
      }
      return reference(q, kv, x[1], b, n, n, p, heads: heads, d: d) { item, head, i, j in
        let (h, r) = (min(head, biasShape[1] - 1), min(i, biasShape[2] - 1))
        return x[2][(((item % biasShape[0]) * biasShape[1] + h) * biasShape[2] + r) * n + j]
      }
    }
  }

  @Test func `only prompts may need a gradient`() {
    let (b, n, heads, d) = (2, 17, 2, 8)
    let c = heads * d
    expectGradient(
      [.constant([b, n, c]), .constant([b, n, 2 * c]), Operand(b, 5, 2 * c)],
      { attention($0[0], $0[1], prompts: $0[2], heads: heads) }
    ) { reference($0[0], $0[1], $0[2], b, n, n, 5, heads: heads, d: d) { _, _, _, _ in 0 } }
  }

  @Test func `threads and dropout do not change each other's results`() {
    let random = RandomStream(seed: 3)
    var values = random.stream("qkv")
    let qkv = Tensor((0..<8 * 64 * 96).map { _ in Float(values.normal()) }, [8, 64, 96])
    let drop = AttentionDropout(rate: 0.2, random)
    let one = selfAttention(qkv, heads: 2, dropout: drop).values
    Compute.setThreads(2)
    let two = selfAttention(qkv, heads: 2, dropout: drop).values
    Compute.setThreads(1)
    #expect(one == two)
  }
}

@Suite struct GraphTests {
  @Test func `frozen tensors build no graph`() {
    let x = Tensor.full([4, 8], 1)
    #expect(!gelu(linear(x, .full([8, 8], 0.1))).requiresGradient)
  }

  @Test func `memory falls during backward`() {
    let bytes = 16 << 20  // far more than all other tests hold while they run beside this one
    let leaf = Tensor.full([bytes / 4], 0.1).variable
    var x = leaf
    for _ in 0..<12 { x = gelu(x) }
    let loss = sum(x)
    x = leaf
    let before = TensorMemory.live
    TensorMemory.resetPeak()
    let gradients = loss.backward()
    // Each gradient is as large as what its operation kept: freed as it goes, the peak stays near the start.
    #expect(TensorMemory.peak < before + 5 * bytes)
    #expect(gradients[leaf] != nil)
  }
}
