import Determinism

/// A generated stand-in for RefCOCO and RefCOCO+: which pixels belong to the object that is spoken
/// of?
///
/// Three or four objects, half of them made to share an attribute with the object spoken of. The
/// expression names just enough attributes to single it out: colour, shape, size and, in the style
/// of RefCOCO only, where it is. Round objects play the people of test A, angular ones the things
/// of test B.
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
  /// `test` is the size of test A, of test B and of the pairs each.
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
    case .testA, .testB, .pairs: sizes.test
    }
  }

  /// Examples 2i and 2i + 1 of the pairs have one image.
  public func example(_ index: Int, of split: Split) -> Example {
    let isSecond = split == .pairs && index % 2 == 1
    let item = stream.stream(split.rawValue).stream(split == .pairs ? index / 2 : index)
    var random = item.stream("scene")
    let (scene, mentioned) =
      split == .pairs
      ? Self.describablePair(second: isSecond, style, &random)
      : Self.describableScene(split, style, &random)
    var noise = item.stream("noise")
    var painter = Painter(&noise)
    var mask = [UInt8](repeating: 0, count: painter.size * painter.size)
    for (place, object) in scene.objects.map(\.drawn).enumerated() {
      painter.fill(object.outline, object.colour.varied(&noise))
      let inside = coverage(of: object.outline, width: painter.size, height: painter.size)
      for i in mask.indices where inside[i] >= 128 { mask[i] = place == scene.target ? 1 : 0 }
    }
    let image = painter.image(noise: 0.04, &noise)
    let target = scene.objects[scene.target]
    var words = item.stream(isSecond ? "second text" : "text")
    return Example(
      image: image, text: ReferringExpression.text(target.description, mentioned, &words),
      label: .mask(mask),
      attributes: [
        Attribute("colour", target.description(.colour)),
        Attribute("shape", target.description(.shape)),
        Attribute("size", target.description(.size)),
        Attribute("mentioned", mentioned.map(\.rawValue).joined(separator: " ")),
      ])
  }

  /// A scene whose target can be singled out in this style, and the attributes that do so.
  private static func describableScene(
    _ split: Split, _ style: Style, _ random: inout RandomStream
  ) -> (ReferringScene, [ReferringExpression.Attribute]) {
    while true {
      let scene = ReferringScene(targets: shapes(split), &random)
      if let mentioned = ReferringExpression.attributes(of: scene, style, &random) {
        return (scene, mentioned)
      }
    }
  }

  /// A scene with another object of the target's shape that can be singled out too; as target the one or the other.
  private static func describablePair(
    second: Bool, _ style: Style, _ random: inout RandomStream
  ) -> (ReferringScene, [ReferringExpression.Attribute]) {
    while true {
      let (scene, first) = describableScene(.pairs, style, &random)
      let shape = scene.objects[scene.target].drawn.shape
      let other = scene.objects.indices.first {
        $0 != scene.target && scene.objects[$0].drawn.shape == shape
      }
      guard let other else { continue }
      let turned = scene.speaking(of: other)
      if let mentioned = ReferringExpression.attributes(of: turned, style, &random) {
        return second ? (turned, mentioned) : (scene, first)
      }
    }
  }

  /// Shapes that may be spoken of in a split.
  private static func shapes(_ split: Split) -> [Shape] {
    switch split {
    case .train, .validation, .test, .pairs: Shape.allCases
    case .testA: [.circle, .ring]
    case .testB: [.square, .triangle, .cross, .diamond]
    }
  }
}

/// An object with what can be said of it.
struct ReferringObject {
  let drawn: SceneObject
  let isBig: Bool
  /// 0 top left, 1 top right, 2 bottom left, 3 bottom right.
  let cell: Int

  func description(_ attribute: ReferringExpression.Attribute) -> String {
    switch attribute {
    case .size: isBig ? "big" : "small"
    case .colour: drawn.colour.name
    case .shape: drawn.shape.name
    case .row: cell / 2 == 0 ? "top" : "bottom"
    case .column: cell % 2 == 0 ? "left" : "right"
    }
  }
}

