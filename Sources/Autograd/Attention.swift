import CKernels
import Determinism

/// Added to the scores of token keys before softmax: `[b, h, n, M]`, where `b` is 1 or divides the batch (item i
/// takes entry i mod b), and `h` and `n` are 1 or the number of heads and queries. Prompt keys get none.
public struct AttentionBias {
  public let values: Tensor

  public init(_ values: Tensor) {
    require(values.rank == 4, "AttentionBias: expected 4 axes, found \(values.shape)")
    self.values = values
  }

  /// 0 at real tokens and −10000 at padding (BERT), from a mask `[B, N]` of 1 and 0.
  public init(padding mask: [Float], batch: Int, tokens: Int) {
    self.init(Tensor(mask.map { ($0 - 1) * 10_000 }, [batch, 1, 1, tokens]))
  }
}

/// Dropout of attention probabilities.
public struct AttentionDropout {
  public let rate: Float
  public let random: RandomStream

  public init(rate: Float, _ random: RandomStream) {
    self.rate = rate
    self.random = random
  }
}

/// Multi-head self-attention, `softmax(q kᵀ/√D + bias) v` (Vaswani et al. 2017, §3.2.1), of tokens to prompts and
/// tokens.
///
/// Prompts are keys and values only: where their outputs are dropped (deep prompting), computing them would be
/// waste.
/// - Parameters:
///   - qkv: queries, keys and values of the tokens side by side, `[B, N, 3·H·D]`
///   - prompts: keys and values of the prompts side by side, `[B, P, 2·H·D]`
/// - Returns: `[B, N, H·D]`
public func selfAttention(
  _ qkv: Tensor, prompts: Tensor? = nil, heads: Int, bias: AttentionBias? = nil,
  dropout: AttentionDropout? = nil
) -> Tensor {
  let (_, _, width) = qkv.shape3
  require(width % (3 * heads) == 0, "selfAttention: width \(width) for 3 × \(heads) heads")
  return attend(.packed(qkv), prompts, heads, bias, dropout)
}

/// Multi-head attention of queries to prompts and tokens.
/// - Parameters:
///   - queries: `[B, N, H·D]`
///   - keysValues: keys and values side by side, `[B, M, 2·H·D]`
///   - prompts: as in `selfAttention`
/// - Returns: `[B, N, H·D]`
public func attention(
  _ queries: Tensor, _ keysValues: Tensor, prompts: Tensor? = nil, heads: Int,
  bias: AttentionBias? = nil, dropout: AttentionDropout? = nil
) -> Tensor {
  attend(.separate(queries, keysValues), prompts, heads, bias, dropout)
}

private enum TokenSource {
  case packed(Tensor)
  case separate(Tensor, Tensor)

  var tensors: [Tensor] {
    switch self {
    case .packed(let qkv): [qkv]
    case .separate(let q, let kv): [q, kv]
    }
  }
}

/// Sizes and strides of one call, without pointers.
private struct Layout {
  let batch, heads, n, p, m, d: Int
  let queryStride, keyStride: Int
  /// Columns where keys and values start in their rows.
  let keyColumn, valueColumn: Int

  var width: Int { heads * d }
  /// Multiplications of one of the products: scores, or weighted values.
  var products: Int { batch * heads * n * (p + m) * d }

  init(_ source: TokenSource, _ prompts: Tensor?, heads: Int) {
    self.heads = heads
    switch source {
    case .packed(let qkv):
      let (b, n, columns) = qkv.shape3
      (batch, self.n, m, d) = (b, n, n, columns / 3 / heads)
      (queryStride, keyStride) = (columns, columns)
      (keyColumn, valueColumn) = (heads * d, 2 * heads * d)
    case .separate(let q, let kv):
      let (b, n, columns) = q.shape3
      let (keyBatch, m, keyColumns) = kv.shape3
      require(
        keyBatch == b && keyColumns == 2 * columns && columns % heads == 0,
        "attention: queries \(q.shape), keys and values \(kv.shape), \(heads) heads")
      (batch, self.n, self.m, d) = (b, n, m, columns / heads)
      (queryStride, keyStride) = (columns, keyColumns)
      (keyColumn, valueColumn) = (0, columns)
    }
    p = prompts?.shape[1] ?? 0
    if let prompts {
      require(
        prompts.shape == [batch, p, 2 * heads * d],
        "attention: expected prompts [\(batch), P, \(2 * heads * d)], found \(prompts.shape)")
    }
  }
}

