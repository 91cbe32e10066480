import Determinism
import Images

/// A generated stand-in for MUStARD: is an utterance sarcastic, from its words, its sound and the
/// face?
///
/// The words are friendly or unfriendly, the voice and the face lively or flat. Sarcasm is words
/// and tone that do not agree. Sarcastic speakers also exaggerate more often, which is all that the
/// words alone give away; the tone alone gives away nothing.
public struct MUStARDStandIn: Dataset {
  public let name = "MUStARD (stand-in)"
  public let task = DatasetTask.classification(labels: ["sincere", "sarcastic"])
  public let sizes: SplitSizes
  private let stream: RandomStream

  /// Samples per second of the waveform.
  public static let sampleRate = 2000
  /// Samples of a waveform: one second.
  public static let samples = 2000
  /// Frames of a clip.
  public static let frames = 4

  /// - Parameter dataSeed: another seed draws another dataset of the same kind.
  public init(
    dataSeed: UInt64 = 1,
    sizes: SplitSizes = SplitSizes(train: 2000, validation: 500, test: 1000)
  ) {
    self.sizes = sizes
    stream = RandomStream(seed: dataSeed).stream("mustard")
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("situation")
    let sarcastic = random.chance(0.5)
    let friendly = random.chance(0.5)
    let lively = friendly != sarcastic
    // The face agrees with the voice four times in five.
    let smiling = random.chance(0.8) ? lively : !lively
    let speaker = random.integer(below: Utterance.speakers.count)
    var words = item.stream("text")
    var sound = item.stream("sound")
    var clip = item.stream("clip")
    return Example(
      text: Utterance.text(
        speaker: Utterance.speakers[speaker], friendly: friendly,
        exaggeration: sarcastic ? 0.6 : 0.3, &words),
      audio: Voice.waveform(speaker: speaker, lively: lively, samples: Self.samples, &sound),
      frames: Face.frames(smiling: smiling, count: Self.frames, &clip),
      label: .class(sarcastic ? 1 : 0),
      attributes: [
        Attribute("words", friendly ? "friendly" : "unfriendly"),
        Attribute("voice", lively ? "lively" : "flat"),
        Attribute("face", smiling ? "smiling" : "frowning"),
        Attribute("speaker", Utterance.speakers[speaker]),
      ])
  }
}

/// What is said in the MUStARD stand-in.
enum Utterance {
  static let speakers = ["anna", "ben", "carla", "david"]
  private static let friendly = ["lovely", "wonderful", "brilliant", "kind", "helpful", "nice"]
  private static let unfriendly = ["awful", "boring", "terrible", "rude", "useless", "bad"]
  private static let exaggerations = ["really", "totally", "absolutely"]
  private static let openings = ["oh", "well", "yes", "look"]
  private static let subjects = ["your plan", "this party", "that idea", "the show", "my boss"]

  /// "speaker [opening] subject is [really] word"
  static func text(
    speaker: String, friendly isFriendly: Bool, exaggeration: Double, _ random: inout RandomStream
  ) -> String {
    var words = [speaker]
    if random.chance(0.5) { words.append(random.pick(openings)) }
    words.append(random.pick(subjects))
    words.append("is")
    if random.chance(exaggeration) { words.append(random.pick(exaggerations)) }
    words.append(random.pick(isFriendly ? friendly : unfriendly))
    return words.joined(separator: " ")
  }

  /// A random utterance, for the pretraining corpus.
  static func any(_ random: inout RandomStream) -> String {
    let speaker = random.pick(speakers)
    return text(
      speaker: speaker, friendly: random.chance(0.5), exaggeration: 0.5, &random)
  }

  /// Words that no earlier grammar has, in a fixed order.
  static let words: [String] =
    speakers + friendly + unfriendly + exaggerations + openings + subjects.flatMap(splitWords)
}

