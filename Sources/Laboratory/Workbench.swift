import Datasets
import Encoders
import Fusion
import Pretraining
import Reporting
import Training

/// What an experiment can ask for: trained runs, and facts about data and machine.
///
/// It is given to an experiment's body for one purpose: to find out which runs it needs, or to hand them over.
public final class Workbench {
  public enum Purpose: Sendable {
    /// Note which runs are asked for; hand over none.
    case plan
    /// Hand over these runs.
    case present([TrainingRun: FinishedRun])
  }

  public let tier: Tier
  public let seeds: [Int]
  public let dataSeed: Int
  private let purpose: Purpose
  /// The runs asked for so far, in order, each once.
  public private(set) var requested: [TrainingRun] = []
  private var known: Set<TrainingRun> = []
  /// Those of them whose features are asked for.
  public private(set) var runsWithFeatures: Set<TrainingRun> = []
  /// Those of them whose trained models are asked for.
  public private(set) var runsWithModels: Set<TrainingRun> = []
  private let runner: Runner?
  private let changes: RunChanges
  private let goldens: (String) throws -> Golden?

  /// - Parameters:
  ///   - runner: rebuilds models from stored runs; nil where none are looked at.
  ///   - goldens: gives those of an experiment by its id.
  public init(
    purpose: Purpose, tier: Tier, seeds: [Int], dataSeed: Int, changes: RunChanges = RunChanges(),
    runner: Runner? = nil, goldens: @escaping (String) throws -> Golden? = { _ in nil }
  ) {
    self.goldens = goldens
    self.changes = changes
    self.runner = runner
    self.purpose = purpose
    self.tier = tier
    self.seeds = seeds
    self.dataSeed = dataSeed
  }

  /// Whether the body is asked only for its runs: then what is costly after them can be left out.
  public var isPlanning: Bool {
    if case .plan = purpose { true } else { false }
  }

  /// The dataset of this name as this experiment is asked to draw it.
  public func data(_ name: DatasetID) -> DataChoice { DataChoice(name, dataSeed: dataSeed) }

  /// What a caption says of a stand-in, and what it says of published data.
  public func wording(_ standIn: String, published: String = "") -> String {
    tier == .paper ? published : standIn
  }

  /// The first examples of the judged split as pictures with their texts and answers.
  public func contactSheet(_ data: DataChoice, count: Int) throws -> [ImageGrid.Cell] {
    if tier == .paper { return try publishedPictures(data, count: count) }
    guard let split = Split(rawValue: data.judgedOn) else { return [] }
    return try ContactSheet(try data.dataset(tier), split, count: count).entries.map {
      ImageGrid.Cell($0.image, $0.caption)
    }
  }

  /// A method on a dataset: this tier's defaults there, then what the plan changes.
  public func method(_ plan: MethodPlan, on data: DatasetID = .snliVE) -> Method {
    plan(at: tier, on: data)
  }

  /// What a method is called in tables.
  public func title(_ plan: MethodPlan, on data: DatasetID = .snliVE) -> String {
    method(plan, on: data).title(in: tier.profile(data.descriptor))
  }

  /// The results of every method on every dataset with every seed.
  /// - Parameters:
  ///   - methods: with the rows they make; the standard recipe of the tier is used.
  ///   - datasets: in the order of the columns.
  public func results(
    of methods: [(row: Measurements.Row, method: MethodPlan)], on datasets: [DataChoice]
  ) -> RunResults {
    results(of: methods.flatMap { row, plan in datasets.map { cell(row, plan, on: $0) } })
  }

  /// A cell of a table.
  /// - Parameters:
  ///   - rateFactor: of the learning rates (`Recipe.standard`).
  ///   - change: of the standard recipe of the tier.
  public func cell(
    _ row: Measurements.Row, _ plan: MethodPlan, on data: DataChoice, rateFactor: Float? = nil,
    _ change: (inout Recipe) -> Void = { _ in }
  ) -> Cell {
    let method = method(plan, on: data.name)
    var recipe = Recipe.standard(method, on: data.name, tier: tier, rateFactor: rateFactor)
    change(&recipe)
    return Cell(row: row, method: method, data: data, recipe: recipe)
  }

  /// The results of these cells with every seed.
  /// - Parameter seeds: others than those that were asked for.
  public func results(of cells: [Cell], seeds: [Int]? = nil) -> RunResults {
    let cells = cells.map(changes.applied)
    let seeds = seeds ?? self.seeds
    var found: [(cell: Cell, bySeed: [Int: FinishedRun])] = []
    var all: [TrainingRun] = []
    for cell in cells {
      var bySeed: [Int: FinishedRun] = [:]
      for seed in seeds {
        let run = TrainingRun(
          method: cell.method, data: cell.data, recipe: cell.recipe, tier: tier, seed: seed)
        if known.insert(run).inserted { requested.append(run) }
        all.append(run)
        if case .present(let runs) = purpose { bySeed[seed] = runs[run] }
      }
      found.append((cell, bySeed))
    }
    return RunResults(found, asked: all, seeds: seeds, tier: tier)
  }

