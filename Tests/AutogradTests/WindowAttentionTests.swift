import Autograd
import Determinism
import Testing

/// Window attention in plain loops over doubles, prompts copied to every window.
private func reference(
  _ qkv: [Double], _ bias: [Double], kinds: [Int], images: Int, windows: Int, tokens: Int,
  prompts: Int,
  heads: Int, d: Int, source: (Int) -> Int
) -> [Double] {
  let (c, keys, all) = (heads * d, prompts + tokens, images * windows * tokens)
  var output = [Double](repeating: 0, count: (all + images * prompts) * c)
  for item in 0..<images * windows {
    func row(_ j: Int) -> Int {
      j < prompts ? all + source(item) * prompts + j : item * tokens + j - prompts
    }
    for h in 0..<heads {
      func value(_ j: Int, _ part: Int, _ t: Int) -> Double {
        qkv[row(j) * 3 * c + part * c + h * d + t]
      }
      for i in 0..<keys {
        let start = ((kinds[item % windows] * heads + h) * keys + i) * keys
        let scores = (0..<keys).map { j in
          (0..<d).reduce(0.0) { $0 + value(i, 0, $1) * value(j, 1, $1) } / Double(d).squareRoot()
            + bias[start + j]
        }
        let share = i < prompts ? 1 / Double(windows) : 1
        for (j, weight) in softmaxReference(scores).enumerated() {
          for t in 0..<d { output[row(i) * c + h * d + t] += share * weight * value(j, 2, t) }
        }
      }
    }
  }
  return output
}

@Suite struct WindowAttentionTests {
  @Test(arguments: [(2, 2, 4, 3, 2, 3), (2, 3, 4, 0, 1, 5), (1, 1, 9, 2, 2, 4), (3, 2, 1, 1, 1, 1)])
  func `every window of an image holds its prompts, whose outputs are averaged`(
    _ shape: (images: Int, windows: Int, tokens: Int, prompts: Int, heads: Int, d: Int)
  ) {
    let (b, w, m, p, heads, d) = shape
    let rows = PromptedRows(images: b, tokens: w * m, prompts: p)
    let kinds = (0..<w).map { $0 % 2 }
    expectGradient([Operand(rows.count, 3 * heads * d), Operand(2, heads, p + m, p + m)]) {
      windowAttention(
        $0[0], WindowLayout(rows, windowTokens: m), heads: heads,
        bias: WindowBias($0[1], kinds: kinds))
    } reference: {
      reference(
        $0[0], $0[1], kinds: kinds, images: b, windows: w, tokens: m, prompts: p, heads: heads, d: d
      ) { $0 / w }
    }
  }

  @Test func `the authors' tiling takes the prompts of image (b·W + w) mod B`() {
    let (b, w, m, p, heads, d) = (3, 2, 4, 2, 2, 3)
    let rows = PromptedRows(images: b, tokens: w * m, prompts: p)
    expectGradient([Operand(rows.count, 3 * heads * d), .constant([1, heads, p + m, p + m])]) {
      windowAttention(
        $0[0], WindowLayout(rows, windowTokens: m, sharing: .authorsMixed), heads: heads,
        bias: WindowBias($0[1], kinds: [0, 0]))
    } reference: {
      reference(
        $0[0], $0[1], kinds: [0, 0], images: b, windows: w, tokens: m, prompts: p, heads: heads,
        d: d
      ) { $0 % b }
    }
  }

  @Test func `threads do not change the result`() {
    let rows = PromptedRows(images: 4, tokens: 4 * 49, prompts: 13)
    var random = RandomStream(seed: 5)
    func normals(_ shape: [Int]) -> Tensor {
      Tensor((0..<shape.product).map { _ in Float(random.normal()) }, shape)
    }
    let (qkv, bias) = (normals([rows.count, 3 * 64]).variable, normals([1, 2, 62, 62]))
    let cotangent = normals([rows.count, 64])
    func run() -> [[Float]] {
      let y = windowAttention(
        qkv, WindowLayout(rows, windowTokens: 49), heads: 2,
        bias: WindowBias(bias, kinds: [0, 0, 0, 0]))
      return [y.values, y.backward(cotangent)[qkv]?.values ?? []]
    }
    let one = run()
    Compute.setThreads(2)
    let two = run()
    Compute.setThreads(1)
    #expect(one == two)
  }

  @Test func `a relative bias depends on the offset, prompts get none`() {
    let (side, heads, p) = (2, 2, 1)
    let masks: [Double] = (0..<32).map { Double($0 % 5) }
    expectGradient([Operand(9, heads)]) {
      relativeBias($0[0], side: side, masks: Tensor(masks.map(Float.init), [2, 4, 4]), prompts: p)
    } reference: { x in
      var y: [Double] = []
      for kind in 0..<2 {
        for h in 0..<heads {
          for i in -p..<4 {
            for j in -p..<4 {
              let offset = (i / 2 - j / 2 + 1) * 3 + i % 2 - j % 2 + 1
              y.append(
                i < 0 || j < 0 ? 0 : x[0][offset * heads + h] + masks[(kind * 4 + i) * 4 + j])
            }
          }
        }
      }
      return y
    }
  }
}

@Suite struct PromptedRowsTests {
  let rows = PromptedRows(images: 2, tokens: 3, prompts: 2)
  /// Rows 0 … 5 are tokens, 6 … 9 prompts.
  private func moved(_ x: [Double], _ order: [Int], width: Int) -> [Double] {
    order.flatMap { Array(x[$0 * width..<($0 + 1) * width]) }
  }

  @Test func `tokens are rearranged within their image and keep their prompts`() {
    expectGradient([Operand(10, 5)]) {
      $0[0].arranged(rows, order: [2, 0, 1])
    } reference: {
      moved($0[0], [2, 0, 1, 5, 3, 4, 6, 7, 8, 9], width: 5)
    }
  }

  @Test(arguments: [nil, [1, 2, 0] as [Int32]])
  func `fresh prompts take the place of the old ones`(_ order: [Int32]?) {
    expectGradient([Operand(10, 5), Operand(6, 5)]) {
      $0[0].arranged(rows, order: order, prompts: $0[1])
    } reference: {
      moved($0[0], order == nil ? [0, 1, 2, 3, 4, 5] : [1, 2, 0, 4, 5, 3], width: 5) + $0[1]
    }
  }

  @Test func `means are over tokens and prompts of an image`() {
    expectGradient([Operand(10, 3)]) {
      $0[0].means(rows)
    } reference: { x in
      [[0, 1, 2, 6, 7], [3, 4, 5, 8, 9]].flatMap { of in
        (0..<3).map { t in of.reduce(0) { $0 + x[0][$1 * 3 + t] } / 5 }
      }
    }
  }

  @Test func `every image has its factor`() {
    expectGradient([Operand(10, 3)]) {
      $0[0].multiplied(rows, by: [2, -1])
    } reference: { x in
      x[0].enumerated().map { [0, 1, 2, 6, 7].contains($0 / 3) ? 2 * $1 : -$1 }
    }
  }
}
