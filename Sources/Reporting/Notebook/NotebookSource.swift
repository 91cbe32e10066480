import Determinism
import Foundation

/// An experiment's source file, split into prose and code.
///
/// Prose is in `/*: … */` and `//:` comments. What only wraps the experiment is left out: imports, the
/// lines `extension … {` and `static let … { notebook in`, and their closing braces.
public struct NotebookSource: Hashable, Sendable {
  /// One piece of the file.
  public struct Cell: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      case prose, code
    }

    public let kind: Kind
    /// Without comment marks and common indentation.
    public let text: String
    /// The lines of the file it covers, counted from 1.
    public let lines: ClosedRange<Int>
  }

  /// Where the file is, relative to the repository: "Experiments/Table2.swift".
  public let path: String
  public let cells: [Cell]
  private let lines: [String]
  /// The lines that are neither prose nor blank, counted from 1.
  private let codeLines: [Int]

  public init(path: String, text: String) {
    self.path = path
    // In Swift "\r\n" is one character and no "\n".
    lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var splitter = SourceSplitter(lines)
    cells = splitter.split()
    codeLines = splitter.codeLines
  }

  /// Reads the file at `path` below `root`.
  public init(path: String, root: String) throws {
    let full = (root as NSString).appendingPathComponent(path)
    guard let data = FileManager.default.contents(atPath: full) else {
      throw Failure(
        .missingInput, "\(path): the experiment's source is not there; run inside the repository")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure(.badInput, "\(path): expected UTF-8 text")
    }
    self.init(path: path, text: text)
  }

  /// The file name alone, as in `#fileID`.
  public var fileName: String { (path as NSString).lastPathComponent }

  /// The index of the cell that a line belongs to: the last one that starts at or before it.
  func cellIndex(line: Int) -> Int? { cells.lastIndex { $0.lines.lowerBound <= line } }

  /// Where each line of code of `compiled`, another text of this file, stands in this one. Prose may differ between them.
  /// - Throws: `Failure(.configuration)` where the code differs.
  func lines(of compiled: NotebookSource) throws -> [Int: Int] {
    func code(_ source: NotebookSource, _ index: Int) -> String? {
      guard source.codeLines.indices.contains(index) else { return nil }
      return source.line(source.codeLines[index]).map { String($0.reversed().drop(while: \.isWhitespace).reversed()) }
    }
    for index in 0..<max(codeLines.count, compiled.codeLines.count) {
      let (was, now) = (code(compiled, index), code(self, index))
      guard was == now else {
        let line = codeLines.indices.contains(index) ? codeLines[index] : lines.count
        throw Failure(
          .configuration,
          "\(path):\(line): the program was built from other code: compiled \(was.map { "\"\($0)\"" } ?? "nothing"), "
            + "found \(now.map { "\"\($0)\"" } ?? "nothing"); rebuild: swift build -c release")
      }
    }
    return Dictionary(uniqueKeysWithValues: zip(compiled.codeLines, codeLines))
  }

  /// The text of a line counted from 1; nil beyond the end.
  func line(_ number: Int) -> String? {
    lines.indices.contains(number - 1) ? lines[number - 1] : nil
  }
}

/// Walks over the lines of a file and gathers them into cells.
private struct SourceSplitter {
  private let lines: [String]
  private var cells: [NotebookSource.Cell] = []
  private var pending: [Int] = []
  private let hidden: Set<Int>
  /// The lines that are neither prose nor blank, counted from 1.
  private(set) var codeLines: [Int] = []

  init(_ lines: [String]) {
    self.lines = lines
    hidden = Self.wrapper(lines)
  }

  mutating func split() -> [NotebookSource.Cell] {
    var i = 0
    while i < lines.count {
      let trimmed = lines[i].trimmingCharacters(in: .whitespaces)
      if trimmed.hasPrefix("/*:") {
        flush()
        var end = i
        while end < lines.count - 1 && !lines[end].contains("*/") { end += 1 }
        addProse(i...end, block(i...end))
        i = end
      } else if trimmed.hasPrefix("//:") {
        flush()
        var end = i
        while end + 1 < lines.count && isProseLine(lines[end + 1]) { end += 1 }
        addProse(i...end, (i...end).map { proseLine(lines[$0]) })
        i = end
      } else {
        if !trimmed.isEmpty { codeLines.append(i + 1) }
        if hidden.contains(i) { flush() } else { pending.append(i) }
      }
      i += 1
    }
    flush()
    return cells
  }

