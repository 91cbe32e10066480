import Datasets
import Determinism
import Foundation
import Published
import Testing

/// Data is what the bytes of its files say: not what texts look like, nor what an editor put around lines.
@Suite struct BytesOfDataTests {
  @Test func `answers that only look equal are two labels, in the order of their bytes, every time`() throws {
    let folder = try PublishedFixture.copy("canonical")
    let path = "\(folder)/vqa-v2/v2_mscoco_train2014_annotations.json"
    let annotations = try String(contentsOfFile: path, encoding: .utf8)
    // Every answer of the first question: composed in one half of the votes, decomposed in the other.
    let ranges = annotations.ranges(of: try Regex("\"answer\": \"[^\"]*\""))
    var text = annotations
    for (index, range) in ranges.prefix(10).enumerated().reversed() {
      text.replaceSubrange(range, with: index < 5 ? "\"answer\": \"caf\u{E9}\"" : "\"answer\": \"cafe\u{301}\"")
    }
    let most = try #require(text.firstRange(of: try Regex("\"multiple_choice_answer\": \"[^\"]*\"")))
    text.replaceSubrange(most, with: "\"multiple_choice_answer\": \"caf\u{E9}\"")
    let second = try #require(
      text.ranges(of: try Regex("\"multiple_choice_answer\": \"[^\"]*\"")).dropFirst().first)
    text.replaceSubrange(second, with: "\"multiple_choice_answer\": \"cafe\u{301}\"")
    try text.write(toFile: path, atomically: true, encoding: .utf8)

    let dataset = try PublishedKind.vqaV2.reader.read(folder)
    let labels = dataset.task.labels.map { Array($0.utf8) }
    let composed = try #require(labels.firstIndex(of: Array("caf\u{E9}".utf8)))
    let decomposed = try #require(labels.firstIndex(of: Array("cafe\u{301}".utf8)))
    let votes = dataset.records(.train).compactMap { record -> [AnswerScore]? in
      guard case .answers(let scores) = record.label, scores.contains(where: { $0.label == composed }) else {
        return nil
      }
      return scores
    }.first
    #expect(votes?.first { $0.label == composed }?.votes == 5)
    #expect(votes?.first { $0.label == decomposed }?.votes == 5)
    let card = Data(PublishedCard(dataset).markdown.utf8)
    for label in ["caf\u{E9}", "cafe\u{301}"] { #expect(card.range(of: Data("| \(label) |".utf8)) != nil) }
  }

  @Test func `a byte order mark and CR LF hide no title and no label`() throws {
    let folder = try PublishedFixture.copy("marks")
    let before = try PublishedKind.food101Titles.reader.read(folder)
    let path = "\(folder)/food-101/texts/train_titles.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try ("\u{FEFF}" + text.replacingOccurrences(of: "\n", with: "\r\n")).write(
      toFile: path, atomically: true, encoding: .utf8)
    let after = try PublishedKind.food101Titles.reader.read(folder)
    #expect(after.records(.train) == before.records(.train) && after.skips == before.skips)

    let pairs = "\(folder)/snli-ve/snli_ve_train.jsonl"
    try ("\u{FEFF}" + (try String(contentsOfFile: pairs, encoding: .utf8))).write(
      toFile: pairs, atomically: true, encoding: .utf8)
    let instances = "\(folder)/refcoco/instances.json"
    try ("\u{FEFF}" + (try String(contentsOfFile: instances, encoding: .utf8))).write(
      toFile: instances, atomically: true, encoding: .utf8)
    for kind in [PublishedKind.snliVE, .refCOCO] {
      #expect(try kind.reader.read(folder).records(.train) == PublishedFixture.read(kind).records(.train))
    }
  }

  @Test func `every line of skip txt is used, named as unused, or refused`() throws {
    let folder = try PublishedFixture.copy("skip")
    let image = "snli-ve/Flickr30K/flickr30k_images/10002456.jpg"
    func read(_ text: String) throws -> PublishedDataset {
      try text.write(toFile: "\(folder)/skip.txt", atomically: true, encoding: .utf8)
      return try PublishedKind.snliVE.reader.read(folder)
    }
    for text in ["\u{FEFF}\(image)\r\n", "# damaged\n./\(image)", "\n  \(folder)/\(image)  \n"] {
      let dataset = try read(text)
      #expect(dataset.skips.contains { $0.reason == .listed }, "\(text)")
      #expect(!dataset.notes.contains { $0.contains("skip.txt") })
    }
    let unused = try read("\(image)\nsnli-ve/Flickr30K/flickr30k_images/none.jpg\nmm-imdb/dataset/0012349.jpeg")
    #expect(unused.notes.contains { $0.contains("none.jpg (line 2)") && !$0.contains("0012349") })
    let nowhere = failure { _ = try read("\(image)\n10002456.jpg") }
    #expect(nowhere?.kind == .badInput)
    #expect(nowhere?.description.contains("skip.txt: line 2: expected the path of an image") == true)
  }

  @Test func `marks in a label do not break the card's table`() throws {
    let records = [PublishedRecord(id: "1", texts: ["?"], label: .class(0))]
    let card = PublishedCard(
      PublishedDataset(
        kind: .snliVE, folder: "", task: .classification(labels: ["a|b *c*\nd"]), splits: [(.train, records)],
        skips: [],
        notes: []))
    #expect(card.markdown.contains("| a\\|b \\*c\\* d | 100.0 % |"), "\(card.markdown)")
  }
}
