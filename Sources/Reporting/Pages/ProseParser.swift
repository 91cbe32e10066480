import CCMark
import Determinism
import Foundation

/// A tree of Markdown nodes that owns its memory.
final class MarkdownTree {
  let root: OpaquePointer

  init(_ root: OpaquePointer) { self.root = root }

  deinit { cmark_node_free(root) }

  /// Every node once, parents before children.
  var nodes: [OpaquePointer] {
    var found = [OpaquePointer]()
    let iterator = cmark_iter_new(root)
    defer { cmark_iter_free(iterator) }
    while true {
      let event = cmark_iter_next(iterator)
      if event == CMARK_EVENT_DONE { return found }
      if event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator) { found.append(node) }
    }
  }

  /// The text below a node, without marks.
  static func text(of node: OpaquePointer) -> String {
    var result = ""
    let iterator = cmark_iter_new(node)
    defer { cmark_iter_free(iterator) }
    while true {
      let event = cmark_iter_next(iterator)
      if event == CMARK_EVENT_DONE { return result }
      guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator) else { continue }
      if let literal = cmark_node_get_literal(node) { result += String(cString: literal) }
      let type = cmark_node_get_type(node)
      if type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK { result += " " }
    }
  }
}

/// Parses prose cells with cmark and refuses what would read wrongly in a report.
///
/// Refused: links without target or to files that do not exist, links to references that are not
/// defined, headings that skip a level, raw HTML, pipe tables.
struct ProseParser {
  /// The source file, relative to the repository.
  let path: String
  /// The repository on disk; nil when links to files cannot be looked up.
  let root: String?
  /// The ids of all reports, so that links between them are checked without files.
  let reports: Set<String>
  /// The report's id where all reports share one page, so that anchors carry it; nil for own files.
  let anchorPrefix: String?
  private var level = 0
  private(set) var anchors: [String] = []
  private var wanted: [(anchor: String, line: Int)] = []

  init(path: String, root: String?, reports: Set<String>, anchorPrefix: String?) {
    self.path = path
    self.root = root
    self.reports = reports
    self.anchorPrefix = anchorPrefix
  }

  /// The tree of one piece of Markdown.
  /// - Parameters:
  ///   - firstLine: the line of the source file where the text begins, for messages.
  mutating func parse(_ text: String, firstLine: Int) throws -> MarkdownTree {
    guard let root = cmark_parse_document(text, text.utf8.count, CMARK_OPT_DEFAULT) else {
      throw Failure(.internal, "\(path):\(firstLine): cmark gave no document")
    }
    let tree = MarkdownTree(root)
    var line = firstLine
    for node in tree.nodes {
      let own = Int(cmark_node_get_start_line(node))
      if own > 0 { line = firstLine + own - 1 }
      try check(node, line)
    }
    return tree
  }

  /// Throws for links to headings that do not exist; to be called after the last piece.
  func finish() throws {
    for (anchor, line) in wanted where !anchors.contains(anchor) {
      throw failure(line, "expected a heading for the link #\(anchor), found none")
    }
  }

  private mutating func check(_ node: OpaquePointer, _ line: Int) throws {
    switch cmark_node_get_type(node) {
    case CMARK_NODE_HEADING:
      let found = Int(cmark_node_get_heading_level(node))
      guard found <= level + 1 else {
        throw failure(
          line, "expected a heading of level \(level + 1) or less, found level \(found)")
      }
      guard found > 1 || level == 0 else {
        throw failure(line, "a second title: expected one heading of level 1")
      }
      level = found
      anchors.append(slug(MarkdownTree.text(of: node)))
    case CMARK_NODE_LINK, CMARK_NODE_IMAGE: try checkLink(node, line)
    case CMARK_NODE_HTML_BLOCK, CMARK_NODE_HTML_INLINE:
      throw failure(line, "expected Markdown, found raw HTML")
    case CMARK_NODE_PARAGRAPH:
      let text = MarkdownTree.text(of: node)
      if text.hasPrefix("|") {
        throw failure(line, "a pipe table in prose: show a Table instead")
      }
      if text.contains("][") {
        throw failure(line, "a link to a reference that is not defined, or brackets without \\")
      }
    default: break
    }
  }

  private mutating func checkLink(_ node: OpaquePointer, _ line: Int) throws {
    let url = cmark_node_get_url(node).map { String(cString: $0) } ?? ""
    guard !url.isEmpty else { throw failure(line, "a link without a target") }
    if url.hasPrefix("#") {
      wanted.append((String(url.dropFirst()), line))
      if let anchorPrefix { cmark_node_set_url(node, "#\(anchorPrefix)-\(url.dropFirst())") }
      return
    }
    if url.contains("://") || url.hasPrefix("mailto:") { return }
    guard !url.hasPrefix("/") else {
      throw failure(line, "expected a relative link or a full address, found \(url)")
    }
    let target = url.split(separator: "#", maxSplits: 1).first.map(String.init) ?? url
    if let id = reportID(target) {
      guard reports.contains(id) else { throw failure(line, "there is no report \(id)") }
      cmark_node_set_url(node, anchorPrefix == nil ? "\(id).md" : "#\(id)")
      return
    }
    let folder = (path as NSString).deletingLastPathComponent
    if let root {
      let full = ((root as NSString).appendingPathComponent(folder) as NSString)
        .appendingPathComponent(target)
      guard FileManager.default.fileExists(atPath: full) else {
        throw failure(line, "the link \(url) leads to a file that does not exist")
      }
    }
    if !url.hasPrefix("../") { cmark_node_set_url(node, "../\(folder)/\(url)") }
  }

  /// The id of a link to another report, as it is written from the experiments' folder.
  private func reportID(_ target: String) -> String? {
    guard target.hasPrefix("../Reports/"), target.hasSuffix(".md") else { return nil }
    return String(target.dropFirst("../Reports/".count).dropLast(3))
  }

  private func failure(_ line: Int, _ what: String) -> Failure {
    Failure(.badInput, "\(path):\(line): \(what)")
  }
}

/// The anchor of a heading, as GitHub makes it: lower case, hyphens for spaces, no punctuation.
func slug(_ heading: String) -> String {
  var result = ""
  for character in heading.lowercased() {
    if character.isLetter || character.isNumber || character == "-" || character == "_" {
      result.append(character)
    } else if character == " " {
      result.append("-")
    }
  }
  return result
}
