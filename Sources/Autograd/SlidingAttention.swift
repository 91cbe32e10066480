import CKernels
import Determinism

/// Which tokens see which in `slidingAttention`.
public struct SlidingPattern {
  /// How far a token sees to each side.
  public let reach: Int
  /// For each sample, the tokens that all see, ascending.
  public let global: [[Int]]
  /// For each sample and token, 1 at real tokens, 0 at padding, which no token sees.
  public let mask: [Float]

  public init(reach: Int, global: [[Int]], mask: [Float]) {
    require(reach > 0, "SlidingPattern: expected a positive reach, found \(reach)")
    self.reach = reach
    self.global = global
    self.mask = mask
  }
}

/// Multi-head self-attention of every token to those at most `reach` away and to the global tokens (Beltagy et al. 2020,
/// §3.1, as transformers computes it). The output at padding is 0.
///
/// Cut into blocks of `reach` queries, so that work and memory grow linearly with the number of tokens.
/// - Parameter qkv: queries, keys and values side by side, `[B, N, 3·H·D]`
/// - Returns: `[B, N, H·D]`
public func slidingAttention(
  _ qkv: Tensor, heads: Int, _ pattern: SlidingPattern, dropout: AttentionDropout? = nil
) -> Tensor {
  let call = SlidingCall(qkv.detached, heads, pattern, dropout)
  let blocks = call.blocks
  let probabilities: [Tensor]? =
    qkv.requiresGradient
    ? blocks.map { .empty([heads, $0.queries.count, call.keyCount($0)]) } : nil
  let output = Tensor.empty([call.batch, call.n, call.width])
  parallel(blocks.count, work: call.work) { part in
    for i in part { call.forward(blocks[i], output, probabilities?[i]) }
  }
  return output.derived(from: [qkv]) { gradient, _ in
    guard let probabilities else { return [nil] }
    let dqkv = Tensor.zeros(qkv.shape)
    let perSample = blocks.count / max(call.batch, 1)
    parallel(call.batch, work: 2 * call.work) { samples in  // blocks of a sample share keys
      for i in samples.lowerBound * perSample..<samples.upperBound * perSample {
        call.backward(blocks[i], gradient, probabilities[i], into: dqkv)
      }
    }
    return [dqkv]
  }
}

/// Added to scores of keys that a query does not see; exp of it is 0. Finite, so that a query that sees nothing, which
/// only padding can be, gives no NaN.
private let unseen: Float = -1e9

private struct SlidingCall {
  let qkv: Tensor
  let batch, n, width, heads: Int
  let pattern: SlidingPattern
  let dropout: AttentionDropout?

  init(_ qkv: Tensor, _ heads: Int, _ pattern: SlidingPattern, _ dropout: AttentionDropout?) {
    let (b, n, columns) = qkv.shape3
    require(
      columns % (3 * heads) == 0 && pattern.global.count == b && pattern.mask.count == b * n,
      "slidingAttention: \(qkv.shape), \(heads) heads, a pattern of \(pattern.global.count) samples"
    )
    self.qkv = qkv
    (batch, self.n, width) = (b, n, columns / 3)
    self.heads = heads
    self.pattern = pattern
    self.dropout = dropout
  }

  /// Some queries of a sample, and the keys that any of them reaches.
  struct Block {
    let sample: Int
    let queries, keys: Range<Int>
  }

  var blocks: [Block] {
    (0..<batch).flatMap { sample in
      stride(from: 0, to: n, by: pattern.reach).map { start in
        let end = min(start + pattern.reach, n)
        return Block(
          sample: sample, queries: start..<end,
          keys: max(0, start - pattern.reach)..<min(n, end + pattern.reach))
      }
    }
  }

  var work: Int { batch * n * min(n, 3 * pattern.reach) * width / 2 }

  func keyCount(_ block: Block) -> Int { pattern.global[block.sample].count + block.keys.count }

  private func row(_ sample: Int, _ token: Int) -> Int { (sample * n + token) * 3 * width }

  private func isPadding(_ sample: Int, _ token: Int) -> Bool {
    pattern.mask[sample * n + token] == 0
  }

  /// 0 where a query sees a key of the block, `unseen` elsewhere: `[queries, keys]`. Global tokens have their own
  /// place before these keys.
  private func bias(_ block: Block) -> Tensor {
    let global = pattern.global[block.sample]
    let y = Tensor.full([block.queries.count, block.keys.count], unseen)
    let seen = block.keys.map { !isPadding(block.sample, $0) && !global.contains($0) }
    for (i, query) in block.queries.enumerated() {
      let first = max(query - pattern.reach, block.keys.lowerBound)
      for key in first..<min(query + pattern.reach + 1, block.keys.upperBound) {
        let j = key - block.keys.lowerBound
        if seen[j] { y.mutablePointer[i * block.keys.count + j] = 0 }
      }
    }
    return y
  }

