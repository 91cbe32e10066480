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

  @Test(.timeLimit(.minutes(1)), arguments: [1 << 52, 32_767, Int.max])
  func `a size that no decoded image has is refused before a mask of it is made`(_ side: Int) {
    let polygon: [[Double]] = [[0, 0, 4, 0, 4, 4]]
    for found in [
      failure { _ = try MaskRuns(height: side, width: side, counts: [1], source: "test") },
      failure { _ = try MaskRuns(height: side, width: side, text: "1", source: "test") },
      failure { _ = try MaskRuns(polygons: polygon, height: side, width: side, source: "test") },
    ] {
      #expect(found?.kind == .badInput)
      #expect(found?.description.contains("1 to 33554432 pixels") == true, "\(found?.description ?? "")")
    }
  }

  @Test func `a point however far outside of the image is named`() {
    for far in [-9.3e18, 1e300, -.infinity, .nan] {
      let found = failure { _ = try MaskRuns(polygons: [[0, 0, far, 0, 4, 4]], height: 8, width: 8, source: "test") }
      #expect(found?.description.contains("lies outside of the image") == true, "\(far)")
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
