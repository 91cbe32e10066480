import Determinism

/// Words sized by how often they occur, the most frequent in the middle.
///
/// The areas of letters are in proportion to the frequencies. Words are placed one after another,
/// the most frequent first, at the first free place on a spiral outwards; equal words give equal pictures.
public struct WordCloud: Chart {
  public struct Word: Hashable, Sendable {
    public let text: String
    /// A count or a weight; positive.
    public let frequency: Double

    public init(_ text: String, _ frequency: Double) {
      self.text = text
      self.frequency = frequency
    }
  }

  /// A word with its place.
  public struct Placement: Hashable, Sendable {
    public let word: Word
    public let style: TextStyle
    /// Where the baseline begins.
    public let origin: Point
    /// Around each closed outline of each letter, margins not included.
    public let boxes: [Rectangle]
    let outline: Path
  }

  public let title: String
  public let words: [Word]
  public let width: Int
  public let height: Int

  public init(_ title: String = "", words: [Word], width: Int = 320, height: Int = 220) {
    require(!words.isEmpty, "WordCloud: expected at least one word")
    self.title = title
    self.words = words
    self.width = width
    self.height = height
  }

  private static let largest = 44.0
  private static let smallest = 8.0
  /// The free space around every letter, in parts of its size: words must not run together.
  private static let margin = (x: 0.3, y: 0.06)

  public func drawn() throws -> Canvas {
    var canvas = Canvas(width: width, height: height)
    try canvas.text(
      title, at: Point(PlotFrame.padding, PlotFrame.padding + 11), PlotFrame.titleStyle)
    for placement in try placements() {
      let weight = placement.style.size / Self.largest
      canvas.fill(
        placement.outline.moved(by: placement.origin),
        Palette.color(6).mixed(with: Palette.color(0), min(1, 1.4 * weight)))
    }
    return canvas
  }

  /// Every word with its place, the most frequent first, ties in the order of their letters.
  /// - Throws: `Failure` for frequencies that are not positive, or when the words do not all fit.
  public func placements() throws -> [Placement] {
    for word in words where !(word.frequency > 0 && word.frequency.isFinite) || word.text.isEmpty {
      throw Failure(
        .badInput,
        "word cloud \"\(title)\": expected words with positive frequencies, found "
          + "\"\(word.text)\" with \(word.frequency)")
    }
    let ordered = words.sorted { a, b in
      a.frequency == b.frequency ? a.text < b.text : a.frequency > b.frequency
    }
    // Nothing is left out: when the words do not fit they all become smaller together.
    var scale = Self.largest
    while scale >= 2 * Self.smallest {
      if let found = try placements(ordered, largest: scale) { return found }
      scale *= 0.9
    }
    throw Failure(
      .badInput,
      "word cloud \"\(title)\": \(words.count) words do not fit into \(width)×\(height); show "
        + "fewer words or enlarge the picture")
  }

  /// All words placed at this size; nil when one finds no place.
  private func placements(_ ordered: [Word], largest: Double) throws -> [Placement]? {
    let padding = PlotFrame.padding
    let top = padding + (title.isEmpty ? 0 : 20)
    let area = Rectangle(
      padding, top, Double(width) - 2 * padding, Double(height) - padding - top)
    guard area.width > 20 && area.height > 20 else {
      throw Failure(.internal, "word cloud \"\(title)\": \(width)×\(height) leaves no room")
    }
    let spiral = Self.spiral(in: area)
    var placed = [Placement]()
    var taken = [Rectangle]()
    for word in ordered {
      let share = (word.frequency / ordered[0].frequency).squareRoot()
      let style = TextStyle(size: max(Self.smallest, largest * share), isBold: share > 0.5)
      let path = try GlyphOutline(word.text, style).path
      let shape = path.contourBoxes
      guard let bounds = Rectangle(around: shape) else { continue }
      guard let shift = freePlace(for: shape, bounds, in: area, spiral, taken) else { return nil }
      let boxes = shape.map { $0.moved(by: shift) }
      taken += boxes.map { $0.grown(x: Self.margin.x * style.size, y: Self.margin.y * style.size) }
      placed.append(
        Placement(word: word, style: style, origin: shift, boxes: boxes, outline: path))
    }
    return placed
  }

  /// The place nearest to the middle where no box meets another.
  private func freePlace(
    for shape: [Rectangle], _ bounds: Rectangle, in area: Rectangle, _ spiral: [Point],
    _ taken: [Rectangle]
  ) -> Point? {
    let start = Point(
      area.x + area.width / 2 - bounds.x - bounds.width / 2,
      area.y + area.height / 2 - bounds.y - bounds.height / 2)
    for offset in spiral {
      let shift = Point(start.x + offset.x, start.y + offset.y)
      guard area.contains(bounds.moved(by: shift)) else { continue }
      let isFree = !shape.contains { box in
        let moved = box.moved(by: shift)
        return taken.contains { $0.meets(moved) }
      }
      if isFree { return shift }
    }
    return nil
  }

  /// Steps from the middle of `area` to the points of a grid in it, the nearest first; the rings
  /// are as much wider than high as the area.
  ///
  /// Sorted rather than computed with sines, so that it is the same on every machine.
  private static func spiral(in area: Rectangle) -> [Point] {
    let step = 2.0
    let stretch = area.width / area.height
    let columns = Int(area.width / 2 / step)
    let rows = Int(area.height / 2 / step)
    let points = (-rows...rows).flatMap { row in
      (-columns...columns).map { Point(Double($0) * step, Double(row) * step) }
    }
    func distance(_ p: Point) -> Double { p.x * p.x + p.y * p.y * stretch * stretch }
    return points.map { ($0, distance($0)) }
      .sorted { ($0.1, $0.0.y, $0.0.x) < ($1.1, $1.0.y, $1.0.x) }.map(\.0)
  }
}
