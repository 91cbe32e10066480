import Autograd
import Datasets
import Determinism
import Foundation
import Fusion
import NN
import PaperTier
import Published
import TestSupport
import Testing
import Training

/// Batches of what is no image with a text and a class: masks, answers, clips.
@Suite struct PublishedKindsTests {
  private func choice(_ name: DatasetID) -> DataChoice { DataChoice(name, dataSeed: 1) }

  private func batch(_ source: any BatchSource, _ indices: [Int], _ use: BatchUse = .evaluation) throws -> Batch {
    let next = source.batches([indices], for: use)
    return try #require(try next())
  }

  /// The fixture's data in a folder of their own, to be broken.
  private func broken(_ name: String, _ change: (_ folder: String) throws -> Void) throws -> PublishedData {
    let (_, encoders) = try TinyTier.make(name)
    let folder = try temporaryPath("paper-\(name)/data")
    try FileManager.default.copyItem(atPath: Fixture("published").folder, toPath: folder)
    try change(folder)
    return PublishedData(folder, encoders: encoders)
  }

  private func failure(_ body: () throws -> Void) -> Failure? {
    do { try body() } catch { return error as? Failure }
    return nil
  }

  // MARK: Masks

  private let referring = MethodPlan.mope(experts: 4)(at: .paper, on: .refCOCO)

  @Test func `masks are made at 384 pixels with ten prompts on both sides`() {
    #expect(referring.slots[0].encoder == .swin384 && referring.slot(.text)?.prompts == 10)
    let mope = referring.choices as? MoPEConfiguration
    #expect(mope?.length == 10 && mope?.experts == 4)
    #expect(MethodPlan.sequentialFuse(at: .paper, on: .refCOCO).slot(.text)?.prompts == 0)
  }

  @Test func `image and mask are scaled to fit and centred, the border is the mean colour`() throws {
    let (data, _) = try TinyTier.make("masks")
    let train = try data.training(choice(.refCOCO), for: referring)
    #expect(train.count == 2 && train.labels.isEmpty)
    let batch = try batch(train, [0, 1])
    let images = try #require(batch.images)
    #expect(images.shape == [2, 3, 48, 48])
    guard case .masks(let masks)? = batch.labels else {
      Issue.record("expected masks")
      return
    }
    #expect(masks.shape == [2, 48, 48])
    // 32 × 24 pixels become 48 × 36: six rows of border above and below.
    let border = masks.values[0..<6 * 48] + masks.values[42 * 48..<48 * 48]
    #expect(border.allSatisfy { $0 == 0 })
    // The mean colour is normalised to almost 0: it is rounded to a 255th. The cubic kernel reaches two rows into the border.
    #expect(images.values[0..<3 * 48].allSatisfy { abs($0) < 0.5 / 255 / 0.12 })
    // The first object is a rectangle of 10 × 12.5 pixels from (3.5, 2.25) on.
    let area = masks.values[0..<48 * 48].reduce(0, +)
    #expect(abs(area - 1.5 * 1.5 * 10 * 12.5) < 30)  // half a pixel around it
  }

  @Test func `a faultless prediction taken back to the image's size covers the mask`() throws {
    let (data, _) = try TinyTier.make("masks-back")
    let train = try data.training(choice(.refCOCO), for: referring)
    guard case .masks(let masks)? = try batch(train, [0]).labels else {
      Issue.record("expected masks")
      return
    }
    let logits = masks.values.map { $0 > 0.5 ? Float(8) : -8 }
    let (predicted, truth) = train.judged(logits, 0)
    #expect(predicted.count == 32 * 24 && truth.count == 32 * 24)
    let both = zip(predicted, truth).count { $0 && $1 > 0 }
    let either = zip(predicted, truth).count { $0 || $1 > 0 }
    #expect(Double(both) / Double(either) > 0.9)  // edges of pixels that are not whole
    #expect(train.judged(logits.map { -$0 }, 0).predicted != predicted)
  }

