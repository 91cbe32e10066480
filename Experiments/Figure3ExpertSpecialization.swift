import Datasets
import Determinism
import Laboratory
import Reporting
import Training

/*:
 # Figure 3 · What the experts specialise in

 The papers show, for two experts of the last layer, images and a word cloud of the texts that the router sends them:
 children and play in one, crowds in the other. They conclude that experts become specialists of concepts without being told.

 Here every test pair of SNLI-VE's stand-in goes to the expert with the largest score in the last block. What a sentence
 speaks of is known: a colour, a shape, and whether its predicate can be seen. An expert is a specialist if knowing the
 expert tells something about these, measured as mutual information and compared with shuffled assignments. The papers would
 be contradicted by experts that tell no more than chance.
 */
extension Experiment {
  static let figure3ExpertSpecialization = Experiment(
    "fig-3-expert-specialization", title: "Figure 3 · What the experts specialise in",
    summary: "Images and words of the experts of the last block, and what they tell about concepts.",
    reproduces: "Figure 3 (CPT, V1, V4)"
  ) { notebook, workbench in
    //: ## Runs
    //: Table 1's MoPE with sixteen experts.
    let data = workbench.data(.snliVE)
    let results = workbench.results(of: [(Measurements.Row("mope", title: "MoPE k=16"), .mope(.all))], on: [data])
    guard !workbench.isPlanning else { return }
    let examples = try workbench.examples(data)
    let runs = results.runs("mope", on: .snliVE).filter { !$0.assignments.isEmpty }

    //: ## Four experts
    //: The four that receive most pairs, first seed: twelve pairs each, and the words of all their sentences, sized by how
    //: much more frequent they are than in all sentences. Words without content are left out.
    if let assignments = runs.first?.assignments.last {
      let counts = (0..<16).map { expert in assignments.count { Int($0) == expert } }
      let shown = counts.indices.sorted { (counts[$0], $1) > (counts[$1], $0) }.prefix(4).filter { counts[$0] > 11 }
      for (place, expert) in shown.enumerated() {
        let members = assignments.indices.filter { Int(assignments[$0]) == expert }
        let cells = members.filter { examples[$0].image != nil }.prefix(12).compactMap { place in
          examples[place].image.map { ImageGrid.Cell($0, examples[place].text ?? "") }
        }
        let words = distinctiveWords(members.map { examples[$0].text ?? "" }, among: examples.map { $0.text ?? "" })
        notebook.show(
          ImageGrid("Expert \(expert)", cells, columns: 4, side: 96), named: "expert-\(place)-sheet",
          "Twelve of the \(counts[expert]) pairs that go to expert \(expert).",
          alternative:
            "Twelve \(workbench.wording("drawn scenes", published: "photos")) with their sentences, routed to expert \(expert)."
        )
        if !words.isEmpty {
          notebook.show(
            WordCloud("Expert \(expert)", words: words), named: "expert-\(place)-words",
            "Words of the sentences that go to expert \(expert).",
            alternative: "Word cloud; the largest words are \(words.prefix(4).map(\.text).joined(separator: ", ")).")
        }
      }
    }

    //: ## What the expert tells
    //: Normalised mutual information of the last block's expert with each property, 0 for nothing and 1 for everything, and
    //: what shuffled assignments give (200 shuffles per seed).
    //: Of real sentences, of which nobody wrote down what they speak of, the property is the first of their words that is among
    //: the fifty most frequent content words.
    let isDrawn = workbench.tier != .paper
    let properties = isDrawn ? ["colour", "shape", "predicate"] : ["first frequent word"]
    let subjects = isDrawn ? [] : firstFrequentWords(examples.map { $0.text ?? "" })
    var measured = Measurements(
      rows: properties.map { Measurements.Row($0) },
      columns: [
        Measurements.Column("nmi", title: "NMI", unit: "", digits: 3, resolution: 1e-4),
        Measurements.Column("shuffled", title: "NMI, shuffled", unit: "", digits: 3, resolution: 1e-4),
        Measurements.Column("p", title: "p", unit: "", digits: 3, resolution: 1e-4, higherIsBetter: false),
      ])
    var use = Measurements(
      rows: [Measurements.Row("mope", title: "MoPE k=16")],
      columns: [
        Measurements.Column("used", title: "experts that receive a pair", unit: "", digits: 1, resolution: 1),
        Measurements.Column("largest", title: "largest share", unit: "%", digits: 1, resolution: 0.05),
      ])
    for run in runs {
      guard let assignments = run.assignments.last?.map(Int.init) else { continue }
      let random = RandomStream(seed: UInt64(run.run.seed)).stream("figure 3")
      for property in properties {
        let labels = indices(of: isDrawn ? examples.map { $0.attribute(property) ?? "" } : subjects)
        let test = try PermutationTest(
          mutualInformationOf: assignments, labels, resamples: 200, random.stream(property))
        let table = ContingencyTable(assignments, labels)
        let nmi = table.normalizedMutualInformation ?? 0
        measured.set(nmi, row: property, column: "nmi", seed: run.run.seed)
        let scale = test.observed > 0 ? nmi / test.observed : 0
        measured.set(test.expected * scale, row: property, column: "shuffled", seed: run.run.seed)
        measured.set(test.probability, row: property, column: "p", seed: run.run.seed)
      }
      let counts = (0..<16).map { expert in assignments.count { $0 == expert } }
      use.set(Double(counts.count { $0 > 0 }), row: "mope", column: "used", seed: run.run.seed)
      use.set(
        100 * Double(counts.max() ?? 0) / Double(assignments.count), row: "mope", column: "largest", seed: run.run.seed)
    }
    notebook.compare(measured)
    notebook.compare(use)

    //: ## Verdicts
    let worst = properties.map { property in measured.ordered(row: property, column: "p").max() ?? .nan }
    notebook.claim(
      "Experts tell more about what a sentence speaks of than shuffled ones",
      runs.isEmpty
        ? .notRun("no runs")
        : .criterion(
          Claim.Criterion(
            holds: worst[0] < 0.01, effect: worst[0], digits: 3, count: runs.count,
            test:
              "largest p of a permutation test of the mutual information with the \(properties[0]), below 0.01 in every seed"
          )),
      paper: "shown by two examples")
    if isDrawn {
      let (found, shuffled) = (
        measured.ordered(row: "colour", column: "nmi"), measured.ordered(row: "colour", column: "shuffled")
      )
      let excess = zip(found, shuffled).map { $0 - $1 }
      notebook.claim(
        "They are specialists: more than a fifth of the colour asked about is known from the expert",
        excess.isEmpty ? .notRun("no runs") : .exceeds(excess, margin: 0.2, unit: "NMI above shuffled, colour"),
        paper: "shown by two examples")
    }
    notebook.claim(
      "With the importance loss every expert receives pairs",
      runs.isEmpty
        ? .notRun("no runs")
        : .criterion(
          Claim.Criterion(
            holds: (use.ordered(row: "mope", column: "used").min() ?? 0) >= 16,
            effect: use.ordered(row: "mope", column: "used").min() ?? .nan, unit: "experts", digits: 0,
            count: runs.count,
            test: "fewest experts of 16 that receive a pair in any seed")),
      paper: "every expert is used")

    //: The papers' weight of the importance loss, 0.01, leaves ten of sixteen experts without a pair after 1500 steps;
    //: ten times that weight keeps nearly all in use and is more accurate ([Figure 8](../Reports/fig-8-importance-loss.md)). With few
    //: experts in use, one expert takes two colours, or all sentences of a kind of predicate: colour and predicate share the
    //: experts. Shape, which the image encoder must find in the picture, is routed by weakly: its information is 0.06 in the mean,
    //: against 0.28 and 0.34, and in one seed of four no more than by chance (p = 0.74).
  }
}

