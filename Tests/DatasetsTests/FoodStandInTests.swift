import Datasets
import Determinism
import Testing

@Suite struct FoodStandInTests {
  private static let food = FoodStandIn()
  private static let examples = (0..<600).map { food.example($0, of: .train) }

  @Test func `the label is the modifier and the head`() throws {
    #expect(Self.food.task.labels.count == 30)
    for example in Self.examples {
      let modifier = try #require(example.attribute("modifier"))
      let head = try #require(example.attribute("head"))
      #expect(Self.food.task.labels[example.label.indices[0]] == "\(modifier) \(head)")
    }
  }

  /// The classes that each (shape, colour) of a main dish occurs with.
  private func classes(ofLooksAt interaction: Double) throws -> [String: Set<Int>] {
    var classes: [String: Set<Int>] = [:]
    let food = FoodStandIn(interaction: interaction)
    for index in 0..<600 {
      let example = food.example(index, of: .train)
      let shape = try #require(example.attribute("shape"))
      let colour = try #require(example.attribute("colour"))
      classes["\(colour) \(shape)", default: []].insert(example.label.indices[0])
    }
    return classes
  }

  @Test func `a look names two dishes with interaction and one without`() throws {
    let withInteraction = try classes(ofLooksAt: 1)
    #expect(withInteraction.count == 30)
    #expect(withInteraction.values.allSatisfy { $0.count == 2 })
    let without = try classes(ofLooksAt: 0)
    #expect(without.values.allSatisfy { $0.count == 1 })
  }

  @Test func `the look and the meal together name the dish at every strength of interaction`()
    throws
  {
    for interaction in [0, 0.5, 1] {
      var classes: [String: Int] = [:]
      for index in 0..<300 {
        let example = FoodStandIn(interaction: interaction).example(index, of: .train)
        let look = ["shape", "colour", "meal"].compactMap { example.attribute($0) }.joined()
        #expect(classes[look, default: example.label.indices[0]] == example.label.indices[0])
        classes[look] = example.label.indices[0]
      }
    }
  }

  @Test func `the title always says the meal, and both meals are equally frequent`() throws {
    for example in Self.examples {
      let meal = try #require(example.attribute("meal"))
      #expect(splitWords(example.text ?? "").contains(meal))
    }
    // Binomial, n = 600: standard deviation 12.
    #expect(abs(Self.examples.count { $0.attribute("meal") == "dinner" } - 300) < 48)
  }

  @Test func `interaction is the share of items whose meal is drawn`() {
    let half = FoodStandIn(interaction: 0.5)
    let dinners = (0..<600).count { half.example($0, of: .train).attribute("meal") == "dinner" }
    // Binomial, n = 600, p = .25: mean 150, standard deviation 10.6.
    #expect(abs(dinners - 150) < 43)
  }
}
