import Reporting
import Testing

@Suite struct TicksTests {
  /// Reference: `labeling::extended` of R, the authors' implementation, for the first;
  /// the others follow from the definition.
  @Test(arguments: [
    (8.1, 14.1, 4, [8.0, 10, 12, 14]), (0.0, 100, 5, [0.0, 25, 50, 75, 100]),
    (0.0, 1, 6, [0.0, 0.2, 0.4, 0.6, 0.8, 1]),
  ])
  func `ticks are the ones of the paper`(
    lower: Double, upper: Double, count: Int, expected: [Double]
  ) {
    let found = Ticks(from: lower, to: upper, count: count).values
    #expect(found.count == expected.count)
    // A step such as 0.2 is a product of rounded factors.
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-12) }
  }

  @Test func `labels have the decimals that tell them apart`() {
    let ticks = Ticks(from: 0, to: 1, count: 5)
    #expect(ticks.values.map(ticks.label) == ["0.00", "0.25", "0.50", "0.75", "1.00"])
  }

  @Test func `a range around zero is labelled at zero exactly`() {
    #expect(Ticks(from: -0.7, to: 1.1, count: 6).values.contains(0))
  }
}