/// Numbers for texts, equal for equal ones, in order of first appearance.
private func indices(of texts: [String]) -> [Int] {
  var known: [String: Int] = [:]
  return texts.map { text in
    if let index = known[text] { return index }
    known[text] = known.count
    return known.count - 1
  }
}

private let withoutContent: Set = [
  "a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "has", "have", "he", "her", "here", "his",
  "in", "is", "it",
  "its", "of", "on", "or", "she", "some", "that", "the", "their", "them", "there", "they", "this", "to", "very", "was",
  "were", "while",
  "will", "with",
]

/// The content words of a text, in lower case without punctuation.
private func contentWords(_ text: String) -> [String] {
  text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init).filter {
    !withoutContent.contains($0)
  }
}

/// Of each text the first word that is among the fifty most frequent content words of all; empty where none is.
private func firstFrequentWords(_ texts: [String]) -> [String] {
  let words = texts.map(contentWords)
  let counts = Dictionary(words.joined().map { ($0, 1) }, uniquingKeysWith: +)
  let frequent = Set(counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(50).map(\.key))
  return words.map { $0.first(where: frequent.contains) ?? "" }
}

/// Content words of these texts, weighted by their share beyond the share in all texts; at most twenty.
private func distinctiveWords(_ texts: [String], among all: [String]) -> [WordCloud.Word] {
  func shares(_ texts: [String]) -> [String: Double] {
    var counts: [String: Double] = [:]
    for text in texts {
      for word in contentWords(text) { counts[word, default: 0] += 1 / Double(texts.count) }
    }
    return counts
  }
  let (own, background) = (shares(texts), shares(all))
  return own.map { WordCloud.Word($0.key, $0.value - (background[$0.key] ?? 0)) }
    .filter { $0.frequency > 0.005 }
    .sorted { ($0.frequency, $1.text) > ($1.frequency, $0.text) }
    .prefix(20).map { $0 }
}
