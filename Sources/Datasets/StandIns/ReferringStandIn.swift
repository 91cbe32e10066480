import Determinism

/// A generated stand-in for RefCOCO and RefCOCO+: which pixels belong to the object that is spoken of?
///
/// Three or four objects, half of them made to share an attribute with the object spoken of. The
/// expression names just enough attributes to single it out: colour, shape, size and, in the style of
/// RefCOCO only, where it is. Round objects play the people of test A, angular ones the things of test B.
public struct ReferringStandIn: Dataset {
  /// What an expression may mention.
  public enum Style: Sendable {
    /// Looks and places.
    case refCOCO
    /// Looks only.
    case refCOCOPlus
  }

  public let name: String
  public let task = DatasetTask.segmentation
  public let style: Style
  /// `test` is the size of test A and of test B each.
  public let sizes: SplitSizes
  private let stream: RandomStream

  /// - Parameter dataSeed: another seed draws another dataset of the same kind.
  public init(
    _ style: Style, dataSeed: UInt64 = 1,
    sizes: SplitSizes = SplitSizes(train: 8000, validation: 1000, test: 1000)
  ) {
    self.style = style
    self.sizes = sizes
    name = style == .refCOCO ? "RefCOCO (stand-in)" : "RefCOCO+ (stand-in)"
    stream = RandomStream(seed: dataSeed).stream(
      style == .refCOCO ? "refcoco" : "refcoco+")
  }

  public func count(_ split: Split) -> Int {
    switch split {
    case .train: sizes.train
    case .validation: sizes.validation
    case .test: 0
    case .testA, .testB: sizes.test
    }
  }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("scene")
    var scene: ReferringScene
    var mentioned: [ReferringExpression.Attribute]?
    repeat {
      scene = ReferringScene(targets: Self.shapes(split), &random)
      mentioned = ReferringExpression.attributes(of: scene, style, &random)
    } while mentioned == nil

    var noise = item.stream("noise")
    var painter = Painter(&noise)
    var mask = [UInt8](repeating: 0, count: painter.size * painter.size)
    for (place, object) in scene.objects.enumerated() {
      painter.fill(object.outline, object.colour.varied(&noise))
      let inside = coverage(of: object.outline, width: painter.size, height: painter.size)
      for i in mask.indices where inside[i] >= 128 { mask[i] = place == scene.target ? 1 : 0 }
    }
    let image = painter.pixels(noise: 0.04, &noise)
    let target = scene.objects[scene.target]
    var words = item.stream("text")
    return Example(
      image: image,
      text: ReferringExpression.text(scene.descriptions[scene.target], mentioned ?? [], &words),
      label: .mask(mask),
      attributes: [
        Attribute("colour", target.colour.name), Attribute("shape", target.shape.name),
        Attribute("size", scene.descriptions[scene.target][.size] ?? ""),
        Attribute("mentioned", (mentioned ?? []).map(\.rawValue).joined(separator: " ")),
      ])
  }

  /// Shapes that may be spoken of in a split.
  private static func shapes(_ split: Split) -> [Shape] {
    switch split {
    case .train, .validation, .test: Shape.allCases
    case .testA: [.circle, .ring]
    case .testB: [.square, .triangle, .cross, .diamond]
    }
  }
}

/// Three or four objects, one of which is spoken of.
struct ReferringScene {
  let objects: [SceneObject]
  /// What can be said of each object.
  let descriptions: [[ReferringExpression.Attribute: String]]
  /// The place of the object spoken of.
  let target: Int

  init(targets: [Shape], _ random: inout RandomStream) {
    let count = 3 + random.integer(below: 2)
    let cells = random.permutation(4).prefix(count)
    target = random.integer(below: count)
    let shape = random.pick(targets)
    let colour = random.pick(Colour.allCases)
    var objects: [SceneObject] = []
    var descriptions: [[ReferringExpression.Attribute: String]] = []
    for (place, cell) in cells.enumerated() {
      let sharesShape = random.chance(0.35)
      let sharesColour = random.chance(0.35)
      let otherShape = random.pick(Shape.allCases)
      let otherColour = random.pick(Colour.allCases)
      let isBig = random.chance(0.5)
      let object = SceneObject(
        shape: place == target || sharesShape ? shape : otherShape,
        colour: place == target || sharesColour ? colour : otherColour,
        x: Double(9 + 18 * (cell % 2)) + random.uniform(-1.5, 1.5),
        y: Double(9 + 18 * (cell / 2)) + random.uniform(-1.5, 1.5),
        radius: isBig ? random.uniform(6.4, 7.6) : random.uniform(3.9, 4.9))
      objects.append(object)
      descriptions.append([
        .size: isBig ? "big" : "small", .colour: object.colour.name, .shape: object.shape.name,
        .row: cell / 2 == 0 ? "top" : "bottom", .column: cell % 2 == 0 ? "left" : "right",
      ])
    }
    self.objects = objects
    self.descriptions = descriptions
  }
}

/// Expressions that single out one object of a scene.
enum ReferringExpression {
  /// What an expression can mention, in the order in which it is said.
  enum Attribute: String, CaseIterable {
    case size, colour, shape, row, column
  }

  /// A random smallest set of attributes that only the target has; nil if no set does.
  static func attributes(
    of scene: ReferringScene, _ style: ReferringStandIn.Style, _ random: inout RandomStream
  ) -> [Attribute]? {
    let allowed: [Attribute] =
      style == .refCOCO ? Attribute.allCases : [.size, .colour, .shape]
    let order = random.permutation(allowed.count).map { allowed[$0] }
    func singlesOut(_ set: [Attribute]) -> Bool {
      let wanted = scene.descriptions[scene.target]
      return scene.descriptions.count { other in
        set.allSatisfy { other[$0] == wanted[$0] }
      } == 1
    }
    guard singlesOut(order) else { return nil }
    var set = order
    for attribute in order where singlesOut(set.filter { $0 != attribute }) {
      set.removeAll { $0 == attribute }
    }
    return Attribute.allCases.filter(set.contains)
  }

  /// "the [small] [red] [ring | thing] [at the top] [on the left]"
  static func text(
    _ description: [Attribute: String], _ mentioned: [Attribute], _ random: inout RandomStream
  ) -> String {
    func said(_ attribute: Attribute) -> String? {
      mentioned.contains(attribute) ? description[attribute] : nil
    }
    var words = ["the"]
    if let size = said(.size) { words.append(size) }
    if let colour = said(.colour) { words.append(colour) }
    words.append(said(.shape) ?? random.pick(nouns))
    if let row = said(.row) { words += ["at", "the", row] }
    if let column = said(.column) { words += ["on", "the", column] }
    return words.joined(separator: " ")
  }

  private static let nouns = ["thing", "one"]

  /// A random expression, for the pretraining corpus.
  static func any(_ random: inout RandomStream) -> String {
    let description: [Attribute: String] = [
      .size: random.pick(HypothesisGrammar.sizes), .colour: random.pick(Colour.allCases).name,
      .shape: random.pick(Shape.allCases).name, .row: random.pick(HypothesisGrammar.rows),
      .column: random.pick(HypothesisGrammar.columns),
    ]
    let mentioned = Attribute.allCases.filter { _ in random.chance(0.5) }
    return text(description, mentioned, &random)
  }

  /// Words that no earlier grammar has, in a fixed order.
  static let words = ["the", "thing", "one", "at", "on"]
}
