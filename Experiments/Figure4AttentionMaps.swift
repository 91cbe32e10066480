import Datasets
import Foundation
import Fusion
import Laboratory
import NN
import Reporting
import Training

/*:
 # Figure 4 · Where the image encoder looks

 The papers show attention over image patches for one image and several text queries. With one global prompt the maps are
 nearly the same whatever is asked; with MoPE they differ and concentrate on what the query speaks of.

 Here the map is the attention of [CLS] to the sixteen patches in the last block of ViT-mini, mean over the heads, as shares
 of what goes to patches. The rows are the static prompt alone (one global prompt in the strict sense), P-SequentialFuse (a
 static prompt and the one mapped from the text), and MoPE. Two numbers decide: how far maps of the same image with
 different sentences are apart, and how much attention falls on the quarters of the image that hold what the sentence speaks of.
 */
extension Experiment {
  static let figure4AttentionMaps = Experiment(
    "fig-4-attention-maps", title: "Figure 4 · Where the image encoder looks",
    summary: "Attention over patches for one image and several sentences, with one prompt and with MoPE.",
    reproduces: "Figure 4 (V4)", needsStandIns: true
  ) { notebook, workbench in
    //: ## Runs
    //: Those of [Table 2](../Reports/table-2-prompt-types.md).
    let methods: [(id: String, title: String, method: MethodPlan)] = [
      ("ps", "static prompt alone", .mope(.fixed)), ("p-sequentialfuse", "P-SequentialFuse", .mope([.fixed, .mapped])),
      ("mope", "MoPE k=16", .mope(.all)),
    ]
    let data = workbench.data(.snliVE)
    let results = workbench.results(
      of: methods.map { (Measurements.Row($0.id, title: $0.title), $0.method) }, on: [data])
    workbench.needsModels(of: results)
    guard !workbench.isPlanning, let judged = try workbench.judged(data) else { return }
    let examples = try workbench.examples(data)

    //: ## The maps
    //: Two scenes, each with its own sentence, with one about another of its objects, and with one about none of them.
    func subject(_ index: Int) -> String {
      "\(examples[index].attribute("colour") ?? "") \(examples[index].attribute("shape") ?? "")"
    }
    func objects(_ scene: Int) -> [String] {
      (examples[scene].attribute("scene") ?? "").components(separatedBy: ", ")
    }
    let scenes = examples.indices.filter {
      examples[$0].attribute("subject") == "present" && Set(objects($0)).count == 3
    }
    var rows: [[ImageGrid.Cell?]] = []
    for scene in scenes.prefix(2) {
      let others = objects(scene).filter { $0 != subject(scene) }
      let sentences = [
        scene, examples.indices.first { others.contains(subject($0)) },
        examples.indices.first { !objects(scene).contains(subject($0)) },
      ].compactMap { $0 }
      for sentence in sentences {
        rows.append(
          try methods.map { id, _, _ in
            guard let run = results.runs(id, on: .snliVE).first,
              let (model, watcher) = try workbench.watchedModel(of: run),
              let image = examples[scene].image
            else { return nil }
            _ = model(judged.pairing(images: [scene], texts: [sentence]), .evaluation)
            return ImageGrid.Cell(
              image, examples[sentence].text ?? "",
              heat: HeatLayer(grid(watcher.map[0], side: watcher.side)))
          })
      }
    }
    if rows.contains(where: { $0.contains { $0 != nil } }) {
      notebook.show(
        ImageGrid(
          columnTitles: methods.map(\.title), rows: rows, side: 120, heatTitle: "share of the attention to patches",
          heatRange: Interval(0, 0.25)),
        named: "maps",
        "Attention of [CLS] to the patches in the last block, first seed. Three rows each show one scene.",
        alternative: "Scenes with attention overlaid, one column per method; the table below has what can be compared.")
    }

    //: ## How far apart, and where
    //: Distance: half the sum of absolute differences between two maps of one image with the sentences of two other pairs,
    //: 0 for equal maps and 100 % for disjoint ones, over 200 images. On target: the share of attention on the quarters
    //: of the image that hold the object spoken of, minus the share of the image that these quarters are, over the pairs
    //: whose subject is in the image.
    var measured = Measurements(
      rows: methods.map { Measurements.Row($0.id, title: $0.title) },
      columns: [
        Measurements.Column("distance", title: "distance of maps", unit: "%", digits: 2, resolution: 1e-3),
        Measurements.Column(
          "target", title: "attention on target above chance", unit: "points", digits: 2, resolution: 1e-3),
      ])
    let images = Array(0..<min(200, examples.count))
    let present = examples.indices.filter { examples[$0].attribute("subject") == "present" }.prefix(400).map { $0 }
    for (id, _, _) in methods {
      for run in results.runs(id, on: .snliVE) {
        guard let (model, watcher) = try workbench.watchedModel(of: run) else { continue }
        func maps(_ images: [Int], _ texts: [Int]) -> [[Float]] {
          _ = model(judged.pairing(images: images, texts: texts), .evaluation)
          return watcher.map
        }
        let first = maps(images, images.map { ($0 + 1) % examples.count })
        let second = maps(images, images.map { ($0 + 2) % examples.count })
        let distance = zip(first, second).reduce(0.0) { sum, pair in
          sum + zip(pair.0, pair.1).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } / 2
        }
        measured.set(100 * distance / Double(images.count), row: id, column: "distance", seed: run.run.seed)
        let excess = zip(present, maps(present, present)).reduce(0.0) { sum, pair in
          let quarters = (examples[pair.0].attribute("quarters") ?? "").split(separator: " ").compactMap { Int($0) }
          return sum + share(pair.1, of: quarters, side: watcher.side) - Double(Set(quarters).count) / 4
        }
        measured.set(100 * excess / Double(present.count), row: id, column: "target", seed: run.run.seed)
      }
    }
    notebook.compare(measured)

