import Determinism
import Foundation

/// The papers' printed numbers, from `Golden/paper.json`, transcribed from the papers; no program writes it.
public struct PaperResults: Codable, Hashable, Sendable {
  /// One printed table cell.
  public struct Cell: Codable, Hashable, Sendable {
    /// "CPT", "V1", …, as in `versions`.
    public let version: String
    /// Our id of the table.
    public let table: String
    public let row: String
    public let title: String
    public let group: String
    /// Data set and metric: "SNLI-VE:accuracy".
    public let column: String
    /// The mean as printed, with its trailing zeros.
    public let mean: String
    /// The standard deviation over the paper's runs as printed; nil where none is.
    public let std: String?
    /// The row's trainable parameters as printed.
    public let params: String?
    /// Whether the authors took the number over from another paper.
    public let quoted: Bool?
    public let note: String?

    /// The mean with its printed precision.
    public var printed: PrintedNumber? { PrintedNumber(mean) }
    /// "62.01 ± 0.21", or the mean alone.
    public var text: String { std.map { "\(mean) ± \($0)" } ?? mean }
  }

  /// A cell or group of cells that cannot be taken at face value.
  public struct Suspicion: Codable, Hashable, Sendable {
    public let version: String
    public let table: String
    public let row: String
    public let column: String
    public let why: String

    /// "CPT,V1" and "CPT/V1" are two versions.
    var versions: [String] { version.split { !$0.isLetter && !$0.isNumber }.map(String.init) }
    /// "bert-finetune / longformer-bitfit" and "sequentialfuse vs mope-swin-k16" are two rows.
    var rows: [String] {
      row.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init).filter { $0 != "vs" }
    }

    /// Whether it is about this cell. A column is a data set and a metric, a data set, or "all".
    func concerns(_ cell: Cell) -> Bool {
      cell.table == table && versions.contains(cell.version) && rows.contains(cell.row)
        && (column == "all" || cell.column == column || cell.column.hasPrefix(column + ":"))
    }
  }

  /// A number stated in the text rather than in a table.
  public struct Statement: Codable, Hashable, Sendable {
    public let version: String
    public let claim: String
    public let values: [String: Double]
  }

  /// Something the papers contain that could not be recovered.
  public struct Lost: Codable, Hashable, Sendable {
    public let version: String
    public let table: String
    public let what: String
    public let known: String
  }

  public let about: String
  /// What each version tag is.
  public let versions: [String: String]
  /// The number of each table in each version.
  public let numbering: [String: [String: String]]
  public let lost: [Lost]
  public let suspicious: [Suspicion]
  public let statements: [Statement]
  public let cells: [Cell]

  /// Reads and checks the file.
  /// - Throws: `Failure(.missingInput)` or `Failure(.badInput)`, naming the file.
  public static func read(_ path: String) throws -> PaperResults {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.missingInput, "\(path): not found; restore it from version control")
    }
    return try decode(data, path: path)
  }

  /// The results in these bytes, checked.
  public static func decode(_ data: Data, path: String) throws -> PaperResults {
    let results: PaperResults
    do { results = try JSONDecoder().decode(PaperResults.self, from: data) } catch {
      throw Failure(
        .badInput,
        "\(path): expected the papers' numbers, found \(describe(error)); restore it from version control"
      )
    }
    var seen = Set<[String]>()
    for cell in results.cells {
      let name = [cell.version, cell.table, cell.row, cell.column]
      let place = "\(path): \(name.joined(separator: " | "))"
      guard seen.insert(name).inserted else {
        throw Failure(.badInput, "\(place): the cell is given twice")
      }
      guard cell.printed != nil else {
        throw Failure(.badInput, "\(place): expected a decimal number, found \"\(cell.mean)\"")
      }
      if let std = cell.std, !((PrintedNumber(std)?.value ?? -1) >= 0) {
        throw Failure(.badInput, "\(place): expected a deviation of 0 or more, found \"\(std)\"")
      }
      guard results.versions[cell.version] != nil else {
        throw Failure(.badInput, "\(place): the version is not declared in \"versions\"")
      }
    }
    return results
  }

  /// The printed cell, in the latest of the two readable versions that has it: V1, then CPT.
  public func cell(table: String, row: String, column: String, version: String? = nil) -> Cell? {
    for tag in version.map({ [$0] }) ?? ["V1", "CPT"] {
      let found = cells.first {
        $0.version == tag && $0.table == table && $0.row == row && $0.column == column
      }
      if let found { return found }
    }
    return nil
  }

  /// Remarks on the cells of a table that cannot be taken at face value.
  func suspicions(table: String) -> [Suspicion] { suspicious.filter { $0.table == table } }
}
