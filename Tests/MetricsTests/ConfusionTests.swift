import Metrics
import Testing

@Suite struct ConfusionTests {
  /// Two hits, one wrong, three missed, one rightly left out.
  let counts = Confusion(
    [true, true, true, false, false, false, false], [true, true, false, true, true, true, false])

  @Test func `decisions are counted by what is true`() {
    #expect((counts.hits, counts.wrong, counts.missed) == (2, 1, 3))
  }

  @Test func `F1 is twice the hits among all that is decided or true, rounded once`() {
    #expect(counts.f1() == 4.0 / 8)
    #expect(Confusion([true, true, false], [true, false, true]).f1(of: 100) == 200.0 / 4)
    #expect(Confusion([true, true], [true, false]).f1(of: 100) == 200.0 / 3)
    #expect(100 * (2.0 / 3) != 200.0 / 3)  // rounded twice
  }

  @Test func `the overlap is intersection over union`() {
    #expect(counts.overlap() == 2.0 / 6 && counts.overlap(of: 100) == 200.0 / 6)
  }

  @Test func `what is neither decided nor true has no F1 and is covered whole`() {
    let nothing = Confusion([false, false], [false, false])
    #expect(nothing.f1(of: 100) == 0 && nothing.overlap(of: 100) == 100 && Confusion().overlap() == 1)
  }

  @Test func `pooled counts are sums`() {
    var one = Confusion()
    one.add(true, false)
    let both = counts + one
    #expect((both.hits, both.wrong, both.missed) == (2, 2, 3))
  }
}
