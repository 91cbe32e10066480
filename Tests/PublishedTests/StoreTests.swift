import Determinism
import Foundation
import Published
import Testing

@Suite struct StoreTests {
  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `a prepared dataset loads as it was read`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("store"))
    for kind in PublishedKind.allCases {
      let read = try kind.reader.read(store.data)
      let manifest = try store.prepare(kind).manifest
      let loaded = try store.load(kind)
      #expect(loaded.splits.map(\.split) == read.splits.map(\.split), "\(kind)")
      #expect(loaded.splits.map(\.records) == read.splits.map(\.records), "\(kind)")
      #expect(
        loaded.skips == read.skips && loaded.notes == read.notes && loaded.task == read.task,
        "\(kind)")
      #expect(manifest.splits.map(\.records) == read.splits.map(\.records.count))
      #expect(manifest.sources.allSatisfy { $0.sha256.count == 64 })
    }
  }

  @Test func `preparing again keeps what is unchanged, and a changed source makes it anew`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("again"))
    guard case .written(let first) = try store.prepare(.snliVE) else {
      Issue.record("nothing was written")
      return
    }
    #expect(try store.prepare(.snliVE) == .kept(first))
    try PublishedFixture.edit(
      "\(store.data)/snli-ve/snli_ve_dev.jsonl", "A dog sleeps.", "A cat sleeps.")
    guard case .written = try store.prepare(.snliVE) else {
      Issue.record("the change was not seen")
      return
    }
    #expect(try store.load(.snliVE).records(.validation)[1].text == "A cat sleeps.")
  }

  @Test func `a changed text file of a folder and a removed image are seen`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("folder"))
    try store.prepare(.food101)
    try AtomicFile.write("New text", to: "\(store.data)/food-101/texts_txt/waffles/waffles_10.txt")
    guard case .written = try store.prepare(.food101) else {
      Issue.record("the change was not seen")
      return
    }
    try store.prepare(.snliVE)
    try FileManager.default.removeItem(
      atPath: "\(store.data)/snli-ve/Flickr30K/flickr30k_images/10002456.jpg")
    #expect(failure { try store.prepare(.snliVE) }?.kind == .missingInput)
  }

  @Test func `what lies beside the data does not make it other data, another image does`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("beside"))
    let images = "\(store.data)/snli-ve/Flickr30K/flickr30k_images"
    func identity() throws -> String { try store.prepare(.snliVE).manifest.identity() }
    let first = try identity()
    try AtomicFile.write("thumbnails", to: "\(images)/.DS_Store")
    guard case .kept = try store.prepare(.snliVE) else {
      Issue.record("a hidden file made the data stale")
      return
    }
    try AtomicFile.write("thumbnails", to: "\(images)/Thumbs.db")
    #expect(try identity() == first)
    let image = "\(images)/10002456.jpg"
    let bytes = try #require(FileManager.default.contents(atPath: image))
    try (bytes + Data([0])).write(to: URL(fileURLWithPath: image))
    #expect(try identity() != first)
  }

  @Test func `records of files in the skip list are left out and counted`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("skip-list"))
    let whole = try store.prepare(.snliVE).manifest
    try FileManager.default.removeItem(
      atPath: "\(store.data)/snli-ve/Flickr30K/flickr30k_images/10002456.jpg")
    try AtomicFile.write(
      "# damaged\nsnli-ve/Flickr30K/flickr30k_images/10002456.jpg\n\n",
      to: "\(store.data)/skip.txt")
    let less = try store.prepare(.snliVE).manifest
    #expect(try less.identity() != whole.identity())
    let data = try store.load(.snliVE)
    let listed = data.skips.filter { $0.reason == .listed }
    #expect(!listed.isEmpty)
    #expect(data.records(.train).count + listed.count == whole.splits[0].records)
    #expect(!data.records(.train).contains { $0.image?.hasSuffix("10002456.jpg") == true })
  }

  @Test func `a manifest that counts or names what its records do not have is bad input`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("manifest"))
    try store.prepare(.snliVE)
    let path = "\(store.path(.snliVE))/manifest.json"
    let whole = try String(contentsOfFile: path, encoding: .utf8)
    for (old, new) in [
      ("\"records\" : 4", "\"records\" : 9223372036854775807"), ("\"records\" : 4", "\"records\" : -1"),
      ("\"contradiction\",", ""),
    ] {
      try #require(whole.contains(old))
      try whole.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
      #expect(failure { _ = try store.load(.snliVE) }?.kind == .badInput, "\(new)")
    }
  }

  @Test func `where nothing can be written the place for the prepared form is asked for`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("read-only"), folder: "/proc/read-only/prepared")
    let found = failure { try store.prepare(.snliVE) }
    #expect(found?.kind == .io)
    #expect(found?.description.contains("--prepared") == true)
  }

  @Test func `several that prepare at once do not disturb each other`() async throws {
    let store = PublishedStore(data: try PublishedFixture.copy("at-once"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask {
          try store.prepare(.mmIMDB)
          _ = try store.load(.mmIMDB)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `a prepared file that was changed is refused, and prepared again on request`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("tampered"))
    try store.prepare(.mmIMDB)
    try PublishedFixture.edit("\(store.path(.mmIMDB))/records-test.jsonl", "moon", "Moon")
    let found = failure { _ = try store.load(.mmIMDB) }
    #expect(found?.kind == .badInput)
    #expect(found?.description.contains("records-test.jsonl: expected SHA-256") == true)
    guard case .written = try store.prepare(.mmIMDB) else {
      Issue.record("the change was not seen")
      return
    }
    #expect(try store.load(.mmIMDB).records(.test).count == 2)
  }

  @Test func `remains of a killed preparation are not taken for data, and go`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("killed"))
    let target = store.path(.snliVE)
    try AtomicFile.write("{\"id\":", to: "\(target)/records-train.jsonl.77-1.tmp")
    try AtomicFile.write("{\"id\":\"x\"}\n", to: "\(target)/records-train.jsonl")
    #expect(failure { _ = try store.load(.snliVE) }?.kind == .missingInput)
    try store.prepare(.snliVE)
    #expect(
      try names(target) == [
        "manifest.json", "records-test.jsonl", "records-train.jsonl", "records-validation.jsonl",
        "skipped.jsonl",
      ])
    #expect(try store.load(.snliVE).records(.train).count == 4)
  }

  @Test func `bad input leaves nothing prepared`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("bad"))
    try PublishedFixture.edit("\(store.data)/snli-ve/snli_ve_test.jsonl", "entailment", "maybe")
    #expect(failure { try store.prepare(.snliVE) }?.kind == .badInput)
    #expect(!FileManager.default.fileExists(atPath: store.path(.snliVE)))
  }

  @Test func `check says what is complete, what is missing and where it is published`() throws {
    let store = PublishedStore(data: try PublishedFixture.copy("check"))
    #expect(try store.check().allSatisfy { $0.state == .complete && $0.prepared == nil })
    try FileManager.default.removeItem(atPath: "\(store.data)/refcoco/instances.json")
    try FileManager.default.removeItem(atPath: "\(store.data)/mustard")
    try store.prepare(.vqaV2)
    let found = try store.check()
    let coco = try #require(found.first { $0.kind == .refCOCO })
    #expect(coco.state == .incomplete)
    #expect(coco.missing.map(\.role) == ["instances"])
    #expect(coco.missing[0].origin.contains("lichengunc/refer"))
    #expect(found.first { $0.kind == .mustard }?.state == .absent)
    #expect(found.first { $0.kind == .vqaV2 }?.prepared?.map(\.records) == [4, 2, 1])
    #expect(failure { _ = try PublishedStore(data: "/no/such").check() }?.kind == .missingInput)
  }

  @Test func `the card compares sizes, counts skips by reason, and shares labels`() throws {
    let card = PublishedCard(try PublishedFixture.read(.mmIMDB))
    #expect(card.sizes.map(\.records) == [3, 1, 2])
    #expect(card.sizes[0].published?.count == 15_513)
    #expect(card.total.count == 10)
    #expect(card.skips.map(\.count) == [1, 1, 1, 1])
    let drama = try #require(card.shares.first { $0.label == "Drama" && $0.split == .train })
    #expect(drama.count == 3 && drama.share == 1)
    let text = card.markdown
    #expect(text.contains("| train | 3 | 2 | 15\u{202F}513 (MMBT) | -15\u{202F}510 |"))
    #expect(text.contains("| genre News, Reality-TV or Talk-Show | train | 1 |"))
    #expect(text.contains("| Drama | 100.0 % | 100.0 % | 50.0 % |"))
    #expect(PublishedCard(try PublishedFixture.read(.food101)).markdown.contains("| … |"))
    #expect(PublishedCard(try PublishedFixture.read(.refCOCO)).shares.isEmpty)
  }
}
