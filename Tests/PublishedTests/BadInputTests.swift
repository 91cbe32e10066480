import Determinism
import Foundation
import Published
import Testing

@Suite struct BadInputTests {
  /// What reading a spoiled copy throws.
  private func reading(
    _ kind: PublishedKind, _ name: String, _ spoil: (String) throws -> Void
  ) throws -> Failure {
    let folder = try PublishedFixture.copy(name)
    try spoil(folder)
    return try #require(failure { _ = try kind.reader.read(folder) })
  }

  private func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

  @Test func `a data folder that is not there is missing input`() {
    #expect(failure { _ = try SNLIVEReader().read("/no/such/folder") }?.kind == .missingInput)
  }

  @Test func `a missing split file names the file and where it is published`() throws {
    let found = try reading(.snliVE, "missing-split") {
      try remove("\($0)/snli-ve/snli_ve_dev.jsonl")
    }
    #expect(found.kind == .missingInput)
    #expect(found.description.contains("snli-ve/snli_ve_dev.jsonl: no such file"))
    #expect(found.description.contains("github.com/necla-ml/SNLI-VE"))
  }

  @Test func `a split that split.json lacks is bad input`() throws {
    let found = try reading(.mmIMDB, "split-key") {
      try PublishedFixture.edit("\($0)/mm-imdb/split.json", "\"dev\"", "\"valid\"")
    }
    #expect(found.kind == .badInput)
    #expect(found.description.contains("split.json: expected the split \"dev\""))
  }

  @Test func `an unknown label names the line and the labels`() throws {
    let found = try reading(.snliVE, "label") {
      try PublishedFixture.edit(
        "\($0)/snli-ve/snli_ve_test.jsonl", "\"gold_label\": \"neutral\"",
        "\"gold_label\": \"maybe\"")
    }
    #expect(found.kind == .badInput)
    #expect(
      found.description.contains(
        "snli_ve_test.jsonl: line 2: gold_label: the label \"maybe\" is not one of contradiction"))