  private func isProseLine(_ line: String) -> Bool {
    line.trimmingCharacters(in: .whitespaces).hasPrefix("//:")
  }

  /// A `//:` line without its mark and the one space after it.
  private func proseLine(_ line: String) -> String {
    let text = line.trimmingCharacters(in: .whitespaces).dropFirst(3)
    return String(text.hasPrefix(" ") ? text.dropFirst() : text)
  }

  /// The lines of a `/*: … */` comment without its marks.
  private func block(_ range: ClosedRange<Int>) -> [String] {
    var text = range.map { lines[$0] }
    if let start = text[0].range(of: "/*:") { text[0] = String(text[0][start.upperBound...]) }
    let last = text.count - 1
    if let end = text[last].range(of: "*/") { text[last] = String(text[last][..<end.lowerBound]) }
    return text
  }

  private mutating func addProse(_ range: ClosedRange<Int>, _ text: [String]) {
    // Blank lines at the start stay: they keep line numbers in messages right.
    let dedented = Self.dedented(text).joined(separator: "\n")
    if dedented.contains(where: { !$0.isWhitespace }) {
      cells.append(
        NotebookSource.Cell(
          kind: .prose, text: dedented, lines: range.lowerBound + 1...range.upperBound + 1))
    }
  }

  /// Ends the code cell that is being gathered.
  private mutating func flush() {
    func isBlank(_ i: Int) -> Bool { lines[i].allSatisfy(\.isWhitespace) }
    while let last = pending.last, isBlank(last) { pending.removeLast() }
    while let first = pending.first, isBlank(first) { pending.removeFirst() }
    if let first = pending.first, let last = pending.last {
      let text = Self.dedented(pending.map { lines[$0] }).joined(separator: "\n")
      cells.append(NotebookSource.Cell(kind: .code, text: text, lines: first + 1...last + 1))
    }
    pending = []
  }

  /// `lines` without their common indentation.
  private static func dedented(_ lines: [String]) -> [String] {
    let indents = lines.filter { !$0.allSatisfy(\.isWhitespace) }.map(indentation)
    let common = indents.min() ?? 0
    return lines.map { line in
      var text = String(line.dropFirst(min(common, indentation(line))))
      while text.last?.isWhitespace == true { text.removeLast() }
      return text
    }
  }

  private static func indentation(_ line: String) -> Int { line.prefix { $0 == " " }.count }

  /// The lines that are Swift's wrapping rather than the experiment's content.
  private static func wrapper(_ lines: [String]) -> Set<Int> {
    var hidden = Set<Int>()
    let openings = lines.indices.filter { i in
      lines[i].hasPrefix("extension ") && lines[i].hasSuffix("{")
    }
    let bodyStart = openings.first ?? lines.count
    for i in lines.indices where i < bodyStart {
      let line = lines[i]
      let isComment = line.hasPrefix("//") && !line.hasPrefix("//:")
      if line.hasPrefix("import ") || line.hasPrefix("@_") || isComment { hidden.insert(i) }
    }
    for opening in openings {
      hidden.insert(opening)
      if let closing = lines[opening...].firstIndex(of: "}") { hidden.insert(closing) }
    }
    for end in lines.indices where isClosureHead(lines[end]) {
      var start = end
      while start > 0 && !isDeclaration(lines[start]) { start -= 1 }
      guard isDeclaration(lines[start]),
        lines[start...end].contains(where: { $0.contains("Experiment(") })
      else { continue }
      hidden.formUnion(start...end)
      let closing = String(repeating: " ", count: indentation(lines[start])) + "}"
      if let closing = lines[end...].firstIndex(where: { $0 == closing || $0 == closing + ")" }) {
        hidden.insert(closing)
      }
    }
    return hidden
  }

  private static func isDeclaration(_ line: String) -> Bool {
    line.hasPrefix("let ") || line.contains(" let ")
  }

  /// Whether the line opens a closure with parameters: "… { notebook in".
  private static func isClosureHead(_ line: String) -> Bool {
    line.contains("{ ") && line.hasSuffix(" in")
  }
}
