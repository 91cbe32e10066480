import CCairo
import Determinism

/// Size and weight of a text.
public struct TextStyle: Hashable, Sendable {
  /// In CSS pixels.
  public let size: Double
  public let isBold: Bool

  public init(size: Double = 11, isBold: Bool = false) {
    self.size = size
    self.isBold = isBold
  }
}

/// A text as outlines of DejaVu Sans, starting at the origin on the baseline.
///
/// Hinting is off and metrics are not rounded, so that the outlines are the font's own everywhere.
public struct GlyphOutline: Hashable, Sendable {
  /// Its parts are the letters.
  public let path: Path
  /// How far the text reaches along the baseline.
  public let advance: Double

  public init(_ text: String, _ style: TextStyle) throws {
    (path, advance) = try FontContext.with(style) { context in
      let whole = try Self.outline(of: text, context)
      var letters = [PlacedShape]()
      var x = 0.0
      for character in text {
        let letter = try Self.outline(of: String(character), context)
        if !letter.path.elements.isEmpty {
          letters.append(PlacedShape(shape: letter.path, origin: Point(x, 0)))
        }
        x += letter.advance
      }
      // Cairo does not kern here. If it did, letters would not stand where the whole text has them.
      guard abs(x - whole.advance) < 0.01 else {
        throw Failure(
          .internal,
          "\"\(text)\": its letters reach \(numberText(x, 3)) pixels along the baseline, the whole "
            + "text \(numberText(whole.advance, 3))")
      }
      return (Path(whole.path.elements, parts: letters), whole.advance)
    }
  }

  private static func outline(
    of text: String, _ context: OpaquePointer
  ) throws -> (path: Path, advance: Double) {
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    cairo_new_path(context)
    cairo_move_to(context, 0, 0)
    cairo_text_path(context, text)
    guard let copy = cairo_copy_path(context) else {
      throw Failure(.internal, "Cairo gave no outline for \"\(text)\"")
    }
    defer { cairo_path_destroy(copy) }
    try checkCairo(copy.pointee.status, "the outline of \"\(text)\"")
    return (try Path(copy.pointee), extents.x_advance)
  }

  /// The advance of a text, without its outline.
  public static func width(_ text: String, _ style: TextStyle = TextStyle()) throws -> Double {
    try width(text, style, inAnyFont: false)
  }

  fileprivate static func width(_ text: String, _ style: TextStyle, inAnyFont: Bool) throws -> Double {
    try FontContext.with(style, inAnyFont: inAnyFont) { context in
      var extents = cairo_text_extents_t()
      cairo_text_extents(context, text, &extents)
      return extents.x_advance
    }
  }
}

/// The fonts as Cairo finds them, compared with what the charts were designed with.
public enum FontCheck {
  /// Throws when DejaVu Sans is not there and Cairo silently uses another font.
  ///
  /// The known advances are DejaVu Sans 2.37's: M 1767, i 569, W 2025, Δ 1401 of 2048 units.
  public static func run() throws {
    for (text, units) in [("M", 1767.0), ("i", 569), ("W", 2025), ("Δ", 1401)] {
      let width = try GlyphOutline.width(text, TextStyle(size: 2048), inAnyFont: true)
      guard abs(width - units) <= 2 else {
        throw Failure(
          .configuration,
          "font DejaVu Sans: expected \"\(text)\" to be \(units) units wide, found "
            + "\(numberText(width, 1)); install fonts-dejavu-core, and see that fontconfig finds it")
      }
    }
  }
}

/// A drawing surface of Cairo that is only asked about text.
private enum FontContext {
  private static let check = Result { try FontCheck.run() }

  /// - Parameter inAnyFont: also where DejaVu Sans is not there, in place of which Cairo takes another without a word.
  static func with<Value>(
    _ style: TextStyle, inAnyFont: Bool = false, _ body: (OpaquePointer) throws -> Value
  ) throws -> Value {
    if !inAnyFont { try check.get() }
    let surface = cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, nil)
    defer { cairo_surface_destroy(surface) }
    guard let context = cairo_create(surface) else {
      throw Failure(.internal, "Cairo gave no context")
    }
    defer { cairo_destroy(context) }
    let options = cairo_font_options_create()
    defer { cairo_font_options_destroy(options) }
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_set_font_options(context, options)
    cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
      style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(context, style.size)
    let value = try body(context)
    try checkCairo(cairo_status(context), "measuring text")
    return value
  }
}

/// Turns an error of Cairo into a failure that says what was being done.
func checkCairo(_ status: cairo_status_t, _ what: String) throws {
  guard status == CAIRO_STATUS_SUCCESS else {
    throw Failure(.internal, "Cairo, \(what): \(String(cString: cairo_status_to_string(status)))")
  }
}

extension Path {
  /// Reads Cairo's flat list of headers and points.
  fileprivate init(_ path: cairo_path_t) throws {
    var elements = [Element]()
    var i = 0
    while i < Int(path.num_data) {
      let header = path.data[i].header
      func point(_ offset: Int) -> Point {
        let data = path.data[i + offset].point
        return Point(data.x, data.y)
      }
      switch header.type {
      case CAIRO_PATH_MOVE_TO: elements.append(.move(point(1)))
      case CAIRO_PATH_LINE_TO: elements.append(.line(point(1)))
      case CAIRO_PATH_CURVE_TO: elements.append(.curve(point(1), point(2), point(3)))
      case CAIRO_PATH_CLOSE_PATH: elements.append(.close)
      default: throw Failure(.internal, "Cairo gave an outline of unknown kind")
      }
      i += Int(header.length)
    }
    if case .move = elements.last { elements.removeLast() }
    self.init(elements)
  }
}
