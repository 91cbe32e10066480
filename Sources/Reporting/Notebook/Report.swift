import Determinism

/// Names an experiment and what it reproduces.
public struct ExperimentInfo: Hashable, Sendable {
  /// "table-2-prompt-types".
  public let id: String
  public let title: String
  /// One sentence for the index.
  public let summary: String
  /// The file name of the source: "Table2.swift".
  public let source: String
  /// What of the papers it reproduces, as a reader would look it up: "Table 2 (CPT, V1)".
  public let reproduces: String

  public init(id: String, title: String, summary: String, source: String, reproduces: String) {
    require(
      !id.isEmpty && id.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") },
      "ExperimentInfo: expected lower-case letters, digits and hyphens, found \"\(id)\"")
    self.id = id
    self.title = title
    self.summary = summary
    self.source = source
    self.reproduces = reproduces
  }
}

/// A chart as it appears in a report, already drawn.
public struct Figure: Hashable, Sendable {
  /// The file name without extension, unique in its report.
  public let name: String
  public let caption: String
  /// What the picture shows, for those who cannot see it.
  public let alternative: String
  let drawing: Canvas
  public let svg: String
  /// At twice the nominal size.
  public let png: [UInt8]
}

/// One finished experiment: its source's cells with what each produced.
public struct Report: Sendable {
  /// Something a cell produced.
  public enum Result: Sendable {
    case table(Table, caption: String)
    case figure(Figure)
    /// A golden comparison with its table.
    case comparison(Table, [CellComparison])
    case claim(Claim)
    /// Markdown made by the code.
    case note(String)
  }

  public struct Section: Sendable {
    public let cell: NotebookSource.Cell
    public let results: [Result]
  }

  public let info: ExperimentInfo
  public let context: RunContext
  public let sections: [Section]
  /// Where the numbers come from, in the order in which it was recorded.
  public let provenance: [(key: String, value: String)]
  public let comparisons: [CellComparison]
  /// Why there is nothing, for an experiment that was not run.
  public let notRun: String?
  /// The path of the source, relative to the repository.
  public let sourcePath: String

  init(
    info: ExperimentInfo, context: RunContext, sections: [Section],
    provenance: [(key: String, value: String)], comparisons: [CellComparison], notRun: String?,
    sourcePath: String
  ) {
    self.info = info
    self.context = context
    self.sections = sections
    self.provenance = provenance
    self.comparisons = comparisons
    self.notRun = notRun
    self.sourcePath = sourcePath
  }

  /// The report of an experiment that was not run: its prose and code, and why there is no result.
  public static func notRun(
    _ info: ExperimentInfo, source: NotebookSource, context: RunContext, why: String
  ) -> Report {
    Report(
      info: info, context: context, sections: source.cells.map { Section(cell: $0, results: []) },
      provenance: [], comparisons: [], notRun: why, sourcePath: source.path)
  }

  /// All claims in the order of the text.
  public var claims: [Claim] {
    sections.flatMap(\.results).compactMap { if case .claim(let claim) = $0 { claim } else { nil } }
  }

  /// All figures in the order of the text.
  public var figures: [Figure] {
    sections.flatMap(\.results).compactMap {
      if case .figure(let figure) = $0 { figure } else { nil }
    }
  }

  /// All tables made by the code, in the order of the text.
  public var tables: [(caption: String, table: Table)] {
    sections.flatMap(\.results).compactMap {
      if case .table(let table, let caption) = $0 { (caption, table) } else { nil }
    }
  }

  public var summary: ComparisonSummary { ComparisonSummary(comparisons) }
}
