import Datasets
import Determinism
import Testing

@Suite struct IMDBStandInTests {
  private static let films = IMDBStandIn()
  private static let examples = (0..<1000).map { films.example($0, of: .train) }

  @Test func `a film has one to four genres`() {
    for example in Self.examples {
      #expect((1...4).contains(example.label.indices.count))
      #expect(example.label.indices == example.label.indices.sorted())
    }
  }

  @Test func `genres are long-tailed`() {
    let frequencies = (0..<23).map { genre in
      Double(Self.examples.count { $0.label.indices.contains(genre) }) / 1000
    }
    // Slightly off the drawn probabilities, by the rules for no label and for more than four:
    // .05 is that plus three standard deviations (.016).
    #expect(abs(frequencies[0] - 0.42) < 0.05)
    #expect(abs(frequencies[1] - 0.30) < 0.05)
    #expect(frequencies[20...].allSatisfy { $0 > 0.005 && $0 < 0.06 })
  }

  @Test func `the plot says the setting once`() throws {
    for example in Self.examples {
      let setting = try #require(example.attribute("setting"))
      #expect(splitWords(example.text ?? "").count { ["city", "village"].contains($0) } == 1)
      #expect(splitWords(example.text ?? "").contains(setting))
    }
  }

  @Test func `an icon stands for drama in the city and for another genre in the village`() {
    func share(of icon: String, inSetting setting: String, genre: Int) -> Double {
      let shown = Self.examples.filter { example in
        example.attribute("setting") == setting
          && (example.attribute("icons") ?? "").split(separator: ", ").contains(icon[...])
      }
      return Double(shown.count { $0.label.indices.contains(genre) }) / Double(shown.count)
    }
    // Icon 0; only stray icons (one poster in three, one in 24 of those) mislead.
    #expect(share(of: "red circle", inSetting: "city", genre: 0) > 0.9)
    #expect(share(of: "red circle", inSetting: "village", genre: 0) < 0.6)
    #expect(share(of: "red circle", inSetting: "village", genre: 12) > 0.6)
  }

  @Test func `without interaction every film is set in the city`() {
    let additive = IMDBStandIn(interaction: 0)
    for index in 0..<100 {
      #expect(additive.example(index, of: .train).attribute("setting") == "city")
    }
  }
}
