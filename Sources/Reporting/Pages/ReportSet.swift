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
  /// The repository on disk, where links in prose are looked up; nil to leave them unchecked.
  public let root: String?
  /// The day to print, from `SOURCE_DATE_EPOCH`; nil prints none.
  public let date: String?

  public init(_ reports: [Report], root: String?, date: String? = nil) {
    require(
      Set(reports.map(\.info.id)).count == reports.count, "ReportSet: two reports have the same id")
    self.reports = reports
    self.root = root
    self.date = date
  }

  /// Every file of the folder, in a fixed order.
  public func files() throws -> [ReportFile] {
    var files = [ReportFile]()
    for report in reports {
      files.append(ReportFile("\(report.info.id).md", try markdown(report)))
      for figure in report.figures {
        files.append(ReportFile("\(report.info.id)/\(figure.name).svg", figure.svg))
        files.append(ReportFile("\(report.info.id)/\(figure.name).png", bytes: figure.png))
      }
    }
    files.append(ReportFile("README.md", ReportIndex(self).markdown))
    files.append(ReportFile("claims.md", ClaimTable(self).markdown))
    files.append(ReportFile("index.html", try ReportPage(self).html()))
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

  private var ids: Set<String> { Set(reports.map(\.info.id)) }

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
