import Datasets
import Determinism
import Published
import Training

extension PublishedDataset {
  /// What of a split is trained on or judged.
  ///
  /// Referring segmentation (METHOD.md §10.4): in training and validation an example is an object, in the
  /// tests one of its expressions. Of a split that stands for the test the first so many records.
  package func examples(_ split: Split) -> [PublishedRecord] {
    switch split {
    case .testA, .testB:
      records(split).flatMap { record in record.texts.map { record.saying($0) } }
    case .pairs: pairs
    case kind.testStandsFor?.split: Array(records(split).prefix(kind.testStandsFor?.records ?? 0))
    default: records(split)
    }
  }

  /// Two objects of one category in one image, each with its first expression, one after the other: of every image and
  /// category that are not trained on the first two.
  private var pairs: [PublishedRecord] {
    struct Group: Hashable {
      let image: String?
      let category: String?
    }
    var order: [Group] = []
    var members: [Group: [PublishedRecord]] = [:]
    for record in [Split.validation, .testA, .testB].flatMap(records) {
      let group = Group(image: record.image, category: record.attribute("category"))
      if members[group] == nil { order.append(group) }
      members[group, default: []].append(record)
    }
    return order.flatMap { group -> [PublishedRecord] in
      let found = members[group] ?? []
      return found.count < 2 ? [] : found.prefix(2).map { $0.saying($0.text) }
    }
  }

  /// The splits a run is judged on, in the order of its decisions. A segmentation has no split called test, and VQAv2's
  /// answers to it are not published: validation stands for it.
  func judgedSplits(_ choice: DataChoice) throws -> [Split] {
    if let other = kind.testStandsFor, choice.judgedOn == Split.test.rawValue { return [other.split] }
    return try choice.judgedSplits().filter { $0 != .pairs || !pairs.isEmpty }
  }
}

extension PublishedRecord {
  /// This record with one text alone.
  func saying(_ text: String) -> PublishedRecord {
    PublishedRecord(
      id: id, texts: [text], image: image, label: label, box: box, audio: audio, frames: frames,
      attributes: attributes)
  }

  /// What it is judged against.
  /// - Parameter dataset: for messages.
  /// - Throws: `Failure(.badInput)` if its label is not published.
  func exampleLabel(_ dataset: String) throws -> ExampleLabel {
    switch label {
    case .class(let index): return .class(index)
    case .labels(let indices): return .labels(indices)
    case .mask(let runs): return .mask(runs.mask)
    case .answers(let scores):
      return .scores(scores.map { LabelScore(label: $0.label, score: $0.score) })
    case .unlabelled:
      throw Failure(
        .badInput,
        "\(dataset): record \(id): its answer is not published; train and judge on the other splits")
    }
  }
}
