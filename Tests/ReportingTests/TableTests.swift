import Reporting
import Testing

@Suite struct TableTests {
  var table: Table {
    var table = Table("method", "score [%]")
    table.append(group: "prompts")
    table.append(["a|b", .summary([1, 2, 3], digits: 1)])
    table.append(["c", .missing(.notRun("no data"))])
    table.append(["d", .strong("3.0")])
    return table
  }

  @Test func `Markdown pads, aligns and escapes`() {
    #expect(
      table.markdown == """
        | method      |     score [%] |
        | :---------- | ------------: |
        | **prompts** |               |
        | a\\|b        | 2.0 ± 1.0 (3) |
        | c           |     *not run* |
        | d           |       **3.0** |

        """)
  }

  @Test func `the terminal text is the same with and without colour`() {
    let plain = table.terminalText(width: 80, color: false)
    let colored = table.terminalText(width: 80, color: true)
    let stripped = colored.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[0m", with: "")
    #expect(plain == stripped)
    #expect(plain.contains("a|b     2.0 ± 1.0 (3)\n"))
  }

  @Test func `a table wider than the terminal is split and repeats the first column`() {
    var wide = Table("row", "first column", "second column")
    wide.append(["r", .number(1, digits: 0), .number(2, digits: 0)])
    let text = wide.terminalText(width: 20, color: false)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 20 })
    #expect(text.split(separator: "\n").filter { $0.hasPrefix("row") }.count == 2)
  }

  @Test func `summaries explain themselves and reasons are listed once`() {
    #expect(table.legend == "Mean ± sample standard deviation (number of seeds).")
    #expect(table.reasons == ["not run: no data"])
  }

  @Test func `one value has no deviation, none is not run, NaN shows`() {
    #expect(Table.Cell.summary([2], digits: 2).text == "2.00 (1)")
    #expect(Table.Cell.summary([], digits: 2).text == "not run")
    #expect(Table.Cell.number(.nan, digits: 2).text == "NaN")
  }

  @Test func `a printed number stands for its rounding range`() throws {
    let printed = try #require(PrintedNumber("62.1"))
    #expect(abs(printed.range.lower - 62.05) < 1e-12)
    #expect(abs(printed.range.upper - 62.15) < 1e-12)
    #expect(PrintedNumber("62.10")?.digits == 2)
    for text in ["", "nan", "1e3", "6,2", "1.2.3", "inf"] { #expect(PrintedNumber(text) == nil) }
  }
}
