import CKernels
import CKernels.Reference
import Testing

/// Inputs of one attention call with padded strides, and what the reference makes of them.
private struct AttentionCase {
  var shape: mope_attention_shape
  let q: [Float]
  let promptKeys: [Float]
  let promptValues: [Float]
  let keys: [Float]
  let values: [Float]
  let bias: [Float]?
  let doutput: [Float]

  enum Bias { case none, mask, perHead, full }

  init(
    batch: Int = 2, heads: Int = 2, n: Int, p: Int, m: Int, d: Int, bias kind: Bias = .none,
    dropout: Float = 0
  ) {
    let width = heads * d
    let (ldq, ldp, ldk) = (width + 3, 2 * width, width + 1)
    q = normals(batch * n * ldq, 1)
    promptKeys = normals(batch * p * ldp, 2)
    promptValues = normals(batch * p * ldp, 3)
    keys = normals(batch * m * ldk, 4)
    values = normals(batch * m * ldk, 5)
    doutput = normals(batch * n * width, 6)
    shape = mope_attention_shape()
    shape.batch = Int32(batch)
    shape.heads = Int32(heads)
    shape.n = Int32(n)
    shape.p = Int32(p)
    shape.m = Int32(m)
    shape.d = Int32(d)
    shape.ldq = ldq
    shape.ldp = ldp
    shape.ldk = ldk
    shape.scale = 1 / Float(d).squareRoot()
    shape.dropout_rate = dropout
    shape.dropout_key = 99
    shape.bias_batch = 1
    switch kind {
    case .none:
      bias = nil
    case .mask:  // [batch, 1, 1, m], the last key masked when there is another
      var mask = [Float](repeating: 0, count: batch * m)
      for b in 0..<batch where m > 1 { mask[b * m + m - 1] = -.infinity }
      bias = mask
      shape.bias_batch = Int32(batch)
      shape.bias_batch_stride = m
    case .perHead:  // [heads, n, m], the same for all
      bias = normals(heads * n * m, 7)
      shape.bias_head_stride = n * m
      shape.bias_row_stride = m
    case .full:  // [1 of every 2 items, heads, n, m], as shifted windows have
      bias = normals(2 * heads * n * m, 8)
      shape.bias_batch = 2
      shape.bias_batch_stride = heads * n * m
      shape.bias_head_stride = n * m
      shape.bias_row_stride = m
    }
  }

  var scores: Int { Int(shape.batch * shape.heads * shape.n * (shape.p + shape.m)) }

  /// Calls `body` with the shape, its bias in place.
  func withShape<Result>(_ body: (UnsafePointer<mope_attention_shape>) -> Result) -> Result {
    var shape = shape
    guard let bias else { return body(&shape) }
    return bias.withUnsafeBufferPointer {
      shape.bias = $0.baseAddress
      return body(&shape)
    }
  }

  /// Output and probabilities.
  func forward(_ table: mope_kernel_table?) -> [[Float]] {
    withShape { shape in
      var probabilities: [Float] = []
      let output = written(doutput.count) { output in
        probabilities = written(scores) { probabilities in
          guard let table else {
            return mope_reference_attention(
              shape, q, promptKeys, promptValues, keys, values, output, probabilities)
          }
          _ = written(mope_attention_scratch(shape)) {
            table.attention(
              shape, q, promptKeys, promptValues, keys, values, output, probabilities, $0)
          }
        }
      }
      return [output, probabilities]
    }
  }

