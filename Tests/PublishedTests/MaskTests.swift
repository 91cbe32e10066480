import Determinism
import Foundation
import Published
import Testing

@Suite struct MaskTests {
  @Test func `polygons fill the pixels that pycocotools fills`() throws {
    for (index, expected) in try PublishedFixture.reference().masks.enumerated() {
      let found = try MaskRuns(
        polygons: expected.polygons, height: expected.height, width: expected.width, source: "test")
      #expect(found.text == expected.text, "mask \(index)")
      #expect(found.area == expected.area, "mask \(index)")
    }
  }

  @Test func `runs come back from their text and from their pixels`() throws {
    for expected in try PublishedFixture.reference().masks {
      let runs = try MaskRuns(
        height: expected.height, width: expected.width, text: expected.text, source: "test")
      #expect(runs.area == expected.area)
      #expect(runs.text == expected.text)
      #expect(MaskRuns(mask: runs.mask, height: expected.height, width: expected.width) == runs)
    }
  }

  @Test func `runs that do not fill the mask, and text that is none, are refused`() {
    for counts in [[5], [3, 4], [-1, 7], [Int.max, Int.max], []] {
      #expect(
        failure { _ = try MaskRuns(height: 2, width: 3, counts: counts, source: "test") }?.kind
          == .badInput)
    }
    for text in ["~", "", "o", "ooooooooooooooooooooo", " "] {
      #expect(
        failure { _ = try MaskRuns(height: 2, width: 3, text: text, source: "test") }?.kind
          == .badInput)
    }
    #expect(
      failure { _ = try MaskRuns(height: 0, width: 3, counts: [], source: "test") }?.kind
        == .badInput)
  }
}
