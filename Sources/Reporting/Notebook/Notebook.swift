import Determinism

/// Gathers what an experiment shows, each result behind the source cell that made it.
///
/// A result finds its cell by the line of the call, in the text that was compiled; its line in today's text follows from the
/// code around it, so that prose may change without a build. Mistakes (a name given twice) are kept and thrown by `finish()`,
/// so that the experiment's own text stays free of `try`.
public final class Notebook {
  public let info: ExperimentInfo
  public let context: RunContext
  /// The papers' printed numbers.
  public let paper: PaperResults
  public let golden: Golden?
  /// The experiment's text, cell by cell.
  public let source: NotebookSource
  private var results: [Int: [Report.Result]] = [:]
  private var provenance: [(key: String, value: String)] = []
  private var comparisons: [CellComparison] = []
  /// Everything that was compared with goldens, in order.
  public private(set) var measurements: [Measurements] = []
  private var measured = Set<Measurements.Key>()
  private var figureNames = Set<String>()
  private var sentences = Set<String>()
  private var problems: [Failure] = []
  /// Where the lines of the compiled text are now; nil where that is this text.
  private let lines: [Int: Int]?

  /// - Parameter compiled: the text that the experiment was compiled from; nil where that is `source`.
  /// - Throws: `Failure(.configuration)` if the code is not what was compiled.
  public init(
    info: ExperimentInfo, source: NotebookSource, compiled: String? = nil, context: RunContext,
    paper: PaperResults, golden: Golden?
  ) throws {
    lines = try compiled.map { try source.lines(of: NotebookSource(path: source.path, text: $0)) }
    self.info = info
    self.source = source
    self.context = context
    self.paper = paper
    self.golden = golden
  }

  /// Shows a table under the cell of this line.
  public func show(
    _ table: Table, _ caption: String, file: String = #fileID, line: Int = #line
  ) {
    attach(.table(table, caption: caption), call: "show", file, line)
  }

  /// Shows a chart under the cell of this line.
  /// - Parameters:
  ///   - name: the file name of the picture, unique in this experiment.
  ///   - alternative: what the picture shows, in words.
  public func show(
    _ chart: some Chart, named name: String, _ caption: String, alternative: String,
    file: String = #fileID, line: Int = #line
  ) {
    guard figureNames.insert(name).inserted else {
      problems.append(
        Failure(.internal, "\(source.path):\(line): a second figure is named \"\(name)\""))
      return
    }
    if alternative.isEmpty || caption.isEmpty {
      problems.append(
        Failure(
          .internal, "\(source.path):\(line): figure \(name) needs a caption and an alternative"))
    }
    do {
      let figure = try Figure(chart, name: name, caption: caption, alternative: alternative)
      attach(.figure(figure), call: "show", file, line)
    } catch let failure as Failure { problems.append(failure) } catch {
      problems.append(Failure(.internal, "\(source.path):\(line): figure \(name): \(error)"))
    }
  }

  /// Compares every cell with its golden and shows paper, golden and this run side by side, with what is doubtful about
  /// the printed cells below.
  public func compare(
    _ measurements: Measurements, file: String = #fileID, line: Int = #line
  ) {
    for row in measurements.rows {
      for column in measurements.columns {
        let key = Measurements.Key(row.id, column.id)
        if !measured.insert(key).inserted {
          problems.append(
            Failure(
              .internal,
              "\(source.path):\(line): \(key.row) | \(key.column) is compared a second time"))
        }
      }
    }
    self.measurements.append(measurements)
    let found = GoldenComparison(golden: golden, context: context).compare(measurements)
    comparisons += found
    let table = comparisonTable(measurements, found)
    attach(.comparison(table.table, found), call: "compare", file, line)
    let doubts = table.doubts.map { "* \(escapedMarkdown($0))" }
    if !doubts.isEmpty {
      attach(
        .note("Printed numbers that cannot be taken at face value:\n\n" + doubts.joined(separator: "\n")),
        call: "compare", file, line)
    }
  }

  /// Judges a sentence by the evidence and shows the verdict.
  /// - Parameter paper: what the paper prints for it; nil for a check of our own.
  /// - Returns: the judgement, for a text that depends on it.
  @discardableResult
  public func claim(
    _ sentence: String, _ evidence: Claim.Kind, paper: String? = nil, file: String = #fileID,
    line: Int = #line
  ) -> Judgement {
    let claim = Claim(sentence, evidence, paper: paper, context: context)
    if !sentences.insert(sentence).inserted {
      problems.append(
        Failure(.internal, "\(source.path):\(line): the claim \"\(sentence)\" is made twice"))
    }
    attach(.claim(claim), call: "claim", file, line)
    return claim.judgement
  }

  /// Shows a sentence made by the code, in Markdown.
  public func note(_ markdown: String, file: String = #fileID, line: Int = #line) {
    attach(.note(markdown), call: "note", file, line)
  }

  /// Records where the numbers come from. The same key again replaces the value.
  public func provenance(_ key: String, _ value: String) {
    if let i = provenance.firstIndex(where: { $0.key == key }) {
      provenance[i].value = value
    } else {
      provenance.append((key, value))
    }
  }

  /// The finished report.
  /// - Throws: the first mistake that was met.
  public func finish() throws -> Report {
    if let problem = problems.first { throw problem }
    let comparison = GoldenComparison(golden: golden, context: context)
    let missing = comparison.missing(measured: measured) + comparison.compare(claims: claims)
    return Report(
      info: info, context: context,
      sections: source.cells.indices.map {
        Report.Section(cell: source.cells[$0], results: results[$0] ?? [])
      },
      provenance: provenance, comparisons: comparisons + missing, notRun: nil,
      sourcePath: source.path)
  }

  /// The values of this run as the golden that `mope accept` would write.
  ///
  /// Kernel spreads already recorded are kept; a new cell starts with the metric's resolution.
  public func proposedGolden(date: String, commit: String) -> Golden {
    var verdicts: [String: Verdict] = [:]
    for claim in claims { verdicts[claim.sentence] = claim.judgement.verdict }
    return Golden(
      experiment: info.id, tier: context.tier, dataSeed: context.dataSeed,
      environmentClass: context.environmentClass, date: date, commit: commit,
      cells: measurements.flatMap { $0.goldenCells(keeping: golden) }, verdicts: verdicts)
  }

  /// The claims made so far, in the order of the text.
  private var claims: [Claim] {
    source.cells.indices.flatMap { results[$0] ?? [] }.compactMap {
      if case .claim(let claim) = $0 { claim } else { nil }
    }
  }

  private func comparisonTable(
    _ measurements: Measurements, _ found: [CellComparison]
  ) -> ComparisonTable {
    ComparisonTable(
      measurements: measurements, comparisons: found, paper: paper, golden: golden,
      isOfThePaper: context.tier == "paper" && context.reservation == nil)
  }

  /// Puts a result behind its cell after checking that the line holds the call.
  private func attach(_ result: Report.Result, call: String, _ file: String, _ line: Int) {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let line = lines.map { $0[line] ?? 0 } ?? line
    let text = source.line(line) ?? ""
    guard name == source.fileName, text.contains("\(call)("),
      let index = source.cellIndex(line: line)
    else {
      problems.append(
        Failure(
          .configuration,
          "\(source.path):\(line): expected a call of \(call)(…) compiled from \(name), found "
            + "\"\(text.trimmingPrefix { $0 == " " })\"; the program was built from another version "
            + "of this file: rebuild"))
      return
    }
    results[index, default: []].append(result)
  }
}
