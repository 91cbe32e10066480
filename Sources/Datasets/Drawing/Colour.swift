import Determinism

/// One of the six colours of stand-in objects, in the order of their tags.
public enum Colour: Int, CaseIterable, Sendable {
  case red, green, blue, yellow, purple, cyan

  /// The word for it.
  public var name: String { "\(self)" }

  /// The colour without variation.
  var pure: RGB {
    switch self {
    case .red: RGB(0.88, 0.15, 0.15)
    case .green: RGB(0.15, 0.72, 0.20)
    case .blue: RGB(0.18, 0.30, 0.92)
    case .yellow: RGB(0.93, 0.85, 0.15)
    case .purple: RGB(0.62, 0.20, 0.75)
    case .cyan: RGB(0.15, 0.82, 0.85)
    }
  }

  /// The colour as one object has it: each channel varies with standard deviation `spread`.
  func varied(_ random: inout RandomStream, spread: Double = 0.07) -> RGB {
    pure.varied(spread, &random)
  }
}

/// Red, green and blue, 0 to 1.
struct RGB: Sendable, Equatable {
  var red: Double
  var green: Double
  var blue: Double

  init(_ red: Double, _ green: Double, _ blue: Double) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// This colour plus independent N(0, spread²) in each channel.
  func varied(_ spread: Double, _ random: inout RandomStream) -> RGB {
    let r = red + spread * random.normal()
    let g = green + spread * random.normal()
    let b = blue + spread * random.normal()
    return RGB(r, g, b)
  }

  var channels: [Double] { [red, green, blue] }
}
