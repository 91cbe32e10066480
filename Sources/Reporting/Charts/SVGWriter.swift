import Determinism
import Foundation
import Images

extension Canvas {
  /// The drawing as an SVG text, the same on every machine: no fonts, two decimals.
  /// - Parameter alternative: what the picture shows, read out instead of it.
  public func svg(alternative: String) throws -> String {
    let shapes = SVGShapes([self])
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
      viewBox="0 0 \(width) \(height)" role="img">
      <title>\(escapedHTML(alternative))</title>
      \(shapes.definitions)\(try svgElements(shapes))
      </svg>

      """
  }

  /// The marks as SVG elements from back to front, one a line.
  /// - Parameter shapes: made from this drawing, and perhaps others beside it.
  func svgElements(_ shapes: SVGShapes) throws -> String {
    var runs: [(look: String, elements: [SVGElement])] = []
    var rest = marks[...]
    while let mark = rest.popFirst() {
      let element: SVGElement
      var look: String
      switch mark {
      case .fill(let path, let color):
        element = try svgElement(path, shapes)
        look = svgLook(color)
        // The border of what was filled belongs to the same element, which has both.
        if case .stroke(path, let color, let width, let dash) = rest.first {
          look += " " + svgLook(color, width, dash)
          rest.removeFirst()
        }
      case .stroke(let path, let color, let width, let dash):
        element = try svgElement(path, shapes)
        look = "fill=\"none\" " + svgLook(color, width, dash)
      case .image(let image, let place):
        element = try svgElement(image, place)
        look = "style=\"image-rendering:pixelated\""
      }
      if runs.last?.look == look {
        runs[runs.count - 1].elements.append(element)
      } else {
        runs.append((look, [element]))
      }
    }
    return runs.map { look, elements in
      if elements.count == 1 { return elements[0].text(look) }
      return "<g \(look)>\n" + elements.map { $0.text("") }.joined(separator: "\n") + "\n</g>"
    }.joined(separator: "\n")
  }

  private func svgElement(_ image: RasterImage, _ place: Rectangle) throws -> SVGElement {
    let data = try Data(image.png()).base64EncodedString()
    return SVGElement(
      "<image x=\"\(SVGNumber.text(place.x))\" y=\"\(SVGNumber.text(place.y))\" "
        + "width=\"\(SVGNumber.text(place.width))\" height=\"\(SVGNumber.text(place.height))\" "
        + "preserveAspectRatio=\"none\" href=\"data:image/png;base64,\(data)\"", "/>")
  }

  /// An outline, or the shapes it consists of.
  private func svgElement(_ path: Path, _ shapes: SVGShapes) throws -> SVGElement {
    path.parts.isEmpty
      ? SVGElement("<path d=\"\(SVGPathData(path).text)\"", "/>")
      : try svgElement(path.parts, shapes)
  }

  /// Shapes by their names, with their places relative to the first one's.
  private func svgElement(_ placed: [PlacedShape], _ shapes: SVGShapes) throws -> SVGElement {
    func place(_ shape: PlacedShape) -> (x: Int, y: Int) {
      (SVGNumber.hundredths(shape.origin.x), SVGNumber.hundredths(shape.origin.y))
    }
    let first = place(placed[0])
    if placed.count == 1 {
      let name = try shapes.name(placed[0].shape)
      return SVGElement(
        "<use href=\"#\(name)\"\(attribute("x", first.x))\(attribute("y", first.y))", "/>")
    }
    let uses = try placed.map { shape in
      let (x, y) = place(shape)
      return "<use href=\"#\(try shapes.name(shape.shape))\"\(attribute("x", x - first.x))"
        + "\(attribute("y", y - first.y))/>"
    }
    return SVGElement(
      "<g transform=\"translate(\(SVGNumber.text(first.x)) \(SVGNumber.text(first.y)))\"",
      ">\(uses.joined())</g>")
  }

  /// A coordinate in hundredths; nothing where it is zero, which SVG takes anyway.
  private func attribute(_ name: String, _ count: Int) -> String {
    count == 0 ? "" : " \(name)=\"\(SVGNumber.text(count))\""
  }

  /// How an outline looks, in attributes that a group of outlines can have in common.
  private func svgLook(_ color: Color) -> String {
    "fill=\"\(color.hexText)\"\(svgOpacity(color, "fill"))"
  }

  private func svgLook(_ color: Color, _ width: Double, _ dash: [Double]) -> String {
    let lengths = dash.map { SVGNumber.text($0) }.joined(separator: " ")
    return "stroke=\"\(color.hexText)\" stroke-width=\"\(SVGNumber.text(width))\" "
      + "stroke-linejoin=\"round\"\(dash.isEmpty ? "" : " stroke-dasharray=\"\(lengths)\"")"
      + svgOpacity(color, "stroke")
  }

  private func svgOpacity(_ color: Color, _ what: String) -> String {
    color.opacity < 1 ? " \(what)-opacity=\"\(SVGNumber.text(color.opacity))\"" : ""
  }
}

/// An element that waits for the rest of its attributes.
private struct SVGElement {
  private let start: String
  private let end: String

  init(_ start: String, _ end: String) {
    self.start = start
    self.end = end
  }

  func text(_ attributes: String) -> String {
    attributes.isEmpty ? start + end : "\(start) \(attributes)\(end)"
  }
}
