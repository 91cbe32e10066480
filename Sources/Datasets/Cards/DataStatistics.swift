import Determinism
import Images
import Metrics

/// What a dataset gives away: label shares, and how far a constant answer and linear probes get.
public struct DataStatistics: Sendable {
  /// What one modality, or all together, gives away linearly.
  public struct Probe: Sendable {
    /// "image", "text", "audio", "frames" or "all".
    public let inputs: String
    /// 0 to 1, by `metric`.
    public let score: Double
  }

  /// "accuracy", or "F1-micro" for multi-label data.
  public let metric: String
  /// Share of the training examples that have each label, in label order.
  public let labelShares: [(label: String, share: Double)]
  /// The score of the best constant answer: a class, or the set of the most frequent labels.
  public let constantAnswer: Double
  /// Linear probes on pixels averaged over 3×3, bags of words, loudness and zero crossings.
  public let probes: [Probe]
  /// Examples that the probes were trained and tested on.
  public let counts: (train: Int, test: Int)

  /// Measures a dataset with labels; nil for segmentation.
  /// - Parameters:
  ///   - train: how many training examples to use, `test`: how many of the test split.
  /// - Throws: what the dataset throws.
  public init?(_ dataset: some Dataset, train: Int = 2000, test: Int = 1000) throws {
    let classes = dataset.task.labels.count
    guard classes > 0 else { return nil }
    let exclusive = if case .classification = dataset.task { true } else { false }
    let learned = try (0..<min(train, dataset.count(.train))).map {
      try dataset.example($0, of: .train)
    }
    let asked = try (0..<min(test, dataset.count(.test))).map {
      try dataset.example($0, of: .test)
    }
    let truth = learned.map(\.label.indices)
    let expected = asked.map(\.label.indices)
    let shares = (0..<classes).map { label in
      Double(truth.count { $0.contains(label) }) / Double(truth.count)
    }
    func score(_ predictions: [[Int]]) -> Double {
      exclusive ? accuracy(predictions, expected) : f1Micro(predictions, expected)
    }

    let byShare = shares.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }
    let sizes = 1...(exclusive ? 1 : classes)
    let scoreOfSize = sizes.map { size in
      let answers = Array(repeating: Array(byShare.prefix(size)), count: truth.count)
      return exclusive ? accuracy(answers, truth) : f1Micro(answers, truth)
    }
    let answer = Array(byShare.prefix((scoreOfSize.indexOfLargest ?? 0) + 1))

    var inputs: [(name: String, train: FeatureMatrix, test: FeatureMatrix)] = []
    for modality in Modality.allCases {
      guard let a = modality.features(learned), let b = modality.features(asked) else { continue }
      inputs.append((modality.rawValue, a.standardised(like: a), b.standardised(like: a)))
    }
    if let first = inputs.first, inputs.count > 1 {
      let all = inputs.dropFirst().reduce((first.train, first.test)) {
        ($0.0.beside($1.train), $0.1.beside($1.test))
      }
      inputs.append(("all", all.0, all.1))
    }
    metric = exclusive ? "accuracy" : "F1-micro"
    labelShares = zip(dataset.task.labels, shares).map { ($0, $1) }
    constantAnswer = score(Array(repeating: answer, count: asked.count))
    counts = (learned.count, asked.count)
    probes = inputs.map { input in
      let probe = LinearProbe(input.train, labels: truth, classes: classes, exclusive: exclusive)
      return Probe(inputs: input.name, score: score(probe.predictions(input.test)))
    }
  }

  /// The score of the probe on these inputs.
  public func score(_ inputs: String) -> Double? { probes.first { $0.inputs == inputs }?.score }
}

/// An input of an example as plain features.
private enum Modality: String, CaseIterable {
  case image, text, audio, frames

  /// Nil if the examples do not have the modality.
  func features(_ examples: [Example]) -> FeatureMatrix? {
    let rows = examples.compactMap { example -> [Float]? in
      switch self {
      case .image: example.image.map(Self.coarse)
      case .text: example.text.map(Self.bagOfWords)
      case .audio: example.audio.map(Self.windows)
      case .frames: example.frames.map { $0.flatMap(Self.coarse) }
      }
    }
    return rows.isEmpty || rows.count != examples.count ? nil : FeatureMatrix(rows)
  }

  /// Means of 3×3 blocks of pixels per channel, 0 to 1.
  private static func coarse(_ image: RasterImage) -> [Float] {
    let across = image.width / 3
    var sums = [Float](repeating: 0, count: across * (image.height / 3) * 3)
    for y in 0..<image.height / 3 * 3 {
      for x in 0..<across * 3 {
        for channel in 0..<3 {
          let byte = image.pixels[(y * image.width + x) * 3 + channel]
          sums[(y / 3 * across + x / 3) * 3 + channel] += Float(byte) / (255 * 9)
        }
      }
    }
    return sums
  }

  /// Mean loudness and number of zero crossings of each window of 50 samples.
  private static func windows(_ samples: [Float]) -> [Float] {
    stride(from: 0, to: samples.count / 50 * 50, by: 50).flatMap { start -> [Float] in
      let window = samples[start..<start + 50]
      let crossings = zip(window, window.dropFirst()).count { ($0 < 0) != ($1 < 0) }
      return [window.reduce(0) { $0 + abs($1) } / 50, Float(crossings)]
    }
  }

  private static func bagOfWords(_ text: String) -> [Float] {
    var bag = [Float](repeating: 0, count: WordVocabulary.standIns.count)
    for id in WordVocabulary.standIns.encode(text) { bag[Int(id)] = 1 }
    return bag
  }
}

/// Share of the examples whose one predicted label is right.
private func accuracy(_ predictions: [[Int]], _ expected: [[Int]]) -> Double {
  Double(zip(predictions, expected).count { $0 == $1 }) / Double(expected.count)
}

/// F1 over all labels of all examples.
private func f1Micro(_ predictions: [[Int]], _ expected: [[Int]]) -> Double {
  zip(predictions, expected).reduce(into: Confusion()) { sum, pair in
    let labels = Set(pair.0).union(pair.1)
    for label in labels { sum.add(pair.0.contains(label), pair.1.contains(label)) }
  }.f1()
}
