import Reporting
import Testing

let tinySource = """
  import Reporting
  import Training

  /*:
   # A tiny table
   It says *little*.
   */
  extension Experiment {
    static let tiny = Experiment(
      "table-0-tiny", reproduces: .table(0)
    ) { notebook in
      //: ## Runs
      //: Two rows.
      let results = run()

      //: ## Result
      notebook.show(table, "Two rows.")
      if results.isEmpty {
        notebook.note("Nothing.")
      }
      notebook.compare(results)
      notebook.claim("b beats a", .beats(["b"], ["a"], in: results))
    }
  }

  private func run() -> [Int] {
    [1]
  }
  """

@Suite struct NotebookSourceTests {
  let source = NotebookSource(path: "Experiments/Tiny.swift", text: tinySource)

  @Test func `prose and code alternate in the order of the file`() {
    #expect(source.cells.map(\.kind) == [.prose, .prose, .code, .prose, .code, .code])
  }

  @Test func `prose loses its marks and indentation`() {
    #expect(source.cells[0].text == "\n# A tiny table\nIt says *little*.\n")
    #expect(source.cells[1].text == "## Runs\nTwo rows.")
  }

  @Test func `imports and the wrapping lines are not shown`() {
    let code = source.cells.filter { $0.kind == .code }.map(\.text)
    #expect(code[0] == "let results = run()")
    #expect(code[1].hasPrefix("notebook.show(table"))
    #expect(code[1].hasSuffix("in: results))"))
    #expect(code[2] == "private func run() -> [Int] {\n  [1]\n}")
  }

  @Test func `cells know their lines`() {
    #expect(source.cells[0].lines == 4...7)
    #expect(source.cells[1].lines == 12...13)
    #expect(source.cells[2].lines == 14...14)
    #expect(source.cells[4].lines == 17...22)
  }

  @Test func `line ends of Windows change nothing`() {
    let other = NotebookSource(path: source.path, text: tinySource.replacing("\n", with: "\r\n"))
    #expect(other.cells == source.cells)
  }

  @Test func `a file without any wrapper is prose and code`() {
    let plain = NotebookSource(path: "a.swift", text: "//: # T\nlet x = 1\n\n\n")
    #expect(plain.cells.map(\.text) == ["# T", "let x = 1"])
  }

  @Test func `a closure inside the experiment stays`() {
    let text =
      "//: # T\nlet e = Experiment(\"e\") { notebook in\n  let a = b.map { x in\n    x\n  }\n}\n"
    let source = NotebookSource(path: "a.swift", text: text)
    #expect(source.cells.map(\.text) == ["# T", "let a = b.map { x in\n  x\n}"])
  }

  @Test func `an unfinished comment ends with the file`() {
    let open = NotebookSource(path: "a.swift", text: "/*:\n # T\n more")
    #expect(open.cells.count == 1)
    #expect(open.cells[0].text == "\n# T\nmore")
  }
}