    //: ## Verdicts
    notebook.claim(
      "Maps of one image with different texts are further apart with MoPE than with a static prompt and with P-SequentialFuse",
      .beats(["mope"], ["ps", "p-sequentialfuse"], columns: ["distance"], in: measured),
      paper: "nearly the same for the global prompt")
    notebook.claim(
      "MoPE's attention falls on what the text speaks of more than that of the others",
      .beats(["mope"], ["ps", "p-sequentialfuse"], columns: ["target"], in: measured),
      paper: "concentrates on relevant tokens")

    //: With the static prompt alone [CLS] looks at the object spoken of less than an even spread would, in every seed by seven
    //: points or more. In the picture (first seed) a patch beside the objects has up to a quarter of its attention, where
    //: earlier blocks may leave what they gathered. P-SequentialFuse spreads its attention nearly evenly there; MoPE lies
    //: between, with a weaker patch of the kind for most sentences. In the mean both are below an even spread, by four and two
    //: points, but seeds differ by as much: MoPE is above it in two of four, and is not told from P-SequentialFuse. With the
    //: static prompt alone the text cannot reach the image encoder at all: its distance is zero by construction, and is printed
    //: as a check of the measurement.
  }
}

/// A map as rows of a square.
private func grid(_ map: [Float], side: Int) -> [[Double]] {
  (0..<side).map { row in map[row * side..<(row + 1) * side].map(Double.init) }
}

/// The share of a map that falls on quarters of the image (0 top left, 1 top right, 2 bottom left, 3 bottom right).
private func share(_ map: [Float], of quarters: [Int], side: Int) -> Double {
  let wanted = Set(quarters)
  return map.indices.reduce(0.0) { sum, patch in
    let quarter = (patch / side >= side / 2 ? 2 : 0) + (patch % side >= side / 2 ? 1 : 0)
    return wanted.contains(quarter) ? sum + Double(map[patch]) : sum
  }
}

extension PreparedSplit {
  /// The images of some examples with the texts of others.
  fileprivate func pairing(images: [Int], texts: [Int]) -> Batch {
    Batch(size: images.count, images: batch(images).images, text: batch(texts).text)
  }
}