private func attend(
  _ source: TokenSource, _ prompts: Tensor?, _ heads: Int, _ bias: AttentionBias?,
  _ dropout: AttentionDropout?
) -> Tensor {
  let layout = Layout(source, prompts, heads: heads)
  if let bias { requireFit(bias.values, layout) }
  let inputs = source.tensors + (prompts.map { [$0] } ?? []) + (bias.map { [$0.values] } ?? [])
  let keeps = inputs.contains(where: \.requiresGradient)
  let output = Tensor.empty([layout.batch, layout.n, layout.width])
  let probabilities =
    keeps ? Tensor.empty([layout.batch, heads, layout.n, layout.p + layout.m]) : nil
  let call = AttentionCall(layout, source, prompts, bias?.values, dropout)
  call.forEachPart { shape, at in
    let scratch = Tensor.empty([mope_attention_scratch(&shape)])
    kernels.attention(
      &shape, at.query, at.promptKey, at.promptValue, at.key, at.value,
      output.mutablePointer + at.item * layout.n * layout.width,
      probabilities.map { $0.mutablePointer + at.item * heads * layout.n * (layout.p + layout.m) },
      scratch.mutablePointer)
  }
  Work.add(4 * layout.products)
  return output.derived(from: inputs, operation: "attention") { gradient, needs in
    guard let probabilities else { return needs.map { _ in nil } }
    Work.add(8 * layout.products)
    return call.gradients(of: gradient, probabilities, needs)
  }
}

private func requireFit(_ bias: Tensor, _ layout: Layout) {
  let (b, h, n, m) = bias.shape4
  require(
    layout.batch % b == 0 && (h == 1 || h == layout.heads) && (n == 1 || n == layout.n)
      && m == layout.m,
    """
    attention: a bias of shape \(bias.shape) does not fit \(layout.batch) items, \(layout.heads) heads, \
    \(layout.n) queries and \(layout.m) keys
    """)
}

/// The inputs of one attention, kept for its gradient.
private struct AttentionCall {
  let layout: Layout
  let source: TokenSource
  let prompts: Tensor?
  let bias: Tensor?
  let dropout: AttentionDropout?

  init(
    _ layout: Layout, _ source: TokenSource, _ prompts: Tensor?, _ bias: Tensor?,
    _ dropout: AttentionDropout?
  ) {
    self.layout = layout
    switch source {
    case .packed(let qkv): self.source = .packed(qkv.detached)
    case .separate(let q, let kv): self.source = .separate(q.detached, kv.detached)
    }
    self.prompts = prompts?.detached
    self.bias = bias?.detached
    self.dropout = dropout
  }

  /// Where the arrays of a part of the batch start.
  struct Pointers {
    let item: Int
    let query, key, value: UnsafePointer<Float>
    let promptKey, promptValue: UnsafePointer<Float>?
  }

  private var queries: Tensor { source.tensors[0] }
  private var keys: Tensor { source.tensors[source.tensors.count - 1] }

  /// Calls `body` for parts of the batch, in parallel. With dropout a part is one item, so that masks do not depend
  /// on the cut; with a bias that repeats over the batch a part is whole rounds of it.
  func forEachPart(_ body: (inout mope_attention_shape, Pointers) -> Void) {
    let l = layout
    let work = l.batch * l.heads * l.n * (l.p + l.m) * l.d / 2
    let biasItems = bias?.shape[0] ?? 1
    let round = biasItems == l.batch ? 1 : biasItems
    parallel(l.batch / round, work: work) { rounds in
      let items = rounds.lowerBound * round..<rounds.upperBound * round
      if dropout != nil {
        for item in items { call(item..<item + 1, body) }
      } else {
        call(items, body)
      }
    }
  }

