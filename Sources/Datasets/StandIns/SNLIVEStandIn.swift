import Determinism

/// A generated stand-in for SNLI-VE: does the picture entail the sentence, contradict it, or
/// neither?
///
/// The picture shows two or three objects, each with one of four shapes and of four colours. The
/// sentence has a subject (a colour and a shape) and a predicate. *Entailment*: the subject is in
/// the picture and the predicate can be seen. *Neutral*: it is in the picture, but the predicate
/// cannot be seen ("is heavy"). *Contradiction*: it is not in the picture; the predicate is of
/// either kind.
///
/// So the picture alone decides nothing (1/3); the sentence alone gives at most 2/3, the hypothesis
/// bias of SNLI-VE; the rest needs the one bound pair of attributes that the sentence asks for.
public struct SNLIVEStandIn: Dataset {
  public let name = "SNLI-VE (stand-in)"
  public let task = DatasetTask.classification(
    labels: ["contradiction", "entailment", "neutral"])
  public let sizes: SplitSizes
  private let stream: RandomStream

  /// - Parameter dataSeed: another seed draws another dataset of the same kind.
  public init(dataSeed: UInt64 = 1, sizes: SplitSizes = SplitSizes(train: 8000)) {
    self.sizes = sizes
    stream = RandomStream(seed: dataSeed).stream("snli-ve")
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("scene")
    let scene = Self.scene(&random)
    var noise = item.stream("noise")
    let image = scene.drawn(&noise)

    var words = item.stream("text")
    let label = words.integer(below: 3)
    let present = label != 0
    let visible = present ? label == 1 : words.chance(0.5)
    let subject = present ? Subject(words.pick(scene)) : Self.absentSubject(scene, &words)
    let text = HypothesisGrammar.sentence(
      subject: HypothesisGrammar.subject(subject, &words), visible: visible, &words)
    return Example(
      image: image, text: text, label: .class(label),
      attributes: [
        Attribute("colour", subject.colour.name), Attribute("shape", subject.shape.name),
        Attribute("predicate", visible ? "visible" : "unverifiable"),
        Attribute("subject", present ? "present" : "absent"),
        Attribute(
          "quarters",
          scene.filter { Subject($0) == subject }
            .map { "\(($0.y > 18 ? 2 : 0) + ($0.x > 18 ? 1 : 0))" }.joined(separator: " ")),
        Attribute("scene", scene.names),
      ])
  }

  /// Two or three objects in distinct cells; shapes and colours independent, with repetition.
  private static func scene(_ random: inout RandomStream) -> [SceneObject] {
    let count = 2 + random.integer(below: 2)
    return Grid.cells(jitter: 1.5, &random).prefix(count).map { cell in
      let shape = random.pick(shapes)
      let colour = random.pick(colours)
      let radius = random.chance(0.5) ? random.uniform(6.4, 7.6) : random.uniform(3.9, 4.9)
      return SceneObject(shape: shape, colour: colour, x: cell.x, y: cell.y, radius: radius)
    }
  }

  /// A subject that no object of the scene is; half the proposals share an attribute with an
  /// object.
  private static func absentSubject(
    _ scene: [SceneObject], _ random: inout RandomStream
  ) -> Subject {
    while true {
      var subject = Subject(random.pick(scene))
      let near = random.chance(0.5)
      let redrawsShape = near ? random.chance(0.5) : true
      if redrawsShape { subject.shape = random.pick(shapes) }
      if !near || !redrawsShape { subject.colour = random.pick(colours) }
      if !scene.contains(where: { Subject($0) == subject }) { return subject }
    }
  }

  static let shapes = Shape.allCases.prefix(4)
  static let colours = Colour.allCases.prefix(4)
}

/// What a hypothesis speaks of: a colour bound to a shape.
struct Subject: Hashable, Sendable {
  var shape: Shape
  var colour: Colour

  init(shape: Shape, colour: Colour) {
    self.shape = shape
    self.colour = colour
  }

  init(_ object: SceneObject) { self.init(shape: object.shape, colour: object.colour) }
}

extension SplitSizes {
  /// The number of examples of a split; 0 for the splits of referring segmentation.
  public func count(_ split: Split) -> Int {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    case .testA, .testB, .pairs: 0
    }
  }
}

extension DatasetID {
  public static let snliVE = DatasetID(rawValue: "snli-ve")
}

extension DatasetDescriptor {
  static let snliVE = DatasetDescriptor(
    .snliVE, title: "SNLI-VE", paperName: "SNLI-VE", goal: .classes, metrics: [.accuracy], papersBatchSize: 64,
    training: CompactTraining(epochs: 6, milestones: [3, 5], fineTuningRate: 2e-4),
    standIn: StandInSource(sizes: SplitSizes(train: 8000)) { seed, sizes, _ in
      SNLIVEStandIn(dataSeed: seed, sizes: sizes)
    })
}