    let genre = try reading(.mmIMDB, "genre") {
      try PublishedFixture.edit("\($0)/mm-imdb/dataset/0018737.json", "\"Drama\"", "\"Adult\"")
    }
    #expect(genre.kind == .badInput)
    #expect(
      genre.description.contains(
        "0018737.json: expected genres of the 23 labels, found the label \"Adult\""))

    let dish = try reading(.food101, "dish") {
      try FileManager.default.moveItem(
        atPath: "\($0)/food-101/images/test/waffles", toPath: "\($0)/food-101/images/test/waffle")
    }
    #expect(dish.kind == .badInput)
    #expect(
      dish.description.contains(
        "images/test/waffle: the label \"waffle\" is not one of the 101 dishes"))
  }

  @Test func `an id that occurs twice names both places`() throws {
    let found = try reading(.snliVE, "twice") { folder in
      let path = "\(folder)/snli-ve/snli_ve_train.jsonl"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first)
      try (text + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(found.kind == .badInput)
    #expect(found.description.contains("line 7: the id \"1000092795.jpg#1r1e\" is already used at"))
    #expect(found.description.contains("snli_ve_train.jsonl: line 1;"))

    let film = try reading(.mmIMDB, "film-twice") {
      try PublishedFixture.edit("\($0)/mm-imdb/split.json", "[\"0022100\"", "[\"0012349\"")
    }
    #expect(film.description.contains("split.json: dev[0]: the id \"0012349\" is already used at"))
  }

  @Test func `a broken line names its number and column`() throws {
    let found = try reading(.snliVE, "broken") { folder in
      let path = "\(folder)/snli-ve/snli_ve_train.jsonl"
      try PublishedFixture.edit(
        path, "\"sentence2\": \"They are friends.\"", "\"sentence2\" \"They are friends.\"")
    }
    #expect(found.kind == .badInput)
    #expect(found.description.contains("snli_ve_train.jsonl: line 3, column "))
    #expect(found.description.contains("expected ':', found '\"'"))

    let annotation = try reading(.refCOCO, "broken-array") {
      try PublishedFixture.edit("\($0)/refcoco/instances.json", "\"id\": 102,", "\"id\" 102,")
    }
    #expect(annotation.description.contains("instances.json: line "))
    let cut = try reading(.vqaV2, "cut") { folder in
      let url = URL(fileURLWithPath: "\(folder)/vqa-v2/v2_OpenEnded_mscoco_val2014_questions.json")
      try Data(try Data(contentsOf: url).dropLast(20)).write(to: url)
    }
    #expect(cut.kind == .badInput)
    #expect(cut.description.contains("line 1, column"))
  }

  @Test func `a mask of another size than its image is refused`() throws {
    for (name, old, new) in [
      ("numbers", "\"size\": [\n     24,\n     32\n    ]", "\"size\": [\n     24,\n     33\n    ]"),
      ("outside", "29.75", "64.5"),
    ] {
      let found = try reading(.refCOCO, "mask-\(name)") {
        try PublishedFixture.edit("\($0)/refcoco/instances.json", old, new)
      }
      #expect(found.kind == .badInput)
      #expect(found.description.contains("a mask of the wrong size"), "\(found)")
      #expect(found.description.contains("annotations["), "\(found)")
    }
    let short = try reading(.refCOCO, "mask-runs") { folder in
      let path = "\(folder)/refcoco/instances.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let range = try #require(text.firstRange(of: /"counts": \[\s+[0-9]+/))
      try text.replacingCharacters(in: range, with: "\"counts\": [1").write(
        toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(short.description.contains("a mask of the wrong size: expected 24×32 = 768 pixels"))
  }

  @Test func `an image of RefCOCO with an absurd size is refused`() throws {
    for size in ["4503599627370496", "32767"] {
      let found = try reading(.refCOCO, "size-\(size)") { folder in
        let path = "\(folder)/refcoco/instances.json"
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for side in ["width", "height"] {
          let range = try #require(text.firstRange(of: try Regex("\"\(side)\": [0-9]+")))
          text.replaceSubrange(range, with: "\"\(side)\": \(size)")
        }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }
      #expect(found.kind == .badInput)
      #expect(found.description.contains("1 to 33554432 pixels, found"), "\(found)")
    }
  }

  @Test func `a missing image names the file, the record and how many are missing`() throws {
    let found = try reading(.snliVE, "image") {
      try remove("\($0)/snli-ve/Flickr30K/flickr30k_images/10002456.jpg")
    }
    #expect(found.kind == .missingInput)
    #expect(found.description.contains("10002456.jpg: no such file; record 10002456.jpg#0r5e"))
    #expect(found.description.contains("(1 of 4 files are missing)"))
    let sound = try reading(.mustard, "sound") { try remove("\($0)/mustard/audio/2_10.wav") }
    #expect(sound.kind == .missingInput)
  }

  @Test func `a title whose image is not there is skipped and counted`() throws {
    let folder = try PublishedFixture.copy("title-image")
    let before = try PublishedKind.food101Titles.reader.read(folder)
    try remove("\(folder)/food-101/images/test/waffles/waffles_10.jpg")
    let after = try PublishedKind.food101Titles.reader.read(folder)
    #expect(after.records(.test).count == before.records(.test).count - 1)
    #expect(after.skips.contains { $0.id == "waffles_waffles_10.jpg" && $0.reason == .noImage })
  }

  @Test func `a split without records is refused`() throws {
    let found = try reading(.snliVE, "empty") {
      try AtomicFile.write("", to: "\($0)/snli-ve/snli_ve_test.jsonl")
    }
    #expect(found.kind == .badInput)
    #expect(
      found.description.contains("SNLI-VE: split test: expected at least one record, found none"))
    let films = try reading(.mmIMDB, "empty-films") {
      try PublishedFixture.edit("\($0)/mm-imdb/split.json", "[\"0022100\", ", "[")
    }
    #expect(films.description.contains("split validation"))
    #expect(
      films.description.contains("1 skipped, the first: 0023000: genre that no training film has"))
  }

  @Test func `questions and annotations that do not belong together are refused`() throws {
    let found = try reading(.vqaV2, "apart") {
      try PublishedFixture.edit(
        "\($0)/vqa-v2/v2_mscoco_val2014_annotations.json", "\"question_id\": 5001",
        "\"question_id\": 5002")
    }
    #expect(found.kind == .badInput)
    #expect(found.description.contains("expected answers to question 5001"))
  }

  @Test func `the HDF5 form of MM-IMDB is refused with what to get instead`() throws {
    let found = try reading(.mmIMDB, "hdf5") {
      try remove("\($0)/mm-imdb/split.json")
      try AtomicFile.write("HDF", to: "\($0)/mm-imdb/multimodal_imdb.hdf5")
    }
    #expect(found.kind == .missingInput)
    #expect(found.description.contains("the HDF5 form is not read; expected the raw form"))
  }

  @Test func `a pickle with code in it is refused by the reader of RefCOCO`() throws {
    let reference = try PublishedFixture.reference()
    let code = try #require(
      reference.pickles.code.first { $0.what == "system" && $0.protocol == 2 })
    let found = try reading(.refCOCO, "code") {
      try Data(bytes(code.bytes)).write(to: URL(fileURLWithPath: "\($0)/refcoco/refs(unc).p"))
    }
    #expect(found.kind == .badInput)
    #expect(found.description.contains("refs(unc).p: byte 2: GLOBAL of posix.system is refused"))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/mope-pickle-was-run"))
  }
}
