import Datasets
import Determinism
import Images

/// UPMC Food-101: a photo and the text of its web page, or its title, in one of 101 dishes.
///
/// Layout: `food-101/images/{train,test}/<label>/<label>_<number>.jpg` with `texts_txt/<label>/<label>_<number>.txt`, or
/// with `texts/{train,test}_titles.csv` (image, title, label). An image without a text is skipped.
///
/// The validation split is drawn from the training images, the same share of every dish: 5 000 in all, or of a copy
/// smaller than 10 000 the share that 5 000 are of 65 101. The draw of the authors has no fixed seed; this one does.
public struct Food101Reader: PublishedReader {
  /// Where the text comes from.
  public enum Text: Sendable, Hashable {
    case pages
    case titles
  }

  public let text: Text
  /// Decides the validation split.
  public let seed: UInt64

  public init(text: Text = .pages, seed: UInt64 = 42) {
    self.text = text
    self.seed = seed
  }

  public var kind: PublishedKind { text == .pages ? .food101 : .food101Titles }

  public var requirements: [Requirement] {
    let site =
      "visiir.isir.upmc.fr (UPMC_Food101.tar.gz), or kaggle.com/datasets/gianmarco96/upmcfood101"
    let pages =
      "the links in github.com/artelab/Image-and-Text-fusion-for-UPMC-Food-101-using-BERT-and-CNNs, issue 3"
    let images = [
      Requirement(
        "training images", ["food-101/images/train"], folder: true, media: true, from: site),
      Requirement("test images", ["food-101/images/test"], folder: true, media: true, from: site),
    ]
    switch text {
    case .pages:
      return images + [Requirement("page texts", ["food-101/texts_txt"], folder: true, from: pages)]
    case .titles:
      return images + [
        Requirement("training titles", ["food-101/texts/train_titles.csv"], from: site),
        Requirement("test titles", ["food-101/texts/test_titles.csv"], from: site),
      ]
    }
  }

  public func read(_ dataFolder: String) throws -> PublishedDataset {
    let data = try DataFolder(dataFolder)
    var builder = try DatasetBuilder(kind, data)
    let training = try candidates("training", .train, data, &builder)
    let heldOut = validation(training)
    for (index, candidate) in training.enumerated() {
      try builder.add(
        candidate.record, to: heldOut.contains(index) ? .validation : .train, at: candidate.place)
    }
    for candidate in try candidates("test", .test, data, &builder) {
      try builder.add(candidate.record, to: .test, at: candidate.place)
    }
    builder.note(
      "\(heldOut.count) training images, the same share of every dish, are the validation split (seed \(seed))."
    )
    return try builder.finished(
      .classification(labels: Self.labels), splits: [.train, .validation, .test])
  }

  private struct Candidate {
    let record: PublishedRecord
    let place: SourcePlace
    let label: Int
  }

  /// The images of one folder that have a text.
  private func candidates(
    _ part: String, _ split: Split, _ data: DataFolder, _ builder: inout DatasetBuilder
  ) throws -> [Candidate] {
    let images = try resolve("\(part) images", in: data)
    let source = try textSource(part, data)
    var candidates: [Candidate] = []
    var repaired = 0
    for label in data.names(in: images) where data.isFolder("\(images)/\(label)") {
      let folder = "\(images)/\(label)"
      guard let index = Self.labels.firstIndex(of: label) else {
        throw SourcePlace(data.path(folder)).bad(
          "the label \"\(label)\" is not one of the 101 dishes; expected a name such as apple_pie; remove or rename it"
        )
      }
      let texts = source.names(label)
      for file in data.names(in: folder) {
        let id = "\(label)_\(file)"
        guard let number = Self.number(file) else {
          builder.skip(id, of: split, .noNumber)
          continue
        }
        guard let raw = try source.text(label, number, file, texts) else {
          builder.skip(id, of: split, text == .pages ? .noTextFile : .noTitle)
          continue
        }
        if raw.unicodeScalars.contains("\u{FFFD}") { repaired += 1 }
        let record = PublishedRecord(
          id: id, texts: [FoodText.cleaned(raw)], image: "\(folder)/\(file)", label: .class(index))
        candidates.append(
          Candidate(
            record: record, place: SourcePlace(data.path("\(folder)/\(file)")), label: index))
      }
    }
    if repaired > 0 {
      builder.note("\(repaired) \(part) texts hold bytes that are not UTF-8; they were replaced.")
    }
    for id in source.withoutImage(data, images) { builder.skip(id, of: split, .noImage) }
    return candidates
  }

  private func textSource(_ part: String, _ data: DataFolder) throws -> any FoodTextSource {
    switch text {
    case .pages: PageTexts(data: data, folder: try resolve("page texts", in: data))
    case .titles: try TitleTable(data.path(try resolve("\(part) titles", in: data)))
    }
  }

  /// The digits and hyphens at the end of a file's name: "apple_pie_12.jpg" → "12".
  private static func number(_ file: String) -> String? {
    let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file[...]
    let number = stem.reversed().prefix { $0 == "-" || ("0"..."9").contains($0) }
    return number.isEmpty ? nil : String(number.reversed())
  }

  /// Which of the training images are held out.
  private func validation(_ training: [Candidate]) -> Set<Int> {
    let full = training.count >= 10_000
    let wanted = full ? 5_000 : max(min(1, training.count / 2), training.count * 5_000 / 65_101)
    let groups = Self.labels.indices.map { label in
      training.indices.filter { training[$0].label == label }
    }
    // The largest remainders get what is left, the first dish before the others.
    let shares = groups.map { Double($0.count) * Double(wanted) / Double(max(1, training.count)) }
    var quotas = shares.map { Int($0) }
    let order = shares.indices.sorted {
      (shares[$1] - Double(quotas[$1]), $0) < (shares[$0] - Double(quotas[$0]), $1)
    }
    for label in order.prefix(wanted - quotas.reduce(0, +)) { quotas[label] += 1 }
    var chosen: Set<Int> = []
    for (label, group) in groups.enumerated() where quotas[label] > 0 {
      var random = RandomStream(seed: seed).stream("UPMC Food-101 validation").stream(label)
      for place in random.permutation(group.count).prefix(quotas[label]) {
        chosen.insert(group[place])
      }
    }
    return chosen
  }
}

extension PublishedKind {
  /// With the texts of the web pages, as in the papers.
  public static let food101 = food101(.pages, "food-101", title: "UPMC Food-101")
  /// With the titles of the web pages alone. Both texts lie in one folder.
  public static let food101Titles = food101(.titles, "food-101-titles", title: "UPMC Food-101 (titles)")

  private static func food101(_ text: Food101Reader.Text, _ name: String, title: String) -> PublishedKind {
    PublishedKind(
      name, of: .food101, title: title, folder: "food-101", reader: Food101Reader(text: text),
      sizes: PublishedSize.list("MMBT and PMF", (.train, 60_101), (.validation, 5_000), (.test, 21_695)) + [
        PublishedSize(split: nil, count: 90_840, source: "MoPE, before pages without a text are skipped")
      ],
      licence: "Images and pages found by a web search, for research; they belong to their owners.",
      preparation: .food101, usual: UsualExamples(tokens: 512))
  }
}