  @Test func `training draws one expression of an object anew in every epoch, evaluation takes the first`()
    throws
  {
    let (data, _) = try TinyTier.make("expressions")
    let train = try data.training(choice(.refCOCO), for: referring)
    func tokens(_ use: BatchUse) throws -> [Int32] { try #require(try batch(train, [0], use).text).ids }
    let first = try tokens(.evaluation)
    let drawn = try (0..<12).map { try tokens(.training(epoch: $0, seed: 0)) }
    #expect(Set(drawn).count == 2 && drawn.contains(first))
    #expect(try tokens(.training(epoch: 3, seed: 0)) == drawn[3])
  }

  @Test func `the tests ask with every expression, and pairs only where an image has them`() throws {
    let (data, _) = try TinyTier.make("tests")
    let judged = try data.judged(choice(.refCOCO), for: referring)
    #expect(judged.map(\.split) == [.validation, .testA, .testB, .train])
    #expect(judged.map(\.count) == [1, 2, 1, 2])
  }

  @Test func `pairs are the first two objects of one category in one image that is not trained on`() {
    func record(_ id: String, _ image: String, _ category: String) -> PublishedRecord {
      PublishedRecord(
        id: id, texts: ["\(id) one", "\(id) two"], image: image, label: .unlabelled,
        attributes: [Attribute("category", category)])
    }
    let dataset = PublishedDataset(
      kind: .refCOCO, folder: "", task: .segmentation,
      splits: [
        (.train, [record("a", "1", "dog"), record("b", "1", "dog")]),
        (.validation, [record("c", "2", "dog"), record("d", "2", "cat"), record("e", "2", "dog")]),
        (.testA, [record("f", "3", "man"), record("g", "3", "man"), record("h", "3", "man")]),
      ], skips: [], notes: [])
    #expect(dataset.examples(.pairs).map(\.texts) == [["c one"], ["e one"], ["f one"], ["g one"]])
  }

  @Test func `an image of another size than annotated ends with its name`() throws {
    let data = try broken("size") { folder in
      let photo = "\(folder)/coco/train2014/COCO_train2014_000000000001.jpg"
      try FileManager.default.removeItem(atPath: photo)
      try FileManager.default.copyItem(
        atPath: "\(folder)/coco/val2014/COCO_val2014_000000000005.jpg", toPath: photo)
    }
    let train = try data.training(choice(.refCOCO), for: referring)
    let found = failure { _ = try batch(train, [0]) }
    #expect(found?.kind == .badInput)
    #expect(
      found?.description.contains(
        "COCO_train2014_000000000001.jpg: expected 32×24 pixels, as annotated, found 24×18") == true)
  }

  // MARK: Answers

  @Test func `answers are soft targets, judged on validation`() throws {
    let (data, _) = try TinyTier.make("answers")
    let method = MethodPlan.mope(main: .text)(at: .paper, on: .vqaV2)
    let train = try data.training(choice(.vqaV2), for: method)
    let names = train.task.labels
    #expect(train.task == .answering(labels: names) && names.first == "yes")
    let batch = try batch(train, Array(0..<train.count))
    guard case .scores(let targets)? = batch.labels else {
      Issue.record("expected scores")
      return
    }
    #expect(targets.shape == [4, names.count])
    // "How many dogs are there?": nine said two.
    let two = try #require(names.firstIndex(of: "2"))
    #expect(targets.values[two] == 1 && targets.values[0..<names.count].reduce(0, +) == 1)
    #expect(batch.images?.shape == [4, 3, 32, 32])
    #expect(try data.judged(choice(.vqaV2), for: method).map(\.split) == [.validation])
    let examples = try data.examples(choice(.vqaV2), pictures: 1)
    #expect(examples.map { $0.attribute("question type") } == ["is it", "what colour"])
    #expect(examples[0].image != nil && examples[1].image == nil)
  }

  // MARK: Clips

  private let clip = MethodPlan.mope(experts: 4)(at: .paper, on: .mustard)

  @Test func `a clip has words, eight frames for the papers' ViT, and a sound with its length`() throws {
    let (data, _) = try TinyTier.make("clips")
    #expect(clip.slot(.video)?.encoder == .vit)
    let test = try data.judged(choice(.mustard), for: clip)[0]
    let batch = try batch(test, [0, 1])
    let video = try #require(batch.video)
    #expect(video.shape == [2, 8, 3, 32, 32] && batch.images == nil)
    #expect(batch.audio?.shape == [2, 320] && batch.audioLengths == [320, 320])
    let frame = 3 * 32 * 32
    func values(_ clip: Int, _ place: Int) -> [Float] {
      Array(video.values[(8 * clip + place) * frame..<(8 * clip + place + 1) * frame])
    }
    // Of three frames the last is repeated; black ones stand in for none.
    #expect(values(0, 0) != values(0, 2) && values(0, 2) == values(0, 7))
    #expect(Set(values(1, 0)).count == 3 && values(1, 0) == values(1, 7))
  }

  @Test func `black frames are dropped, and of many eight are spread evenly`() throws {
    let data = try broken("frames") { folder in
      let frames = "\(folder)/mustard/frames/1_1001"
      // Two pictures in turn, sixteen in all.
      for number in 4...16 {
        try FileManager.default.copyItem(
          atPath: "\(frames)/frame_00000\(number % 2 + 1).jpg",
          toPath: "\(frames)/frame_\(String(format: "%06d", number)).jpg")
      }
    }
    let test = try data.judged(choice(.mustard), for: clip)[0]
    let video = try #require(try batch(test, [0]).video)
    let sums = (0..<8).map { place in
      video.values[place * 3072..<(place + 1) * 3072].reduce(0, +)
    }
    // Places 1, 3, 5, …, 15 of sixteen from 0: the frames numbered 2, 4, …, 16 are the first picture from the fourth on.
    #expect(sums[1] != sums[0] && sums[1...].allSatisfy { $0 == sums[1] })
  }

  @Test func `a sound that is too short for one state ends with its name`() throws {
    let data = try broken("sound") { folder in
      let path = "\(folder)/mustard/audio/1_60.wav"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path)).prefix(44 + 40)
      bytes.replaceSubrange(40..<44, with: [40, 0, 0, 0])  // the size of the samples
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    let train = try data.training(choice(.mustard), for: clip)
    let found = failure { _ = try batch(train, Array(0..<train.count)) }
    #expect(found?.kind == .badInput)
    #expect(found?.description.contains("1_60.wav: expected at least 45 samples") == true)
  }
}