  /// Keys and values of the sample's global tokens, `[global, 2·H·D]`.
  private func globalKeys(_ sample: Int) -> Tensor {
    let tokens = pattern.global[sample]
    let y = Tensor.empty([tokens.count, 2 * width])
    for (i, token) in tokens.enumerated() {
      (y.mutablePointer + i * 2 * width)
        .update(from: qkv.pointer + row(sample, token) + width, count: 2 * width)
    }
    return y
  }

  private func shape(_ block: Block, _ bias: Tensor) -> mope_attention_shape {
    var shape = mope_attention_shape()
    let depth = width / heads
    (shape.batch, shape.heads) = (1, Int32(heads))
    (shape.n, shape.d) = (Int32(block.queries.count), Int32(depth))
    shape.p = Int32(pattern.global[block.sample].count)
    shape.m = Int32(block.keys.count)
    (shape.ldq, shape.ldp, shape.ldk) = (3 * width, 2 * width, 3 * width)
    shape.scale = 1 / Float(depth).squareRoot()
    shape.bias = bias.pointer
    shape.bias_batch = 1
    shape.bias_row_stride = block.keys.count
    if let dropout {
      shape.dropout_rate = dropout.rate
      shape.dropout_key = dropout.random.stream(block.sample).stream(block.queries.lowerBound).key
    }
    return shape
  }

  func forward(_ block: Block, _ output: Tensor, _ probabilities: Tensor?) {
    let (bias, global) = (bias(block), globalKeys(block.sample))
    var shape = shape(block, bias)
    let scratch = Tensor.empty([mope_attention_scratch(&shape)])
    let q = qkv.pointer + row(block.sample, block.queries.lowerBound)
    let k = qkv.pointer + row(block.sample, block.keys.lowerBound) + width
    let to = output.mutablePointer + (block.sample * n + block.queries.lowerBound) * width
    kernels.attention(
      &shape, q, global.pointer, global.pointer + width, k, k + width, to,
      probabilities?.mutablePointer, scratch.mutablePointer)
    for (i, query) in block.queries.enumerated() where isPadding(block.sample, query) {
      (to + i * width).update(repeating: 0, count: width)
    }
  }

  /// Adds the block's part to the gradient of `qkv`.
  func backward(_ block: Block, _ gradient: Tensor, _ probabilities: Tensor, into dqkv: Tensor) {
    let (bias, global) = (bias(block), globalKeys(block.sample))
    var shape = shape(block, bias)
    let scratch = Tensor.empty([mope_attention_scratch(&shape)])
    let (queries, sample) = (block.queries, block.sample)
    let dOutput = Tensor.empty([queries.count, width])
    dOutput.mutablePointer.update(
      from: gradient.pointer + (sample * n + queries.lowerBound) * width, count: dOutput.count)
    for (i, query) in queries.enumerated() where isPadding(sample, query) {
      (dOutput.mutablePointer + i * width).update(repeating: 0, count: width)
    }
    let q = qkv.pointer + row(sample, queries.lowerBound)
    let k = qkv.pointer + row(sample, block.keys.lowerBound) + width
    // dq, then dk and dv, as columns of rows like those of qkv.
    let (dq, dk) = (
      Tensor.empty([queries.count, 3 * width]), Tensor.empty([block.keys.count, 3 * width])
    )
    let dGlobal = Tensor.empty(global.shape)
    kernels.attention_gradient(
      &shape, q, global.pointer, global.pointer + width, k, k + width, probabilities.pointer,
      dOutput.pointer, dq.mutablePointer, dGlobal.mutablePointer, dGlobal.mutablePointer + width,
      dk.mutablePointer + width, dk.mutablePointer + 2 * width, nil, scratch.mutablePointer)
    func add(_ from: UnsafePointer<Float>, _ count: Int, _ token: Int, column: Int) {
      kernels.add_scaled(count, 1, from, dqkv.mutablePointer + row(sample, token) + column)
    }
    for (i, token) in queries.enumerated() {
      add(dq.pointer + i * 3 * width, width, token, column: 0)
    }
    for (i, token) in block.keys.enumerated() {
      add(dk.pointer + i * 3 * width + width, 2 * width, token, column: width)
    }
    for (i, token) in pattern.global[sample].enumerated() {
      add(dGlobal.pointer + i * 2 * width, 2 * width, token, column: width)
    }
  }
}

extension Tensor {
  /// These rows replaced: `[N, C]`, `[rows, C]` → `[N, C]`. No row may be given twice.
  public func replacing(rows: [Int32], with replacement: Tensor) -> Tensor {
    let (n, c) = shape2
    require(
      replacement.shape == [rows.count, c] && Set(rows).count == rows.count
        && rows.allSatisfy { $0 >= 0 && Int($0) < n },
      "replacing: \(replacement.shape) for rows \(rows) of \(shape)")
    let y = copied
    for (i, row) in rows.enumerated() {
      (y.mutablePointer + Int(row) * c).update(from: replacement.pointer + i * c, count: c)
    }
    return y.derived(from: [self, replacement]) { gradient, _ in
      let (dx, part) = (gradient.copied, gradient.gather(rows))
      for row in rows { (dx.mutablePointer + Int(row) * c).update(repeating: 0, count: c) }
      return [dx, part]
    }
  }
}
