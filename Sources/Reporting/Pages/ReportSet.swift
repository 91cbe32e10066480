import Determinism
import Foundation

/// All reports together: the files of the `Reports` folder.
///
/// The files are functions of the reports alone: no clock, host name or absolute path enters, so that
/// making them twice gives the same bytes.
public struct ReportSet: Sendable {
  /// The files that speak of all experiments.
  public static let overviews: Set = ["README.md", "claims.md", "index.html"]

  public let reports: [Report]
  /// What the overviews say of reports that are not made again.
  let others: [OverviewPart]
  /// The ids of all reports there may be, in the order of the overviews; prose may link to them.
  let order: [String]
  /// The repository on disk, where links in prose are looked up; nil to leave them unchecked.
  public let root: String?
  /// The day to print, from `SOURCE_DATE_EPOCH`; nil prints none.
  public let date: String?

  /// - Parameters:
  ///   - others: what the overviews say of reports that are not made again.
  ///   - order: the ids of all reports there may be, in the order of the overviews; nil: those of `reports`.
  public init(
    _ reports: [Report], others: [OverviewPart] = [], order: [String]? = nil, root: String?, date: String? = nil
  ) {
    let ids = reports.map(\.info.id) + others.map(\.id)
    require(Set(ids).count == ids.count, "ReportSet: two reports have the same id")
    self.reports = reports
    self.others = others
    self.order = order ?? ids
    self.root = root
    self.date = date
  }

  /// The reports' files and the overviews, in a fixed order.
  public func files() throws -> [ReportFile] {
    var files = [ReportFile]()
    for report in reports {
      files.append(ReportFile("\(report.info.id).md", try markdown(report)))
      for figure in report.figures {
        files.append(ReportFile("\(report.info.id)/\(figure.name).svg", figure.svg))
        files.append(ReportFile("\(report.info.id)/\(figure.name).png", bytes: figure.png))
      }
    }
    let parts = try reports.map { try OverviewPart($0, in: self) } + others
    let places = Dictionary(zip(order, order.indices)) { first, _ in first }
    let index = ReportIndex(
      parts: parts.sorted { places[$0.id, default: order.count] < places[$1.id, default: order.count] }, date: date)
    files.append(ReportFile("README.md", index.markdown))
    files.append(ReportFile("claims.md", ClaimTable(index: index).markdown))
    files.append(ReportFile("index.html", try ReportPage(index: index).html()))
    return files
  }

  /// One report as Markdown.
  public func markdown(_ report: Report) throws -> String {
    try ReportDocument(report, format: .markdown, root: root, reports: ids).rendered()
  }

  /// One report as part of the page.
  func html(_ report: Report, _ shapes: SVGShapes) throws -> String {
    try ReportDocument(report, format: .html, shapes: shapes, root: root, reports: ids).rendered()
  }

  private var ids: Set<String> { Set(order) }

  /// The day of `SOURCE_DATE_EPOCH` as "2026-01-31" in UTC; nil when the variable is not set.
  /// - Throws: `Failure(.configuration)` when it is not a number.
  public static func date(environment: [String: String]) throws -> String? {
    guard let text = environment["SOURCE_DATE_EPOCH"] else { return nil }
    guard let seconds = Int(text), seconds >= 0, seconds < 253_402_300_800 else {
      throw Failure(
        .configuration, "SOURCE_DATE_EPOCH: expected seconds since 1970, found \"\(text)\"")
    }
    let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
    return Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(style)
  }
}

/// A file of the `Reports` folder.
public struct ReportFile: Hashable, Sendable {
  /// Relative to the folder.
  public let path: String
  public let bytes: [UInt8]

  public init(_ path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  public init(_ path: String, _ text: String) { self.init(path, bytes: Array(text.utf8)) }
}
