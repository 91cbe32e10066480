import Determinism

/// Images to pretrain the small vision encoders on: one to four objects with 52 tags, and no text.
///
/// The tags say which (shape, colour) pairs are present (36), which shapes (6), which colours (6),
/// and how many objects there are (4, one of them set). Pairs force the encoder to bind a colour to
/// its shape.
public struct VisionPretrainingSet: Dataset {
  public let name = "shapes with tags"
  public let task = DatasetTask.multiLabel(labels: Self.tags)
  public let sizes: SplitSizes
  private let stream: RandomStream

  public init(
    dataSeed: UInt64 = 1, sizes: SplitSizes = SplitSizes(train: 40_000, validation: 1000, test: 0)
  ) {
    self.sizes = sizes
    stream = RandomStream(seed: dataSeed).stream("vision pretraining")
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("scene")
    let count = 1 + random.integer(below: 4)
    let scene = Grid.cells(jitter: 2, &random).prefix(count).map { cell in
      let shape = random.pick(Shape.allCases)
      let colour = random.pick(Colour.allCases)
      let radius = random.chance(0.5) ? random.uniform(6, 8) : random.uniform(3.2, 5)
      return SceneObject(shape: shape, colour: colour, x: cell.x, y: cell.y, radius: radius)
    }
    var noise = item.stream("noise")
    return Example(
      image: scene.drawn(gradient: 0.24, noise: 0.05, &noise),
      label: .labels(Self.tags(of: scene)))
  }

  /// Names of the 52 tags.
  public static let tags: [String] =
    Shape.allCases.flatMap { shape in Colour.allCases.map { "\($0.name) \(shape.name)" } }
    + Shape.allCases.map(\.name) + Colour.allCases.map(\.name)
    + (1...4).map { "\($0) objects" }

  /// Indices of the tags that hold, ascending.
  private static func tags(of scene: [SceneObject]) -> [Int] {
    var holds = [Bool](repeating: false, count: tags.count)
    for object in scene {
      holds[object.shape.rawValue * 6 + object.colour.rawValue] = true
      holds[36 + object.shape.rawValue] = true
      holds[42 + object.colour.rawValue] = true
    }
    holds[48 + scene.count - 1] = true
    return holds.indices.filter { holds[$0] }
  }
}