  /// Gradients of q, prompt keys and values, keys, values and the bias; those not `wanted` are left alone.
  func backward(
    _ table: mope_kernel_table?, _ probabilities: [Float], wanted: Set<Int> = Set(0..<6)
  ) -> [[Float]] {
    var all = [q, promptKeys, promptValues, keys, values].map { $0.map { _ in -77 as Float } }
    all.append(bias.map { $0.map { _ in 0.5 as Float } } ?? [])
    withShape { shape in
      func with(_ i: Int, _ found: [UnsafeMutablePointer<Float>?]) {
        guard i < 6 else {
          guard let table else {
            return mope_reference_attention_gradient(
              shape, q, promptKeys, promptValues, keys, values, probabilities, doutput, found[0],
              found[1], found[2], found[3], found[4], found[5])
          }
          _ = written(mope_attention_scratch(shape)) {
            table.attention_gradient(
              shape, q, promptKeys, promptValues, keys, values, probabilities, doutput, found[0],
              found[1], found[2], found[3], found[4], found[5], $0)
          }
          return
        }
        let absent = !wanted.contains(i) || (i == 5 && bias == nil)
        all[i] = updated(all[i]) { with(i + 1, found + [absent ? nil : $0]) }
      }
      with(0, [])
    }
    return all
  }
}

@Suite struct KernelAttentionTests {
  private let cases: [(String, AttentionCase)] = [
    ("one of everything", AttentionCase(n: 1, p: 1, m: 1, d: 1)),
    ("mini", AttentionCase(heads: 4, n: 17, p: 13, m: 17, d: 16)),
    ("mini, class token only", AttentionCase(heads: 4, n: 1, p: 13, m: 17, d: 16)),
    ("mini text", AttentionCase(batch: 3, n: 13, p: 4, m: 13, d: 16, bias: .mask)),
    ("no prompts", AttentionCase(n: 9, p: 0, m: 9, d: 8)),
    ("prompts only", AttentionCase(n: 3, p: 5, m: 0, d: 4)),
    ("window", AttentionCase(batch: 4, n: 49, p: 13, m: 49, d: 32, bias: .full)),
    ("relative bias", AttentionCase(n: 16, p: 3, m: 16, d: 24, bias: .perHead)),
    ("odd width", AttentionCase(n: 7, p: 2, m: 21, d: 13, bias: .mask)),
    ("many keys", AttentionCase(batch: 1, heads: 1, n: 70, p: 6, m: 500, d: 20)),
    ("dropout", AttentionCase(n: 17, p: 13, m: 17, d: 16, bias: .perHead, dropout: 0.2)),
    ("dropout, many keys", AttentionCase(batch: 1, n: 40, p: 0, m: 600, d: 8, dropout: 0.5)),
  ]

  @Test func `output and probabilities are those of the reference`() {
    for table in kernelTables {
      for (name, call) in cases {
        let found = call.forward(table)
        let expected = call.forward(nil)
        expectClose(found[0], expected[0], absolute: 5e-6, name)
        expectClose(found[1], expected[1], absolute: 1e-7, relative: 1e-5, name)
      }
    }
  }

  @Test func `gradients are those of the reference`() {
    for table in kernelTables {
      for (name, call) in cases {
        let probabilities = call.forward(nil)[1]
        let found = call.backward(table, probabilities)
        let expected = call.backward(nil, probabilities)
        for i in 0..<6 {
          expectClose(found[i], expected[i], absolute: 1e-5, "\(name), gradient \(i)")
        }
      }
    }
  }

  @Test func `gradients that are not wanted are left alone`() {
    let subsets: [Set<Int>] = [[0], [1, 2], [3, 4], [1, 2, 3, 4], [0, 1, 2], [5], [2, 4]]
    for table in kernelTables {
      for (name, call) in cases {
        let probabilities = call.forward(nil)[1]
        let all = call.backward(table, probabilities)
        for wanted in subsets {
          let found = call.backward(table, probabilities, wanted: wanted)
          for i in 0..<6 {
            let untouched = found[i].map { _ in i == 5 ? 0.5 : -77 as Float }
            let expected = wanted.contains(i) ? all[i] : untouched
            expectClose(found[i], expected, absolute: 0, "\(name), gradient \(i)")
          }
        }
      }
    }
  }

  @Test func `a query that sees no key gives NaN`() {
    for table in kernelTables {
      var call = AttentionCase(n: 2, p: 0, m: 1, d: 8, bias: .mask)
      call.shape.scale = -.infinity
      #expect(call.forward(table)[0].allSatisfy { $0.isNaN })
    }
  }
}
