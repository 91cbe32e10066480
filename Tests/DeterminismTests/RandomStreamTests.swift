import Determinism
import Foundation
import Testing

@Suite struct RandomStreamTests {
  @Test func `the sequence of a seed is fixed for ever`() {
    var random = RandomStream(seed: 1)
    let drawn = (0..<3).map { _ in random.bits() }
    #expect(drawn == [6_791_897_765_849_424_158, 17_405_687_883_870_564_846, 834_844_254_806_117_752])
  }

  @Test func `a child does not depend on what its parent drew`() {
    var random = RandomStream(seed: 7)
    var before = random.stream("a")
    _ = random.bits()
    var after = random.stream("a")
    #expect(before.bits() == after.bits())
  }

  @Test func `children of different names differ`() {
    let random = RandomStream(seed: 7)
    var first = random.stream("a")
    var second = random.stream("b")
    var third = random.stream(0)
    #expect(Set([first.bits(), second.bits(), third.bits()]).count == 3)
  }

  @Test func `normal numbers have mean 0, variance 1 and the tails of a Gaussian`() {
    var random = RandomStream(seed: 5)
    let n = 200_000
    let values = (0..<n).map { _ in random.normal() }
    let mean = values.reduce(0, +) / Double(n)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(n)
    let beyondTwo = Double(values.count { abs($0) > 2 }) / Double(n)
    // Five standard errors: 1/√n, √(2/n), √(p/n).
    #expect(abs(mean) < 0.0112)
    #expect(abs(variance - 1) < 0.0158)
    #expect(abs(beyondTwo - 0.0455) < 0.0024)
  }

  @Test func `integers below a bound are uniform`() {
    var random = RandomStream(seed: 9)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[random.integer(below: 7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 470 })  // five standard deviations
  }

  @Test func `a permutation holds every index once`() {
    var random = RandomStream(seed: 2)
    #expect(random.permutation(100).sorted() == Array(0..<100))
  }

  @Test(arguments: [1e-300, 1e-5, 0.3, 0.7071, 1, 1.4143, 2, 1e10])
  func `the portable logarithm agrees with the platform's`(x: Double) {
    #expect(abs(portableLog(x) - log(x)) <= 4e-15 * max(1, abs(log(x))))
  }
}