  private func call(
    _ items: Range<Int>, _ body: (inout mope_attention_shape, Pointers) -> Void
  ) {
    let l = layout
    let first = items.lowerBound
    var shape = mope_attention_shape()
    shape.batch = Int32(items.count)
    shape.heads = Int32(l.heads)
    (shape.n, shape.p, shape.m, shape.d) = (Int32(l.n), Int32(l.p), Int32(l.m), Int32(l.d))
    (shape.ldq, shape.ldp, shape.ldk) = (l.queryStride, 2 * l.width, l.keyStride)
    shape.scale = 1 / Float(l.d).squareRoot()
    if let bias {
      let (b, h, n, m) = bias.shape4
      // The kernel counts items from 0: start at this part's entry. A part either lies within one round of
      // the entries, or starts a round.
      require(
        first % b == 0 || first % b + items.count <= b,
        "attention: a part of \(items) does not fit \(b) bias entries")
      shape.bias = bias.pointer + (first % b) * h * n * m
      shape.bias_batch = Int32(b)
      shape.bias_batch_stride = h * n * m
      shape.bias_head_stride = h == 1 ? 0 : n * m
      shape.bias_row_stride = n == 1 ? 0 : m
    }
    if let dropout {
      shape.dropout_rate = dropout.rate
      shape.dropout_key = dropout.random.stream(first).key
    }
    let q = queries.pointer + first * l.n * l.queryStride
    let k = keys.pointer + first * l.m * l.keyStride
    let p = prompts.map { $0.pointer + first * l.p * 2 * l.width }
    body(
      &shape,
      Pointers(
        item: first, query: q, key: k + l.keyColumn, value: k + l.valueColumn, promptKey: p,
        promptValue: p.map { $0 + l.width }))
  }

  func gradients(of gradient: Tensor, _ probabilities: Tensor, _ needs: [Bool]) -> [Tensor?] {
    let l = layout
    let tensors = source.tensors
    let tokenGradients = tensors.indices.map { needs[$0] ? Tensor.empty(tensors[$0].shape) : nil }
    var next = tensors.count
    var promptGradient: Tensor?
    if let prompts {
      promptGradient = needs[next] ? Tensor.empty(prompts.shape) : nil
      next += 1
    }
    var biasGradient: Tensor?
    if let bias { biasGradient = needs[next] ? Tensor.zeros(bias.shape) : nil }

    let dQueries = tokenGradients[0]
    let dKeys = tokenGradients[tensors.count - 1]
    let body: (inout mope_attention_shape, Pointers) -> Void = { shape, at in
      let scratch = Tensor.empty([mope_attention_scratch(&shape)])
      let dq = dQueries.map { $0.mutablePointer + at.item * l.n * l.queryStride }
      let dk = dKeys.map { $0.mutablePointer + at.item * l.m * l.keyStride }
      let dp = promptGradient.map { $0.mutablePointer + at.item * l.p * 2 * l.width }
      kernels.attention_gradient(
        &shape, at.query, at.promptKey, at.promptValue, at.key, at.value,
        probabilities.pointer + at.item * l.heads * l.n * (l.p + l.m),
        gradient.pointer + at.item * l.n * l.width, dq, dp, dp.map { $0 + l.width },
        dk.map { $0 + l.keyColumn }, dk.map { $0 + l.valueColumn },
        biasGradient.map { $0.mutablePointer + (at.item % $0.shape[0]) * ($0.count / $0.shape[0]) },
        scratch.mutablePointer)
    }
    if biasGradient == nil {
      forEachPart(body)
    } else {  // items share the bias: one after the other
      for item in 0..<l.batch { call(item..<item + 1, body) }
    }
    return tokenGradients + (prompts == nil ? [] : [promptGradient])
      + (bias == nil ? [] : [biasGradient])
  }
}
