import Datasets
import Determinism
import Published
import Testing

@Suite struct ReaderTests {
  private func ids(_ data: PublishedDataset, _ split: Split) -> [String] {
    data.records(split).map(\.id)
  }

  @Test func `Food-101 with page texts has cleaned texts, and images without a text are skipped`()
    throws
  {
    let data = try PublishedFixture.read(.food101)
    #expect(data.records(.train).count + data.records(.validation).count == 7)
    #expect(data.records(.validation).count == 1)
    #expect(ids(data, .test) == ["apple_pie_apple_pie_9.jpg", "waffles_waffles_10.jpg"])
    let all = data.records(.train) + data.records(.validation)
    let pie = try #require(all.first { $0.id == "apple_pie_apple_pie_0.jpg" })
    #expect(pie.text == "grandma s apple pie best ever peel 6 apples add sugar spice ")
    #expect(pie.label == .class(0))
    #expect(pie.image == "food-101/images/train/apple_pie/apple_pie_0.jpg")
    let sushi = try #require(all.first { $0.id == "sushi_sushi_12-1.jpg" })
    let index = try #require(Food101Reader.labels.firstIndex(of: "sushi"))
    #expect(sushi.label == .class(index))
    #expect(
      data.skips == [
        SkippedRecord(split: .train, id: "apple_pie_apple_pie_4.jpg", reason: .noTextFile),
        SkippedRecord(split: .test, id: "sushi_sushi_8.jpg", reason: .noTextFile),
      ])
    #expect(data.notes.contains { $0.hasPrefix("1 training texts hold bytes that are not UTF-8") })
  }

  @Test func `Food-101 with titles takes the fields between the first and the last`() throws {
    let data = try PublishedFixture.read(.food101Titles)
    #expect(data.records(.test).first?.text == "apple pie step by step")
    #expect(data.skips.map(\.reason) == [.noTitle, .noTitle])
    #expect(data.skips.map(\.id) == ["apple_pie_apple_pie_4.jpg", "sushi_sushi_8.jpg"])
  }

  @Test func `Food-101 has 101 different dishes in alphabetical order`() {
    let labels = Food101Reader.labels
    #expect(labels.count == 101)
    #expect(labels == labels.sorted())
    #expect(Set(labels).count == 101)
  }

  @Test func `the validation split of Food-101 depends on the seed alone`() throws {
    let folder = PublishedFixture.folder
    let draws = try (0..<8).map { seed in
      try Food101Reader(seed: seed).read(folder).records(.validation).map(\.id)
    }
    #expect(Set(draws).count > 1)
    #expect(try Food101Reader(seed: 3).read(folder).records(.validation).map(\.id) == draws[3])
  }

  @Test
  func
    `SNLI-VE keeps the hypothesis, reads both spellings of the image's id, and skips what its rule skips`()
    throws
  {
    let data = try PublishedFixture.read(.snliVE)
    #expect(data.task == .classification(labels: ["contradiction", "entailment", "neutral"]))
    #expect(data.records(.train).map(\.label) == [.class(1), .class(0), .class(2), .class(1)])
    #expect(data.records(.train).last?.text == "Somebody stands – outside.")
    #expect(data.skips.map(\.reason) == [.noGoldLabel, .visualGenome])
    #expect(data.records(.validation).count == 2)
    #expect(data.records(.test).first?.image == "snli-ve/Flickr30K/flickr30k_images/1000344755.jpg")
  }

  @Test func `a label list in the folder of SNLI-VE decides the order of the labels`() throws {
    let folder = try PublishedFixture.copy("snli-labels")
    try AtomicFile.write(
      "neutral\nentailment\r\ncontradiction\n", to: "\(folder)/snli-ve/labels.txt")
    let data = try SNLIVEReader().read(folder)
    #expect(data.task.labels == ["neutral", "entailment", "contradiction"])
    #expect(data.records(.train).map(\.label) == [.class(1), .class(2), .class(0), .class(1)])
  }

  @Test
  func `MM-IMDB takes the longest plot, the first of equals, and skips films by genre and text`()
    throws
  {
    let data = try PublishedFixture.read(.mmIMDB)
    #expect(ids(data, .train) == ["0012349", "0017136", "0018737"])
    #expect(
      data.records(.train).map(\.label) == [.labels([0, 2]), .labels([0, 20]), .labels([0])])
    #expect(data.records(.train)[0].text == "A tramp finds a child and raises it.")
    #expect(data.records(.train)[2].text == "same length a")
    #expect(ids(data, .validation) == ["0022100"])
    #expect(ids(data, .test) == ["0024000", "0026000"])
    #expect(data.skips.map(\.reason) == [.excludedGenre, .emptyText, .unseenGenre, .excludedGenre])
    #expect(MMIMDBReader.labels.count == 23)
  }

  @Test(arguments: [PublishedKind.refCOCO, .refCOCOPlus])
  func `RefCOCO joins expressions and masks of polygons, numbers and text`(_ kind: PublishedKind)
    throws
  {
    let data = try PublishedFixture.read(kind)
    #expect(data.splits.map(\.split) == [.train, .validation, .testA, .testB])
    #expect(data.records(.train).map(\.id) == ["1", "5"])
    #expect(data.records(.train)[0].texts.count == (kind == .refCOCO ? 2 : 1))
    #expect(data.records(.validation)[0].attribute("category") == "dog")
    #expect(data.records(.testA)[0].image == "coco/train2014/COCO_train2014_000000000002.jpg")
    // The same disc as numbers of one annotation and as the text of another.
    #expect(data.records(.testA)[0].label == data.records(.testB)[0].label)
    guard case .mask(let mask) = data.records(.train)[0].label else {
      Issue.record("no mask")
      return
    }
    // The box from (3.5, 2.25) to (13.5, 14.75): pycocotools fills columns 4…13 and rows 2…14.
    #expect(mask.area == 130)
    #expect(mask.mask[8 * 32 + 9] == 1)
    #expect(mask.mask[0] == 0)
  }

  @Test
  func
    `VQAv2 counts votes after normalisation, and training questions without a frequent answer are skipped`()
    throws
  {
    let data = try PublishedFixture.read(.vqaV2)
    #expect(data.task == .answering(labels: ["yes", "2", "pizza"]))
    let first = try #require(data.records(.train).first)
    #expect(first.label == .answers([AnswerScore(label: 1, votes: 9)]))
    #expect(AnswerScore(label: 1, votes: 2).score == Float(2) / 3)
    #expect(AnswerScore(label: 1, votes: 9).score == 1)
    #expect(first.attribute("answer type") == "number")
    #expect(first.image == "coco/train2014/COCO_train2014_000000000001.jpg")
    #expect(
      data.records(.validation).map(\.label) == [
        .answers([AnswerScore(label: 0, votes: 3)]), .answers([]),
      ])
    #expect(data.records(.test).map(\.label) == [.unlabelled])

    let small = try VQAReader(vocabulary: 1, validationLimit: 1).read(PublishedFixture.folder)
    #expect(small.task.labels == ["yes"])
    #expect(small.skips.map(\.reason) == [.noFrequentAnswer, .noFrequentAnswer, .beyondLimit])
    let closed = try VQAReader(answerTypes: ["yes/no"]).read(PublishedFixture.folder)
    #expect(closed.records(.train).map(\.id) == ["1001", "2001"])
  }

  @Test func `MUStARD is divided by show, or by order; validation is the test split`() throws {
    let data = try PublishedFixture.read(.mustard)
    #expect(ids(data, .train) == ["1_60", "1_70", "2_10"])
    #expect(ids(data, .test) == ["1_1001", "1_1002"])
    #expect(data.records(.validation) == data.records(.test))
    #expect(
      data.records(.train)[0].text == "SHELDON: It's just a privilege to watch your mind at work.")
    #expect(data.records(.train)[0].frames.count == 3)
    #expect(data.records(.train)[0].label == .class(1))
    #expect(data.records(.test)[1].frames.isEmpty)
    #expect(data.notes.contains { $0.hasPrefix("1 clips have no frame") })
    let byOrder = try MUStARDReader(division: .first(4)).read(PublishedFixture.folder)
    #expect(ids(byOrder, .train).count == 4)
  }

  @Test func `reading twice gives the same records`() throws {
    for kind in PublishedKind.allCases {
      let (a, b) = (try PublishedFixture.read(kind), try PublishedFixture.read(kind))
      #expect(a.splits.map(\.records) == b.splits.map(\.records), "\(kind)")
    }
  }
}
