import CNotebooks
import Reporting

/// One table, figure or theorem of the papers, as a notebook.
///
/// The body serves to plan, to run, to check and to print. Only `Workbench.results` is expensive, and that is stored by
/// content; everything after it must be cheap, pure and repeatable, and must bear missing results.
public struct Experiment: Sendable {
  public let info: ExperimentInfo
  /// Whether it asks for runs; an experiment that does not is never asked for its plan.
  public let trains: Bool
  /// Whether it asks about stand-ins, about the recipes found for them, or what only drawn examples can tell, such as where
  /// in an image an object is. The paper tier has none and leaves it out.
  public let needsStandIns: Bool
  public let body: @Sendable (Notebook, Workbench) throws -> Void

  /// - Parameters:
  ///   - id: as in `mope list`, and the name of the golden and the report.
  ///   - summary: one sentence for the index.
  ///   - reproduces: what of the papers, as a reader would look it up.
  public init(
    _ id: String, title: String, summary: String, reproduces: String, trains: Bool = true,
    needsStandIns: Bool = false, file: String = #fileID,
    body: @escaping @Sendable (Notebook, Workbench) throws -> Void
  ) {
    let source = file.split(separator: "/").last.map(String.init) ?? file
    info = ExperimentInfo(
      id: id, title: title, summary: summary, source: source, reproduces: reproduces)
    self.trains = trains
    self.needsStandIns = needsStandIns
    self.body = body
  }

  /// Its source file as it was compiled; nil for one that the program does not hold.
  public var compiledText: String? { compiledNotebook(info.source).map { String(cString: $0) } }
}
