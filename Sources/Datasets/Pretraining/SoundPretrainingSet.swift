import Determinism

/// Sounds to pretrain the small audio encoder on: hums with 26 tags, and neither words nor faces.
///
/// The tags say in which band the pitch lies at the start (8), how it rises or falls (8), how many syllables there
/// are per second (5) and how deep they swell (5); one of each holds. All four are drawn independently: which of them
/// go together in a voice of the MUStARD stand-in is not to be learned here.
public struct SoundPretrainingSet: Dataset {
  public let name = "hums with tags"
  public let task = DatasetTask.multiLabel(labels: Self.properties.flatMap(\.tags))
  public let sizes: SplitSizes
  private let stream: RandomStream

  public init(
    dataSeed: UInt64 = 1, sizes: SplitSizes = SplitSizes(train: 16_000, validation: 1000, test: 0)
  ) {
    self.sizes = sizes
    stream = RandomStream(seed: dataSeed).stream("sound pretraining")
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    var random = stream.stream(split.rawValue).stream(index)
    let values = Self.properties.map { random.uniform($0.lower, $0.upper) }
    let loudness = random.uniform(0.3, 0.6)
    let audio = Voice.hum(
      pitch: values[0], slope: values[1], syllables: values[2], swell: values[3],
      loudness: loudness, samples: MUStARDStandIn.samples, &random)
    var tags: [Int] = []
    var first = 0
    for (property, value) in zip(Self.properties, values) {
      tags.append(first + property.band(of: value))
      first += property.bands
    }
    return Example(audio: audio, label: .labels(tags))
  }

  /// What of a sound is tagged: a number, and the bands of equal width it is cut into.
  public struct Property: Sendable {
    public let name: String
    public let unit: String
    public let lower: Double
    public let upper: Double
    public let bands: Int

    func band(of value: Double) -> Int {
      min(bands - 1, max(0, Int((value - lower) / (upper - lower) * Double(bands))))
    }

    /// "pitch 60 to 80 Hz"
    public var tags: [String] {
      (0..<bands).map { band in
        let edges = [band, band + 1].map { lower + (upper - lower) * Double($0) / Double(bands) }
        return "\(name) \(fixed(edges[0], 1)) to \(fixed(edges[1], 1)) \(unit)"
      }
    }
  }

  /// In the order of the tags.
  public static let properties = [
    Property(name: "pitch", unit: "Hz", lower: 60, upper: 220, bands: 8),
    Property(name: "slope", unit: "per second", lower: -0.6, upper: 1, bands: 8),
    Property(name: "tempo", unit: "per second", lower: 2, upper: 7, bands: 5),
    Property(name: "swell", unit: "of the loudness", lower: 0, upper: 1, bands: 5),
  ]
}