/// Three or four objects, one of which is spoken of.
struct ReferringScene {
  let objects: [ReferringObject]
  /// The place of the object spoken of.
  private(set) var target: Int

  /// The same scene with another target.
  func speaking(of other: Int) -> ReferringScene {
    var scene = self
    scene.target = other
    return scene
  }

  init(targets: [Shape], _ random: inout RandomStream) {
    let count = 3 + random.integer(below: 2)
    let cells = random.permutation(4).prefix(count)
    let target = random.integer(below: count)
    let shape = random.pick(targets)
    let colour = random.pick(Colour.allCases)
    self.target = target
    objects = cells.enumerated().map { place, cell in
      let sharesShape = random.chance(0.35)
      let sharesColour = random.chance(0.35)
      let otherShape = random.pick(Shape.allCases)
      let otherColour = random.pick(Colour.allCases)
      let isBig = random.chance(0.5)
      let drawn = SceneObject(
        shape: place == target || sharesShape ? shape : otherShape,
        colour: place == target || sharesColour ? colour : otherColour,
        x: Double(9 + 18 * (cell % 2)) + random.uniform(-1.5, 1.5),
        y: Double(9 + 18 * (cell / 2)) + random.uniform(-1.5, 1.5),
        radius: isBig ? random.uniform(6.4, 7.6) : random.uniform(3.9, 4.9))
      return ReferringObject(drawn: drawn, isBig: isBig, cell: cell)
    }
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
      let wanted = scene.objects[scene.target]
      return scene.objects.count { other in
        set.allSatisfy { other.description($0) == wanted.description($0) }
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
    _ description: (Attribute) -> String, _ mentioned: [Attribute], _ random: inout RandomStream
  ) -> String {
    func said(_ attribute: Attribute) -> String? {
      mentioned.contains(attribute) ? description(attribute) : nil
    }
    var words = ["the"] + [said(.size), said(.colour)].compactMap { $0 }
    words.append(said(.shape) ?? random.pick(nouns))
    if let row = said(.row) { words += ["at", "the", row] }
    if let column = said(.column) { words += ["on", "the", column] }
    return words.joined(separator: " ")
  }

  private static let nouns = ["thing", "one"]

  /// A random expression, for the pretraining corpus.
  static func any(_ random: inout RandomStream) -> String {
    let object = ReferringObject(
      drawn: SceneObject(
        shape: random.pick(Shape.allCases), colour: random.pick(Colour.allCases), x: 0, y: 0,
        radius: 0),
      isBig: random.chance(0.5), cell: random.integer(below: 4))
    let mentioned = Attribute.allCases.filter { _ in random.chance(0.5) }
    return text(object.description, mentioned, &random)
  }

  /// Words that no earlier grammar has, in a fixed order.
  static let words = ["the", "thing", "one", "at", "on"]
}

extension DatasetID {
  public static let refCOCO = DatasetID(rawValue: "refcoco")
  public static let refCOCOPlus = DatasetID(rawValue: "refcoco+")
}

extension DatasetDescriptor {
  static let refCOCO = referring(.refCOCO, title: "RefCOCO", .refCOCO)
  /// RefCOCO with other expressions.
  static let refCOCOPlus = referring(.refCOCOPlus, title: "RefCOCO+", .refCOCOPlus, takesRatesOf: .refCOCO)

  /// 3000 steps of half the batch: the decoder starts from nothing, and steps are what it lacks. It trains with the image
  /// side's rate.
  private static func referring(
    _ id: DatasetID, title: String, _ style: ReferringStandIn.Style, takesRatesOf: DatasetID? = nil
  ) -> DatasetDescriptor {
    DatasetDescriptor(
      id, title: title, paperName: title, goal: .masks, metrics: [.meanIoU], splits: .referring,
      training: CompactTraining(batchSize: 16, epochs: 6, milestones: [4, 5]), takesRatesOf: takesRatesOf,
      standIn: StandInSource(sizes: SplitSizes(train: 8000, validation: 1000, test: 1000)) { seed, sizes, _ in
        ReferringStandIn(style, dataSeed: seed, sizes: sizes)
      })
  }
}