  /// Asks to keep the features of these runs (`FinishedRun.features`) with the repository.
  public func needsFeatures(of results: RunResults) {
    runsWithFeatures.formUnion(results.asked)
  }

  /// Asks to keep the trained models of these runs with the repository, for every seed; without it those of the first
  /// seed are kept.
  public func needsModels(of results: RunResults) {
    runsWithModels.formUnion(results.asked)
  }

  /// The trained model of a run; nil if its tensors were not kept.
  public func model(of run: FinishedRun) throws -> (any FusionModel)? { try runner?.model(of: run) }

  /// The trained model of a run of the MoPE family on a ViT, and what shows where its [CLS] looks; nil if the model was
  /// not kept or its image encoder is none.
  public func watchedModel(
    of run: FinishedRun
  ) throws -> (model: any FusionModel, watcher: AttentionWatcher)? {
    var watcher: AttentionWatcher?
    let model = try runner?.model(of: run) { encoder in
      guard let vit = encoder as? ViT else { return encoder }
      let watched = AttentionWatcher(vit)
      watcher = watched
      return watched
    }
    guard let model, let watcher else { return nil }
    return (model, watcher)
  }

  /// What is on record about the pretrained encoders, by name; empty where they start from random weights.
  public func pretrainingRecords() throws -> [PretrainingSummary] {
    try runner?.encoders.pretrainingRecords() ?? []
  }

  /// The judged examples, ready to be cut into batches.
  public func judged(_ data: DataChoice) throws -> PreparedSplit? { try runner?.judged(data) ?? nil }

  /// The judged examples as they were drawn: pictures, texts, facts.
  public func examples(_ data: DataChoice) throws -> [Example] {
    try (runner?.data ?? DataCache(tier: tier)).examples(data, pictures: 256)
  }

  /// The first examples of a split (`DataProvider.firstExamples`); none of published data while the runs are planned.
  public func firstExamples(_ data: DataChoice, of split: Split, count: Int) throws -> [Example] {
    guard tier != .paper || runner != nil else { return [] }
    return try (runner?.data ?? DataCache(tier: tier)).firstExamples(data, of: split, count: count)
  }

  /// How many examples a split has; nil of published data while the runs are planned.
  public func count(_ data: DataChoice, of split: Split) throws -> Int? {
    guard tier != .paper || runner != nil else { return nil }
    return try (runner?.data ?? DataCache(tier: tier)).count(data, of: split)
  }

  /// "2000 " for a caption: how many examples of a split each of these stand-ins has, the fewest and the most where they
  /// differ; nothing of published data.
  /// - Parameter examples: how many make one of what is counted.
  public func standInCount(
    _ data: [DataChoice], of split: Split = .test, examples: Int = 1
  ) throws -> String {
    guard tier != .paper else { return "" }
    let counts = try data.compactMap { try count($0, of: split).map { $0 / examples } }
    guard let fewest = counts.min(), let most = counts.max() else { return "" }
    return fewest == most ? "\(fewest) " : "\(fewest) to \(most) "
  }

  /// The accepted numbers of another experiment; nil where none were.
  public func golden(_ id: String) throws -> Golden? { try goldens(id) }

  /// The names of the labels; none of published data while the runs are planned.
  public func labelNames(_ data: DataChoice) throws -> [String] {
    guard tier != .paper || runner != nil else { return [] }
    return try (runner?.data ?? DataCache(tier: tier)).task(data).labels
  }

  /// The first judged examples of a published dataset; none while the runs are planned.
  private func publishedPictures(_ data: DataChoice, count: Int) throws -> [ImageGrid.Cell] {
    guard let runner else { return [] }
    let labels = try runner.data.task(data).labels
    return try runner.data.examples(data, pictures: count).prefix(count).compactMap { example in
      guard let image = example.image else { return nil }
      let answer = example.label.indices.map { labels[$0] }.joined(separator: ", ")
      return ImageGrid.Cell(image, "\(example.text ?? "") → \(answer)")
    }
  }

  /// The classes of the judged examples.
  public func labels(_ data: DataChoice) throws -> [Int] {
    try examples(data).flatMap { $0.label.indices.prefix(1) }
  }

  /// One method on one dataset: a cell of a table before it is measured.
  public struct Cell: Sendable {
    public let row: Measurements.Row
    public let method: Method
    public let data: DataChoice
    public let recipe: Recipe

    public init(row: Measurements.Row, method: Method, data: DataChoice, recipe: Recipe) {
      self.row = row
      self.method = method
      self.data = data
      self.recipe = recipe
    }
  }
}
