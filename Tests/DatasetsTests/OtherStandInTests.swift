import Datasets
import Determinism
import NN
import Testing

@Suite struct ReferringStandInTests {
  @Test func `test A speaks of round objects and test B of angular ones`() {
    let set = ReferringStandIn(.refCOCO)
    for index in 0..<60 {
      let round = ["circle", "ring"]
      #expect(round.contains(set.example(index, of: .testA).attribute("shape") ?? ""))
      #expect(!round.contains(set.example(index, of: .testB).attribute("shape") ?? "circle"))
    }
  }

  @Test func `only RefCOCO speaks of places`() {
    func places(_ style: ReferringStandIn.Style) -> Int {
      (0..<200).count { index in
        let text = ReferringStandIn(style).example(index, of: .train).text ?? ""
        return !Set(splitWords(text)).isDisjoint(with: ["left", "right", "top", "bottom"])
      }
    }
    #expect(places(.refCOCO) > 60)
    #expect(places(.refCOCOPlus) == 0)
  }

  @Test func `masks cover one object and reach the batch`() throws {
    let set = ReferringStandIn(.refCOCOPlus)
    for index in 0..<100 {
      let area = set.example(index, of: .train).label.maskValues.reduce(0) { $0 + Int($1) }
      // The smallest ring (radius 3.9) has 38 pixels of area, the largest circle (7.6) 181.
      #expect(area > 25 && area < 200)
    }
    let prepared = try PreparedSplit(set, .testB, tokenizer: WordVocabulary.standIns, limit: 4)
    guard case .masks(let masks) = prepared.batch([2, 0]).labels else {
      Issue.record("expected masks")
      return
    }
    #expect(masks.shape == [2, 36, 36])
    let first = set.example(2, of: .testB).label.maskValues.map { Float($0) }
    #expect(Array(masks.values.prefix(36 * 36)) == first)
  }
}

@Suite struct VQAStandInTests {
  private static let set = VQAStandIn()
  private static let examples = (0..<500).map { set.example($0, of: .train) }

  /// The number of objects of the scene whose description contains `word`.
  private func number(_ word: String, in example: Example) -> Int {
    (example.attribute("scene") ?? "").split(separator: ", ").count {
      splitWords(String($0)).contains(word)
    }
  }

  @Test func `counting questions are answered with the number of such things`() {
    let colours = ["red", "green", "blue", "yellow", "purple", "cyan"]
    for example in Self.examples where example.attribute("question type") == "how many" {
      let words = splitWords(example.text ?? "")
      let scene = (example.attribute("scene") ?? "").split(separator: ", ")
      let asked = words.first(where: colours.contains)
      let expected = asked.map { number($0, in: example) } ?? scene.count
      #expect(example.attribute("answer") == "\(expected)")
    }
  }

  @Test func `presence questions are answered by the scene, yes half the time`() {
    let questions = Self.examples.filter { $0.attribute("question type") == "is there" }
    for example in questions {
      let subject = splitWords(example.text ?? "").suffix(2).joined(separator: " ")
      let present = (example.attribute("scene") ?? "").contains(subject)
      #expect(example.attribute("answer") == (present ? "yes" : "no"))
    }
    let share =
      Double(questions.count { $0.attribute("answer") == "yes" }) / Double(questions.count)
    #expect(abs(share - 0.5) < 0.2)  // n ≈ 100: standard deviation .05
  }

  @Test func `all five kinds of question occur`() {
    #expect(Set(Self.examples.compactMap { $0.attribute("question type") }).count == 5)
  }
}

@Suite struct MUStARDStandInTests {
  private static let set = MUStARDStandIn()
  private static let examples = (0..<200).map { set.example($0, of: .train) }

  @Test func `sarcasm is words and voice that do not agree`() {
    for example in Self.examples {
      let agree =
        (example.attribute("words") == "friendly") == (example.attribute("voice") == "lively")
      #expect(example.label == .class(agree ? 0 : 1))
    }
  }

  @Test func `waveforms and frames reach the batch`() throws {
    let prepared = try PreparedSplit(
      Self.set, .test, tokenizer: WordVocabulary.standIns, limit: 5)
    let batch = prepared.batch([4, 1])
    #expect(batch.images == nil)
    #expect(batch.audio?.shape == [2, MUStARDStandIn.samples])
    #expect(batch.video?.shape == [2, MUStARDStandIn.frames, 3, 36, 36])
    let wave = Self.set.example(1, of: .test).audio ?? []
    #expect(Array(batch.audio?.values.suffix(MUStARDStandIn.samples) ?? []) == wave)
    let fields = Self.set.example(4, of: .test).frames ?? []
    let expected = (Float(fields[2].pixels[1]) / 255 - 0.5) / 0.25
    #expect(batch.video?.values[(2 * 3 + 1) * 36 * 36] == expected)
  }

  @Test func `waveforms stay within one`() {
    #expect(Self.examples.allSatisfy { ($0.audio ?? []).allSatisfy { abs($0) <= 1 } })
  }
}

@Suite struct ReferringPairTests {
  @Test(arguments: [ReferringStandIn.Style.refCOCO, .refCOCOPlus])
  func `a pair is one image, two objects of one shape and two expressions`(
    _ style: ReferringStandIn.Style
  ) {
    let dataset = ReferringStandIn(style)
    for i in 0..<40 {
      let (first, second) = (
        dataset.example(2 * i, of: .pairs), dataset.example(2 * i + 1, of: .pairs)
      )
      #expect(first.image == second.image)
      #expect(first.text != second.text)
      #expect(first.attribute("shape") == second.attribute("shape"))
      let both = zip(first.label.maskValues, second.label.maskValues).count { $0 == 1 && $1 == 1 }
      #expect(both == 0)
    }
  }
}
