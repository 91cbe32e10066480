/// Writes an outline in SVG's path language as briefly as it allows: relative, in hundredths of a
/// pixel, without separators that a reader can do without.
///
/// Steps are taken between rounded points, so that rounding errors do not add up.
struct SVGPathData {
  private(set) var text = ""
  private var (x, y) = (0, 0)
  private var (startX, startY) = (0, 0)
  private var lastCommand: Character?
  private var lastNumber = ""

  init(_ path: Path) {
    for element in path.elements {
      switch element {
      case .move(let point):
        (x, y) = Self.rounded(point)
        (startX, startY) = (x, y)
        append("M", [x, y])
        // What follows the numbers of an M without a letter would be read as an absolute line.
        lastCommand = nil
      case .line(let point):
        let p = Self.rounded(point)
        switch (p.x - x, p.y - y) {
        case (let dx, 0): append("h", [dx])
        case (0, let dy): append("v", [dy])
        case (let dx, let dy): append("l", [dx, dy])
        }
        (x, y) = p
      case .curve(let a, let b, let c):
        let points = [a, b, c].map(Self.rounded)
        append("c", points.flatMap { [$0.x - x, $0.y - y] })
        (x, y) = points[2]
      case .close:
        text += "z"
        lastCommand = nil
        (x, y) = (startX, startY)
      }
    }
  }

  private static func rounded(_ p: Point) -> (x: Int, y: Int) {
    (SVGNumber.hundredths(p.x), SVGNumber.hundredths(p.y))
  }

  private mutating func append(_ command: Character, _ numbers: [Int]) {
    if command != lastCommand {
      text.append(command)
      lastNumber = ""
    }
    lastCommand = command
    for number in numbers.map(SVGNumber.text) {
      // A minus sign begins a number, and so does a second decimal point.
      let isApart =
        lastNumber.isEmpty || number.hasPrefix("-")
        || number.hasPrefix(".") && lastNumber.contains(".")
      text += isApart ? number : " " + number
      lastNumber = number
    }
  }
}

/// Numbers in an SVG file: at most two decimals.
enum SVGNumber {
  static func hundredths(_ value: Double) -> Int { Int((value * 100).rounded()) }

  static func text(_ value: Double) -> String { text(hundredths(value)) }

  /// `count` / 100 in the shortest form that SVG reads: ".5", "-1.25", "3".
  static func text(_ count: Int) -> String {
    let (whole, rest) = count.magnitude.quotientAndRemainder(dividingBy: 100)
    var text = count < 0 ? "-" : ""
    if whole > 0 || rest == 0 { text += String(whole) }
    if rest > 0 {
      text += "."
      text += rest % 10 == 0 ? String(rest / 10) : (rest < 10 ? "0\(rest)" : String(rest))
    }
    return text
  }
}
