import Determinism

/// A colour in sRGB with opacity, each 0 … 1.
public struct Color: Hashable, Sendable {
  public let red: Double
  public let green: Double
  public let blue: Double
  public let opacity: Double

  public init(_ red: Double, _ green: Double, _ blue: Double, opacity: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.opacity = opacity
  }

  /// From a number such as 0xE69F00.
  public init(hex: Int) {
    self.init(
      Double(hex >> 16 & 255) / 255, Double(hex >> 8 & 255) / 255, Double(hex & 255) / 255)
  }

  public func opacity(_ value: Double) -> Color { Color(red, green, blue, opacity: value) }

  /// `fraction` of the way to another colour.
  public func mixed(with other: Color, _ fraction: Double) -> Color {
    func mix(_ a: Double, _ b: Double) -> Double { a + (b - a) * fraction }
    return Color(
      mix(red, other.red), mix(green, other.green), mix(blue, other.blue),
      opacity: mix(opacity, other.opacity))
  }

  /// "#e69f00", without the opacity.
  var hexText: String {
    let digits = Array("0123456789abcdef")
    let bytes = [red, green, blue].map { Int((min(1, max(0, $0)) * 255).rounded()) }
    return "#" + String(bytes.flatMap { [digits[$0 >> 4], digits[$0 & 15]] })
  }

  /// Whether black text is readable on it (relative luminance, WCAG 2).
  public var isLight: Bool {
    func linear(_ value: Double) -> Double { value * value }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) > 0.3
  }

  public static let white = Color(1, 1, 1)
  public static let ink = Color(hex: 0x1A1A1A)
  public static let faint = Color(hex: 0x6B6B6B)
  public static let grid = Color(hex: 0xE2E2E2)
  /// Stands for a dark picture under a transparent colour.
  static let darkGround = Color(hex: 0x4D4D4D)
}

/// How the series of a chart are told apart: colour, marker and dash together, never colour alone.
public enum Palette {
  /// Okabe and Ito (2008), yellow left out because it is faint on white, in an order that keeps
  /// neighbours apart in lightness too.
  public static let colors = [
    Color(hex: 0x0072B2), Color(hex: 0xE69F00), Color(hex: 0x009E73), Color(hex: 0xD55E00),
    Color(hex: 0x56B4E9), Color(hex: 0xCC79A7), Color(hex: 0x3C3C3C),
  ]

  /// The colour of the series at `index`; after seven they repeat, darkened.
  public static func color(_ index: Int) -> Color {
    let base = colors[index % colors.count]
    return index / colors.count % 2 == 0 ? base : base.mixed(with: .ink, 0.4)
  }

  /// The dash pattern of the series at `index`; its cycle of five is prime to the seven colours.
  public static func dash(_ index: Int) -> [Double] {
    [[], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2]][index % 5]
  }
}

/// A scale from numbers in 0 … 1 to colours that reads in grey and with colour-blind eyes.
public struct ColorMap: Hashable, Sendable {
  public let anchors: [Color]

  public init(_ anchors: [Color]) {
    require(anchors.count > 1, "ColorMap: expected at least two colours")
    self.anchors = anchors
  }

  /// The colour at `fraction`, held at the ends.
  public func color(_ fraction: Double) -> Color {
    let position = min(1, max(0, fraction)) * Double(anchors.count - 1)
    let index = min(anchors.count - 2, Int(position))
    return anchors[index].mixed(with: anchors[index + 1], position - Double(index))
  }

  /// Nine points of viridis (van der Walt and Smith 2015).
  public static let sequential = ColorMap(
    [
      0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725,
    ].map(Color.init(hex:)))

  /// Nothing over yellow and orange to dark red, to lay over a picture; opacity grows with warmth.
  public static let warmth = ColorMap([
    Color(hex: 0xFFE45C).opacity(0), Color(hex: 0xFFD23C).opacity(0.4),
    Color(hex: 0xFD8D3C).opacity(0.6), Color(hex: 0xE3241B).opacity(0.72),
    Color(hex: 0x9C0824).opacity(0.8),
  ])
}
