import Determinism
import Foundation

extension Canvas {
  /// The drawing as an SVG text, the same on every machine: no fonts, no identifiers, two decimals.
  /// - Parameter alternative: what the picture shows, read out instead of it.
  public func svg(alternative: String) throws -> String {
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "viewBox=\"0 0 \(width) \(height)\" role=\"img\">",
      "<title>\(escapedHTML(alternative))</title>",
    ]
    for mark in marks {
      switch mark {
      case .fill(let path, let color):
        lines.append(
          "<path d=\"\(path.svgData)\" fill=\"\(color.hexText)\"\(opacity(color, "fill"))/>")
      case .stroke(let path, let color, let width, let dash):
        let pattern =
          dash.isEmpty
          ? "" : " stroke-dasharray=\"\(dash.map(shortText).joined(separator: " "))\""
        lines.append(
          "<path d=\"\(path.svgData)\" fill=\"none\" stroke=\"\(color.hexText)\" "
            + "stroke-width=\"\(shortText(width))\" stroke-linejoin=\"round\"\(pattern)"
            + "\(opacity(color, "stroke"))/>")
      case .image(let image, let place):
        let data = try Data(image.png()).base64EncodedString()
        lines.append(
          "<image x=\"\(shortText(place.x))\" y=\"\(shortText(place.y))\" "
            + "width=\"\(shortText(place.width))\" height=\"\(shortText(place.height))\" "
            + "preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
            + "href=\"data:image/png;base64,\(data)\"/>")
      }
    }
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }

  private func opacity(_ color: Color, _ what: String) -> String {
    color.opacity < 1 ? " \(what)-opacity=\"\(shortText(color.opacity))\"" : ""
  }
}

/// A number with at most two decimals and no trailing zeros.
private func shortText(_ value: Double) -> String { hundredths(Int((value * 100).rounded())) }

/// `count` / 100 in the shortest form that SVG reads: ".5", "-1.25", "3".
private func hundredths(_ count: Int) -> String {
  let magnitude = count.magnitude
  let (whole, rest) = (magnitude / 100, magnitude % 100)
  var text = count < 0 ? "-" : ""
  if whole > 0 || rest == 0 { text += String(whole) }
  if rest > 0 {
    text += "."
    text += rest % 10 == 0 ? String(rest / 10) : (rest < 10 ? "0\(rest)" : String(rest))
  }
  return text
}

extension Path {
  /// The outline in SVG's path language, relative and in hundredths of a pixel.
  ///
  /// Steps are taken between rounded points, so that rounding errors do not add up.
  fileprivate var svgData: String {
    var text = ""
    var (x, y) = (0, 0)
    var (startX, startY) = (0, 0)
    func rounded(_ p: Point) -> (Int, Int) {
      (Int((p.x * 100).rounded()), Int((p.y * 100).rounded()))
    }
    func step(_ p: (Int, Int)) -> String {
      let (dx, dy) = (hundredths(p.0 - x), hundredths(p.1 - y))
      return dy.hasPrefix("-") ? dx + dy : "\(dx) \(dy)"
    }
    for element in elements {
      switch element {
      case .move(let point):
        let p = rounded(point)
        text += "M\(hundredths(p.0)) \(hundredths(p.1))"
        (x, y) = p
        (startX, startY) = p
      case .line(let point):
        let p = rounded(point)
        text += "l\(step(p))"
        (x, y) = p
      case .curve(let a, let b, let c):
        let end = rounded(c)
        text += "c\(step(rounded(a))) \(step(rounded(b))) \(step(end))"
        (x, y) = end
      case .close:
        text += "z"
        (x, y) = (startX, startY)
      }
    }
    return text
  }
}
