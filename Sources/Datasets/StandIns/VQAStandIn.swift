import Determinism

/// A generated stand-in for VQA v2: an open question about a picture, answered with one of 19
/// words.
///
/// The kinds of question are those whose routing the papers look at: colour, shape, number,
/// presence and place. Presence and place are answered "yes" half the time; numbers and attributes
/// follow the scenes.
public struct VQAStandIn: Dataset {
  public let name = "VQA v2 (stand-in)"
  public let task = DatasetTask.classification(labels: Self.answers)
  public let sizes: SplitSizes
  private let stream: RandomStream

  /// - Parameter dataSeed: another seed draws another dataset of the same kind.
  public init(dataSeed: UInt64 = 1, sizes: SplitSizes = SplitSizes(train: 10_000)) {
    self.sizes = sizes
    stream = RandomStream(seed: dataSeed).stream("vqa")
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("scene")
    let scene = Self.scene(&random)
    var noise = item.stream("noise")
    let image = scene.drawn(&noise)
    var words = item.stream("text")
    let (question, kind, answer) = VQAGrammar.question(scene, &words)
    let label = Self.answers.prefix { $0 != answer }.count
    require(label < Self.answers.count, "VQA stand-in: \(answer) is not in the list of answers")
    return Example(
      image: image, text: question, label: .class(label),
      attributes: [
        Attribute("question type", kind.rawValue), Attribute("answer type", kind.answerType),
        Attribute("answer", answer),
        Attribute("scene", scene.names),
      ])
  }

  /// All answers in index order.
  public static let answers =
    Colour.allCases.map(\.name) + Shape.allCases.map(\.name) + ["no", "yes"]
    + ["0", "1", "2", "3", "4"]

  /// One to four objects; shapes and colours independent, with repetition.
  private static func scene(_ random: inout RandomStream) -> [SceneObject] {
    let count = 1 + random.integer(below: 4)
    return Grid.cells(jitter: 1.5, &random).prefix(count).map { cell in
      let shape = random.pick(Shape.allCases)
      let colour = random.pick(Colour.allCases)
      let radius = random.uniform(4.2, 7.4)
      return SceneObject(shape: shape, colour: colour, x: cell.x, y: cell.y, radius: radius)
    }
  }
}

/// The questions of the VQA stand-in.
enum VQAGrammar {
  enum Kind: String, CaseIterable {
    case colour = "what colour"
    case shape = "what shape"
    case number = "how many"
    case presence = "is there"
    case place = "where"

    /// VQA v2's three answer types.
    var answerType: String {
      switch self {
      case .colour, .shape: "other"
      case .number: "number"
      case .presence, .place: "yes/no"
      }
    }
  }

  /// A question of a random kind that has one answer in this scene.
  static func question(
    _ scene: [SceneObject], _ random: inout RandomStream
  ) -> (text: String, kind: Kind, answer: String) {
    while true {
      let kind = random.pick(Kind.allCases)
      if let (text, answer) = ask(kind, scene, &random) { return (text, kind, answer) }
    }
  }

  /// Nil if this scene gives no unambiguous question of the kind.
  private static func ask(
    _ kind: Kind, _ scene: [SceneObject], _ random: inout RandomStream
  ) -> (String, String)? {
    let object = random.pick(scene)
    switch kind {
    case .colour:
      guard scene.count(where: { $0.shape == object.shape }) == 1 else { return nil }
      return (text(kind, object.shape, object.colour, &random), object.colour.name)
    case .shape:
      guard scene.count(where: { $0.colour == object.colour }) == 1 else { return nil }
      return (text(kind, object.shape, object.colour, &random), object.shape.name)
    case .number:
      if random.chance(0.5) {
        let colour = random.chance(0.7) ? object.colour : random.pick(Colour.allCases)
        let count = scene.count { $0.colour == colour }
        return ("how many \(colour.name) things are there", "\(count)")
      }
      return ("how many objects are there", "\(scene.count)")
    case .presence:
      let answer = random.chance(0.5)
      let subject =
        answer
        ? Subject(object)
        : Subject(shape: random.pick(Shape.allCases), colour: random.pick(Colour.allCases))
      let present = scene.contains { Subject($0) == subject }
      guard present == answer else { return nil }
      return (text(kind, subject.shape, subject.colour, &random), answer ? "yes" : "no")
    case .place:
      guard scene.count(where: { Subject($0) == Subject(object) }) == 1 else { return nil }
      let isLeft = object.x < 18
      let asksLeft = random.chance(0.5)
      let side = asksLeft ? "left" : "right"
      let question = "is the \(object.colour.name) \(object.shape.name) on the \(side)"
      return (question, isLeft == asksLeft ? "yes" : "no")
    }
  }

  private static func text(
    _ kind: Kind, _ shape: Shape, _ colour: Colour, _ random: inout RandomStream
  ) -> String {
    switch kind {
    case .colour:
      random.chance(0.5)
        ? "what colour is the \(shape.name)" : "what is the colour of the \(shape.name)"
    case .shape:
      random.chance(0.5)
        ? "what shape is the \(colour.name) thing" : "what is the \(colour.name) thing"
    case .number: "how many \(colour.name) things are there"
    case .presence: "is there a \(colour.name) \(shape.name)"
    case .place: "is the \(colour.name) \(shape.name) on the \(random.pick(["left", "right"]))"
    }
  }

  /// A random question, for the pretraining corpus.
  static func any(_ random: inout RandomStream) -> String {
    let kind = random.pick(Kind.allCases)
    if kind == .number && random.chance(0.5) { return "how many objects are there" }
    return text(kind, random.pick(Shape.allCases), random.pick(Colour.allCases), &random)
  }

  /// Words that no earlier grammar has, in a fixed order.
  static let words = [
    "what", "is", "colour", "shape", "of", "how", "many", "things", "are", "there", "objects", "on",
    "thing",
  ]
}

extension DatasetID {
  public static let vqaV2 = DatasetID(rawValue: "vqa-v2")
}

extension DatasetDescriptor {
  static let vqaV2 = DatasetDescriptor(
    .vqaV2, title: "VQA v2", paperName: "VQAv2", goal: .answers, metrics: [.accuracy], papersBatchSize: 64,
    training: CompactTraining(epochs: 4, milestones: [2, 3]),
    standIn: StandInSource(sizes: SplitSizes(train: 10_000)) { seed, sizes, _ in
      VQAStandIn(dataSeed: seed, sizes: sizes)
    })
}
