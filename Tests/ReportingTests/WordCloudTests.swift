import Determinism
import Reporting
import Testing

@Suite struct WordCloudTests {
  static let words = (0..<40).map { i in
    WordCloud.Word("word\(String(repeating: "gy", count: i % 4))\(i)", 100 / Double(i + 1))
  }
  let cloud = WordCloud("title", words: WordCloudTests.words)

  @Test func `no letters overlap`() throws {
    let placed = try cloud.placements()
    for (i, one) in placed.enumerated() {
      for other in placed[..<i] {
        for box in one.boxes { #expect(!other.boxes.contains { $0.meets(box) }) }
      }
    }
  }

  @Test func `every word is there and inside the picture`() throws {
    let placed = try cloud.placements()
    #expect(Set(placed.map(\.word)) == Set(cloud.words))
    let page = Rectangle(0, 0, Double(cloud.width), Double(cloud.height))
    for one in placed {
      #expect(!one.boxes.isEmpty && one.boxes.allSatisfy { page.contains($0) })
    }
  }

  @Test func `areas are in proportion to frequencies`() throws {
    let placed = try WordCloud(
      words: [.init("aaa", 90), .init("bbb", 40), .init("ccc", 40)]).placements()
    #expect(placed.map(\.word.text) == ["aaa", "bbb", "ccc"])
    let ratio = placed[0].style.size / placed[1].style.size
    #expect(abs(ratio * ratio - 90.0 / 40) < 1e-12)
    #expect(placed[1].style.size == placed[2].style.size)
  }

  @Test func `the most frequent word is in the middle`() throws {
    let first = try #require(try WordCloud(words: Self.words).placements().first)
    let left = first.boxes.map(\.x).min() ?? 0
    let right = first.boxes.map(\.right).max() ?? 0
    #expect(first.word == Self.words[0])
    #expect(abs((left + right) / 2 - 160) < 1e-9)
  }

  @Test func `the order given does not matter`() throws {
    let reversed = try WordCloud(words: Self.words.reversed()).placements()
    #expect(try reversed == WordCloud(words: Self.words).placements())
  }

  @Test func `words that do not fit are an error, not left out`() {
    let many = WordCloud(words: Self.words, width: 70, height: 60)
    #expect(throws: Failure.self) { try many.placements() }
  }

  @Test(arguments: [0, -1, Double.nan, .infinity])
  func `frequencies must be positive`(frequency: Double) {
    #expect(throws: Failure.self) { try WordCloud(words: [.init("a", frequency)]).placements() }
  }
}
