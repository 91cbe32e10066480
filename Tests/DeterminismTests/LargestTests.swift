import Determinism
import Testing

@Suite struct LargestTests {
  @Test func `the largest is the first of equals`() {
    #expect([1, 3, 2, 3].indexOfLargest == 1)
    #expect([-2.5, -1.5, -1.5].indexOfLargest == 1)
    #expect([0, 9, 5, 7][2...].indexOfLargest == 3)
    #expect([Int]().indexOfLargest == nil)
  }
}
