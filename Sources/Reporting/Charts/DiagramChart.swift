import Determinism

/// Boxes and arrows, as for the architecture of a model. Places are given; text that does not fit is an error.
public struct DiagramChart: Chart {
  /// What a box stands for; told apart by outline as well as by colour.
  public enum Kind: CaseIterable, Sendable {
    /// Values that flow.
    case data
    /// Something computed without parameters.
    case operation
    /// Parameters that do not change.
    case frozen
    /// Parameters that train.
    case trainable

    var title: String {
      switch self {
      case .data: "values"
      case .operation: "operation"
      case .frozen: "frozen parameters"
      case .trainable: "trained parameters"
      }
    }
  }

  public struct Box: Hashable, Sendable {
    public let kind: Kind
    public let place: Rectangle
    public let title: String
    /// Lines below the title, such as shapes.
    public let details: [String]

    public init(_ kind: Kind, _ place: Rectangle, _ title: String, _ details: [String] = []) {
      self.kind = kind
      self.place = place
      self.title = title
      self.details = details
    }
  }

  /// A line along these points with a head at the last one.
  public struct Arrow: Hashable, Sendable {
    public let points: [Point]
    public let label: String
    /// Where the label's baseline begins; not used without a label.
    public let labelPlace: Point

    public init(_ points: [Point], label: String = "", at labelPlace: Point = Point(0, 0)) {
      require(points.count > 1, "DiagramChart: an arrow needs two points")
      self.points = points
      self.label = label
      self.labelPlace = labelPlace
    }
  }

  /// A part of the diagram with a name, which stands in its lower left corner.
  public struct Frame: Hashable, Sendable {
    public let place: Rectangle
    public let title: String

    public init(_ place: Rectangle, _ title: String) {
      self.place = place
      self.title = title
    }
  }

  public let title: String
  public let boxes: [Box]
  public let arrows: [Arrow]
  public let frames: [Frame]
  public let width: Int
  public let height: Int

  public init(
    _ title: String, boxes: [Box], arrows: [Arrow], frames: [Frame] = [], width: Int, height: Int
  ) {
    require(!boxes.isEmpty, "DiagramChart: expected at least one box")
    self.title = title
    self.boxes = boxes
    self.arrows = arrows
    self.frames = frames
    self.width = width
    self.height = height
  }

  private static let titleStyle = TextStyle(size: 11, isBold: true)
  private static let detailStyle = TextStyle(size: 10)
  private static let lineHeight = 14.0

  public func drawn() throws -> Canvas {
    var canvas = Canvas(width: width, height: height)
    try canvas.text(
      title, at: Point(PlotFrame.padding, PlotFrame.padding + 11), PlotFrame.titleStyle)
    try drawLegend(on: &canvas)
    for frame in frames {
      canvas.stroke(Path(frame.place), .faint, width: 1, dash: [2, 3])
      try canvas.text(
        frame.title, at: Point(frame.place.x + 7, frame.place.bottom - 7), Self.titleStyle,
        color: .faint)
    }
    for arrow in arrows { try draw(arrow, on: &canvas) }
    for box in boxes { try draw(box, on: &canvas) }
    return canvas
  }

  private func drawLegend(on canvas: inout Canvas) throws {
    var x = PlotFrame.padding
    for kind in Kind.allCases {
      let sample = Rectangle(x, PlotFrame.padding + 22, 22, 13)
      drawOutline(kind, sample, on: &canvas)
      try canvas.text(
        kind.title, at: Point(sample.right + 6, sample.bottom - 2), Self.detailStyle)
      x = sample.right + 22 + (try GlyphOutline.width(kind.title, Self.detailStyle))
    }
  }

  private func drawOutline(_ kind: Kind, _ place: Rectangle, on canvas: inout Canvas) {
    let outline = Path(place)
    switch kind {
    case .data:
      canvas.fill(outline, .white)
      canvas.stroke(outline, .ink, width: 1)
    case .operation:
      canvas.fill(outline, .white)
      canvas.stroke(outline, .ink, width: 1, dash: [3, 2])
    case .frozen:
      canvas.fill(outline, Palette.color(0).mixed(with: .white, 0.82))
      canvas.stroke(outline, Palette.color(0), width: 1)
    case .trainable:
      canvas.fill(outline, Palette.color(1).mixed(with: .white, 0.72))
      canvas.stroke(outline, Palette.color(3), width: 2.5)
    }
  }

  private func draw(_ box: Box, on canvas: inout Canvas) throws {
    let place = box.place
    drawOutline(box.kind, place, on: &canvas)
    let lines = [(box.title, Self.titleStyle)] + box.details.map { ($0, Self.detailStyle) }
    let middle = place.y + place.height / 2
    let first = middle - Double(lines.count - 1) * Self.lineHeight / 2 + 4
    for (i, (text, style)) in lines.enumerated() {
      guard
        try GlyphOutline.width(text, style) <= place.width - 6,
        Double(lines.count) * Self.lineHeight <= place.height
      else {
        throw Failure(
          .internal, "diagram \"\(title)\": \"\(text)\" does not fit the box \"\(box.title)\"")
      }
      try canvas.text(
        text, at: Point(place.x + place.width / 2, first + Double(i) * Self.lineHeight), style,
        anchor: .middle)
    }
  }

  private func draw(_ arrow: Arrow, on canvas: inout Canvas) throws {
    let tip = arrow.points[arrow.points.count - 1]
    let before = arrow.points[arrow.points.count - 2]
    let (dx, dy) = (tip.x - before.x, tip.y - before.y)
    let length = (dx * dx + dy * dy).squareRoot()
    guard length > 0 else {
      throw Failure(.internal, "diagram \"\(title)\": an arrow ends where it turns")
    }
    let (ux, uy) = (dx / length, dy / length)
    func point(_ along: Double, _ aside: Double) -> Point {
      Point(tip.x - along * ux - aside * uy, tip.y - along * uy + aside * ux)
    }
    canvas.stroke(Path(line: arrow.points.dropLast() + [point(6, 0)]), .ink, width: 1.3)
    canvas.fill(Path(polygon: [tip, point(8, 4), point(8, -4)]), .ink)
    try canvas.text(arrow.label, at: arrow.labelPlace, Self.detailStyle, color: .ink)
  }
}
