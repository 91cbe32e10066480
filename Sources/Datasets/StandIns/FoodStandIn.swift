import Determinism

/// A generated stand-in for UPMC Food-101: which of 30 dishes is it, from a photo and a noisy
/// title?
///
/// A dish is a head (cake, soup, …: the shape) with a modifier (berry, herb, …: the colour). The
/// meal, always said in the title, decides how a colour reads: modifier m is drawn in colour m at
/// lunch and m + 2 at dinner. So one look names two dishes, and title and photo have to be
/// combined, not added.
public struct FoodStandIn: Dataset {
  public let name = "UPMC Food-101 (stand-in)"
  public let task: DatasetTask
  public let sizes: SplitSizes
  /// The probability that an item's meal is drawn at all; other items are lunches. At 1 the two
  /// meals are equally frequent and the meal changes how colours read. At 0 a colour always reads
  /// the same and the evidence of the two modalities adds up.
  public let interaction: Double
  private let stream: RandomStream

  /// - Parameter dataSeed: another seed draws another dataset of the same kind.
  public init(
    dataSeed: UInt64 = 1, sizes: SplitSizes = SplitSizes(train: 12_000), interaction: Double = 1
  ) {
    require(
      (0...1).contains(interaction), "interaction: expected 0 to 1, found \(interaction)")
    self.sizes = sizes
    self.interaction = interaction
    stream = RandomStream(seed: dataSeed).stream("food-101")
    task = .classification(
      labels: Food.heads.flatMap { head in Food.modifiers.map { "\($0.name) \(head.name)" } })
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("dish")
    let head = random.integer(below: Food.heads.count)
    let modifier = random.integer(below: Food.modifiers.count)
    let drawnMeal = random.integer(below: 2)
    let meal = random.chance(interaction) ? drawnMeal : 0

    var photo = item.stream("photo")
    let tinted = photo.chance(0.3)
    let grey = 0.9 * -0.5
    let tint = Food.meals[meal].tint
    var painter = Painter(
      tint: tinted
        ? RGB(0.9 * tint.red + grey, 0.9 * tint.green + grey, 0.9 * tint.blue + grey)
        : RGB(0, 0, 0), &photo)
    let cells = Grid.cells(jitter: 1.5, &photo)
    let hasSide = photo.chance(0.6)
    if hasSide {
      let sideHead = (head + 1 + photo.integer(below: Food.heads.count - 1)) % Food.heads.count
      let sideModifier =
        (modifier + 1 + photo.integer(below: Food.modifiers.count - 1)) % Food.modifiers.count
      Self.serve(
        sideHead, sideModifier, meal, at: cells[1], radius: photo.uniform(4.2, 6), &painter, &photo)
    }
    Self.serve(
      head, modifier, meal, at: cells[0], radius: photo.uniform(4.8, 6.8), &painter, &photo)
    let image = painter.image(noise: 0.05, &photo)

    var words = item.stream("title")
    return Example(
      image: image, text: Self.title(head, modifier, meal, &words),
      label: .class(head * Food.modifiers.count + modifier),
      attributes: [
        Attribute("head", Food.heads[head].name),
        Attribute("modifier", Food.modifiers[modifier].name),
        Attribute("meal", Food.meals[meal].name),
        Attribute("shape", Food.heads[head].shape.name),
        Attribute("colour", Food.colour(modifier, meal).name),
        Attribute("side dish", hasSide ? "yes" : "no"),
      ])
  }

  /// A dish on its light tray.
  private static func serve(
    _ head: Int, _ modifier: Int, _ meal: Int, at cell: Point, radius: Double,
    _ painter: inout Painter, _ random: inout RandomStream
  ) {
    let tray = 0.8 + 0.04 * random.normal()
    let half = 0.85 * 1.45 * radius
    painter.fill(
      .rectangle(x: cell.x, y: cell.y, halfWidth: half, halfHeight: half), RGB(tray, tray, tray))
    painter.fill(
      Food.heads[head].shape.outline(x: cell.x, y: cell.y, radius: radius),
      Food.colour(modifier, meal).varied(&random, spread: 0.08))
  }