/// The sound of an utterance: a hum whose pitch rises and swells when lively, falls when flat.
enum Voice {
  static func waveform(
    speaker: Int, lively: Bool, samples: Int, _ random: inout RandomStream
  ) -> [Float] {
    let pitch = 90 + 30 * Double(speaker) + random.uniform(-15, 15)
    let slope = lively ? random.uniform(0.3, 0.8) : random.uniform(-0.5, -0.1)
    let syllables = random.uniform(3, 6)
    let swell = lively ? random.uniform(0.6, 0.9) : random.uniform(0.1, 0.4)
    let loudness = random.uniform(0.3, 0.6)
    return hum(
      pitch: pitch, slope: slope, syllables: syllables, swell: swell, loudness: loudness,
      samples: samples, &random)
  }

  /// A hum with an overtone and some noise.
  /// - Parameters:
  ///   - pitch: at the start, in Hz.
  ///   - slope: rise of the pitch per second, in parts of it.
  ///   - syllables: how often per second it becomes softer.
  ///   - swell: how much softer, 0 … 1.
  static func hum(
    pitch: Double, slope: Double, syllables: Double, swell: Double, loudness: Double, samples: Int,
    _ random: inout RandomStream
  ) -> [Float] {
    var phase = random.uniform()
    return (0..<samples).map { sample in
      let time = Double(sample) / Double(MUStARDStandIn.sampleRate)
      phase += pitch * (1 + slope * time) / Double(MUStARDStandIn.sampleRate)
      let envelope = 1 - swell * (0.5 + 0.5 * wave(syllables * time))
      let tone = wave(phase) + 0.5 * wave(2 * phase)
      return Float(loudness * envelope * tone / 1.5 + 0.02 * random.normal())
    }
  }

  /// A sine with period 1, made of two parabolas: no library's sine decides a sample.
  private static func wave(_ phase: Double) -> Double {
    let position = phase - phase.rounded(.down)
    return position < 0.5
      ? 16 * position * (0.5 - position) : -16 * (position - 0.5) * (1 - position)
  }
}

/// A face that moves a little from frame to frame: the corners of its mouth go up or down.
enum Face {
  static func frames(smiling: Bool, count: Int, _ random: inout RandomStream) -> [RasterImage] {
    var background = random.stream("background")
    let canvas = Painter(&background)
    let skin = RGB(0.9, 0.75, 0.55).varied(0.05, &random)
    let dark = RGB(0.2, 0.12, 0.1)
    var x = random.uniform(16, 20)
    var y = random.uniform(16, 20)
    let bend = random.uniform(2, 3.5) * (smiling ? 1 : -1)
    return (0..<count).map { _ in
      x += random.uniform(-1, 1)
      y += random.uniform(-1, 1)
      var painter = canvas
      painter.fill(Shape.circle.outline(x: x, y: y, radius: 13), skin)
      for side in [-1.0, 1.0] {
        painter.fill(Shape.circle.outline(x: x + side * 5, y: y - 4, radius: 1.8), dark)
      }
      let mouth = y + 5.5 + 0.5 * bend
      painter.fill(
        Outline([
          [
            Point(x - 6.5, mouth - bend), Point(x, mouth + 0.6 * bend),
            Point(x + 6.5, mouth - bend), Point(x + 6.5, mouth - bend + 2.2),
            Point(x, mouth + 0.6 * bend + 2.2), Point(x - 6.5, mouth - bend + 2.2),
          ]
        ]), dark)
      return painter.image(noise: 0.04, &random)
    }
  }
}

extension DatasetID {
  public static let mustard = DatasetID(rawValue: "mustard")
}

extension DatasetDescriptor {
  /// The papers' batch is not printed: the smallest of theirs. Its stand-in has many more examples than the 334 of the
  /// real one: BERT knows which words are friendly, the small one has to learn it here.
  static let mustard = DatasetDescriptor(
    .mustard, title: "MUStARD", paperName: "MUStARD", goal: .classes, modalities: [.text, .audio, .video],
    metrics: [.accuracy, .f1], training: CompactTraining(epochs: 5, milestones: [3, 4]),
    standIn: StandInSource(sizes: SplitSizes(train: 6000)) { seed, sizes, _ in
      MUStARDStandIn(dataSeed: seed, sizes: sizes)
    })
}
