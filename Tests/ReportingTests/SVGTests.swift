import Determinism
import Foundation
import Reporting
import Testing

@Suite struct SVGTests {
  private func svg(_ draw: (inout Canvas) throws -> Void) throws -> String {
    var canvas = Canvas(width: 40, height: 30)
    try draw(&canvas)
    return try canvas.svg(alternative: "a")
  }

  @Test func `an outline is written relative and in its shortest form`() throws {
    let points = [Point(1.5, 2), Point(4, 2), Point(4, 1.25), Point(3.5, 1.004), Point(3.6, 1.5)]
    #expect(
      try svg { $0.fill(Path(polygon: points), .ink) }
        .contains("<path d=\"M1.5 2h2.5v-.75l-.5-.25.1.5z\" fill=\"#1a1a1a\"/>"))
  }

  @Test func `rounded steps do not add up`() throws {
    // Ten steps of 0.004: each alone rounds to nothing, together they are four hundredths.
    let points = (0...10).map { Point(0.004 * Double($0), 0) }
    let text = try svg { $0.stroke(Path(line: points), .ink) }
    #expect(text.contains("d=\"M0 0h0 .01 0 .01 0 0 .01 0 .01 0\""))
  }

  @Test func `a letter is described once a size, however often it is drawn`() throws {
    let text = try svg { canvas in
      try canvas.text("oo", at: Point(1, 10))
      try canvas.text("o", at: Point(2, 25), color: .faint)
    }
    #expect(text.matches(of: /<path id=/).count == 1)
    #expect(text.matches(of: /<use href="#S0"/).count == 3)
    let two = try svg { canvas in
      try canvas.text("o", at: Point(1, 10))
      try canvas.text("o", at: Point(1, 10), TextStyle(size: 20))
    }
    #expect(two.matches(of: /<path id=/).count == 2)
  }

  @Test func `letters stand where Cairo sets them`() throws {
    let outline = try GlyphOutline("Ti", TextStyle(size: 20))
    let first = try GlyphOutline.width("T", TextStyle(size: 20))
    let text = try svg { try $0.text("Ti", at: Point(3, 25), TextStyle(size: 20)) }
    let use = try #require(text.firstMatch(of: /<use href="#S1" x="([^"]*)"\/>/))
    // Half of the last decimal that is written.
    #expect(abs(try #require(Double(use.1)) - first) <= 0.0051)
    #expect(outline.advance > first)
    #expect(text.contains("<g transform=\"translate(3 25)\" fill="))
  }

  @Test func `neighbours of one look share a group, a border its filling`() throws {
    let text = try svg { canvas in
      for x in [1.0, 5] {
        let box = Path(Rectangle(x, 1, 2, 2))
        canvas.fill(box, .white)
        canvas.stroke(box, .ink)
      }
    }
    #expect(
      text.contains(
        """
        <g fill="#ffffff" stroke="#1a1a1a" stroke-width="1" stroke-linejoin="round">
        <path d="M1 1h2v2h-2z"/>
        <path d="M5 1h2v2h-2z"/>
        </g>
        """))
  }

  @Test func `every name on the page is defined once and every shape that is used is there`() throws {
    let files = try ReportSet([TinyReport.report()], root: nil).files()
    let page = String(decoding: try #require(files.last).bytes, as: UTF8.self)
    let ids = page.matches(of: /\sid="([^"]*)"/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    let used = page.matches(of: /<use href="#([^"]*)"/).map { String($0.1) }
    #expect(used.contains("table-0-tiny-picture-bars"))
    #expect(used.filter { $0.hasPrefix("S") }.count > 10)
    #expect(Set(used).isSubset(of: ids))
  }
}
