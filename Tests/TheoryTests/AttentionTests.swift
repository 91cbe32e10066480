import Determinism
import Testing
import Theory

/// A layer, one instance of `tokens` tokens, and a prompt, all random.
struct Sample {
  let layer: AttentionLayer
  let tokens: [[Double]]
  let prompt: [Double]

  init(_ seed: UInt64, width: Int = 16, tokens count: Int = 8) {
    let random = RandomStream(seed: seed)
    layer = AttentionLayer(width: width, random.stream("layer"))
    var (forTokens, forPrompt) = (random.stream("tokens"), random.stream("prompt"))
    tokens = (0..<count).map { _ in forTokens.normals(width) }
    prompt = forPrompt.normals(width)
  }

  func attention(_ rows: PromptedAttention.Rows) -> PromptedAttention {
    PromptedAttention(layer, tokens: tokens, rows: rows)
  }
}

/// Central differences of a function, step 1e-5: exact to about 1e-9 for the smooth functions here.
func differences(_ function: ([Double]) -> Double, at point: [Double]) -> [Double] {
  point.indices.map { i in
    func value(_ shift: Double) -> Double {
      var moved = point
      moved[i] += shift
      return function(moved)
    }
    return (value(1e-5) - value(-1e-5)) / 2e-5
  }
}

@Suite struct AttentionTests {
  static let kinds: [PromptedAttention.Rows] = [.content, .all]

  @Test func `the map is the softmax over content and prompt columns`() {
    let sample = Sample(1)
    let map = sample.attention(.all).map(sample.prompt)
    let all = sample.tokens + [sample.prompt]
    let expected = all.flatMap { row in
      softmax(
        all.map { column in
          zip(row, sample.layer.scores.times(column)).reduce(0) { $0 + $1.0 * $1.1 }
        })
    }
    #expect(squaredDistance(map, expected) < 1e-28)  // 81 entries below 1, each right to rounding
  }

  @Test(arguments: kinds)
  func `rows sum to one`(rows: PromptedAttention.Rows) {
    let sample = Sample(2)
    let map = sample.attention(rows).map(sample.prompt)
    for start in stride(from: 0, to: map.count, by: 9) {
      #expect(abs(map[start..<start + 9].reduce(0, +) - 1) < 1e-14)
    }
  }

  @Test func `a prompt leaves the ratios inside a content row alone`() {
    let sample = Sample(3)
    let attention = sample.attention(.content)
    let (one, other) = (attention.map(sample.prompt), attention.map(sample.prompt.map { -$0 }))
    #expect(abs(one[0] / one[1] - other[0] / other[1]) < 1e-12 * one[0] / one[1])
  }

  @Test(arguments: kinds)
  func `the gradient is that of central differences`(rows: PromptedAttention.Rows) {
    let (sample, other) = (Sample(4), Sample(5))
    let attention = sample.attention(rows)
    let discrepancy = Discrepancy([attention], hidden: [other.prompt])
    let found = discrepancy.totalWithGradient(sample.prompt)
    #expect(found.value == discrepancy.total(sample.prompt))
    let expected = differences(discrepancy.total, at: sample.prompt)
    for (a, b) in zip(found.gradient, expected) { #expect(abs(a - b) < 1e-8) }
  }

  @Test func `a map that saturates stays finite`() {
    let sample = Sample(6)
    let attention = sample.attention(.all)
    for factor in [1e4, -1e4] {
      let prompt = sample.prompt.map { factor * $0 }
      let map = attention.map(prompt)
      #expect(map.allSatisfy { $0.isFinite })
      let gradient = attention.pulledBack(map, map: map, prompt: prompt)
      #expect(gradient.allSatisfy { $0.isFinite })
    }
  }

  @Test func `the twin of a prompt is another prompt with the same map`() throws {
    let sample = Sample(7)
    let attention = sample.attention(.all)
    let twin = try #require(attention.twin(of: sample.prompt))
    #expect(squaredDistance(twin, sample.prompt) > 1e-3)
    // The twin is found by elimination, whose error grows with its length.
    #expect(squaredDistance(attention.map(twin), attention.map(sample.prompt)) < 1e-20)
  }
}