  /// Filler with the meal and, most of the time, the modifier and the head, together at a random
  /// place.
  private static func title(
    _ head: Int, _ modifier: Int, _ meal: Int, _ random: inout RandomStream
  ) -> String {
    var filler = (0..<3 + random.integer(below: 5)).map { _ in random.pick(Food.filler) }
    var said = [Food.meals[meal].name]
    if random.chance(0.6) { said.append(Self.said(modifier, of: Food.modifiers, &random)) }
    if random.chance(0.92) { said.append(Self.said(head, of: Food.heads, &random)) }
    filler.insert(contentsOf: said, at: random.integer(below: filler.count + 1))
    return filler.joined(separator: " ")
  }

  /// The word for a concept: sometimes of a wrong one, sometimes one of its secondary words.
  private static func said<Concept: FoodConcept>(
    _ index: Int, of concepts: [Concept], _ random: inout RandomStream
  ) -> String {
    let isWrong = random.chance(0.03)
    let shift = isWrong ? 1 + random.integer(below: concepts.count - 1) : 0
    let concept = concepts[(index + shift) % concepts.count]
    return random.chance(0.3) ? random.pick(concept.secondary) : concept.name
  }
}

/// A word of a dish with words that go with it.
protocol FoodConcept: Sendable {
  var name: String { get }
  var secondary: [String] { get }
}

/// The world of the Food-101 stand-in.
enum Food {
  struct Head: FoodConcept {
    let name: String
    let shape: Shape
    let secondary: [String]
  }

  struct Modifier: FoodConcept {
    let name: String
    let secondary: [String]
  }

  struct Meal: Sendable {
    let name: String
    let tint: RGB
  }

  static let heads = [
    Head(name: "cake", shape: .circle, secondary: ["flour", "oven"]),
    Head(name: "soup", shape: .square, secondary: ["bowl", "broth"]),
    Head(name: "salad", shape: .triangle, secondary: ["fresh", "leaf"]),
    Head(name: "pasta", shape: .cross, secondary: ["noodle", "boil"]),
    Head(name: "pie", shape: .ring, secondary: ["crust", "slice"]),
    Head(name: "burger", shape: .diamond, secondary: ["bun", "grill"]),
  ]

  /// "fresh" goes with salad and with lemon, on purpose.
  static let modifiers = [
    Modifier(name: "berry", secondary: ["sweet", "red"]),
    Modifier(name: "herb", secondary: ["basil", "green"]),
    Modifier(name: "cheese", secondary: ["cream", "yellow"]),
    Modifier(name: "lemon", secondary: ["sour", "fresh"]),
    Modifier(name: "plum", secondary: ["jam", "purple"]),
  ]

  static let meals = [
    Meal(name: "lunch", tint: RGB(0.62, 0.50, 0.38)),
    Meal(name: "dinner", tint: RGB(0.36, 0.44, 0.60)),
  ]

  /// Heads that occur in the pretraining corpus only: name and secondary words.
  static let pretrainingHeads = [
    Head(name: "pizza", shape: .circle, secondary: ["dough", "tomato"]),
    Head(name: "sushi", shape: .square, secondary: ["rice", "fish"]),
  ]

  static let filler = [
    "best", "easy", "quick", "recipe", "how", "to", "make", "homemade", "the", "with", "my",
    "favourite", "video", "review", "blog", "top", "ten", "photo", "simple", "perfect", "food",
    "menu", "kitchen", "cooking", "guide",
  ]

  private static let colours: [Colour] = [.red, .green, .yellow, .cyan, .purple]

  /// The colour that a modifier has at a meal.
  static func colour(_ modifier: Int, _ meal: Int) -> Colour {
    colours[(modifier + 2 * meal) % colours.count]
  }

  /// All words, in a fixed order.
  static let words: [String] =
    meals.map(\.name) + (heads + pretrainingHeads).flatMap { [$0.name] + $0.secondary }
    + modifiers.flatMap { [$0.name] + $0.secondary } + filler
}

extension DatasetID {
  public static let food101 = DatasetID(rawValue: "food-101")
}

extension DatasetDescriptor {
  static let food101 = DatasetDescriptor(
    .food101, title: "Food-101", paperName: "UPMC Food-101", goal: .classes, metrics: [.accuracy], papersBatchSize: 38,
    training: CompactTraining(epochs: 4, milestones: [2, 3]), keepsFeatures: true,
    standIn: StandInSource(sizes: SplitSizes(train: 12_000)) { seed, sizes, interaction in
      FoodStandIn(dataSeed: seed, sizes: sizes, interaction: interaction)
    })
}
