// Writes the Food-101 stand-in and the pretraining sentences as raw arrays for food_training.py: the main.swift of an
// executable that depends on Datasets. The first argument is the folder to write to, which must exist.
import Datasets
import Foundation
let folder = CommandLine.arguments[1]
let data = FoodStandIn(dataSeed: 1, sizes: SplitSizes(train: 12_000))
let words = WordVocabulary.standIns
func save(_ name: String, _ bytes: Data) { try! bytes.write(to: URL(fileURLWithPath: folder + "/" + name)) }
func rows(_ texts: [[Int32]], width: Int) -> Data {
  var all: [Int32] = []
  for t in texts { precondition(t.count <= width); all += t + [Int32](repeating: 0, count: width - t.count) }
  return all.withUnsafeBytes { Data($0) }
}
for split in [Split.train, .test] {
  var pixels = Data(); var texts: [[Int32]] = []; var labels: [Int32] = []
  for i in 0..<data.count(split) {
    let e = data.example(i, of: split)
    pixels.append(contentsOf: e.image!.pixels)
    texts.append(words.encode(e.text!) as [Int32])
    if case .class(let c) = e.label { labels.append(Int32(c)) }
  }
  save("\(split).pixels", pixels)
  save("\(split).tokens", rows(texts, width: 32))
  save("\(split).labels", labels.withUnsafeBytes { Data($0) })
}
save("corpus.tokens", rows(TextPretrainingSet().tokens(), width: 32))
save("heldout.tokens", rows(TextPretrainingSet(dataSeed: 2, countOf: { $0.standardCount / 30 }).tokens(), width: 32))
save("words.txt", Data(words.tokens.joined(separator: "\n").utf8))
