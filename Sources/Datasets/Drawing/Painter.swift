import CCairo
import Determinism
import Images

/// Paints one stand-in image: a soft background, then one filled shape after another, then noise.
///
/// Cairo gives the coverage of each pixel, from straight lines only; colours, blending and noise
/// are computed here from correctly rounded operations. The same stream gives the same bytes
/// everywhere.
struct Painter {
  let size: Int
  /// `[3, size, size]`, 0 to 1 apart from overshoot.
  private var planes: [Float]

  /// A background: a grey level, a tint, and a linear gradient in x and in y, independent per
  /// channel.
  /// - Parameters:
  ///   - gradient: the largest difference between opposite edges.
  ///   - tint: added to each channel.
  init(
    size: Int = 36, gradient: Double = 0.12, tint: RGB = RGB(0, 0, 0),
    _ random: inout RandomStream
  ) {
    self.size = size
    let grey = random.uniform(0.35, 0.65)
    var planes: [Float] = []
    planes.reserveCapacity(3 * size * size)
    for channelTint in tint.channels {
      let level = grey + random.uniform(-0.06, 0.06) + channelTint
      let across = random.uniform(-gradient, gradient)
      let down = random.uniform(-gradient, gradient)
      for y in 0..<size {
        let row = level + down * (Double(y) / Double(size) - 0.5)
        for x in 0..<size {
          planes.append(Float(row + across * (Double(x) / Double(size) - 0.5)))
        }
      }
    }
    self.planes = planes
  }

  /// Paints the inside of `outline` over what is there.
  mutating func fill(_ outline: Outline, _ colour: RGB) {
    let coverage = coverage(of: outline, width: size, height: size)
    let count = size * size
    let channels = colour.channels.map { Float($0) }
    planes.withUnsafeMutableBufferPointer { planes in
      coverage.withUnsafeBufferPointer { coverage in
        for i in 0..<count where coverage[i] != 0 {
          let weight = Float(coverage[i]) / 255
          for channel in 0..<3 {
            let below = planes[channel * count + i]
            planes[channel * count + i] = below + weight * (channels[channel] - below)
          }
        }
      }
    }
  }

  /// The finished image: noise of standard deviation `noise` added, clipped, rounded to 8 bits.
  func image(noise: Double, _ random: inout RandomStream) -> RasterImage {
    let count = size * size
    let bytes = [UInt8](unsafeUninitializedCapacity: 3 * count) { bytes, initialized in
      planes.withUnsafeBufferPointer { planes in
        for i in stride(from: 0, to: 3 * count, by: 2) {
          let (first, second) = random.normalPair()
          bytes[i] = quantised(Double(planes[i % 3 * count + i / 3]) + noise * first)
          guard i + 1 < 3 * count else { break }
          bytes[i + 1] = quantised(
            Double(planes[(i + 1) % 3 * count + (i + 1) / 3]) + noise * second)
        }
      }
      initialized = 3 * count
    }
    return RasterImage(width: size, height: size, pixels: bytes)
  }
}

/// 0…1 as 0…255, clipped, rounded to the nearest, ties to even.
private func quantised(_ value: Double) -> UInt8 {
  UInt8((min(max(value, 0), 1) * 255).rounded(.toNearestOrEven))
}

/// How much of each pixel lies inside `outline`: `[height, width]`, 0 (outside) to 255.
func coverage(of outline: Outline, width: Int, height: Int) -> [UInt8] {
  let stride = Int(cairo_format_stride_for_width(CAIRO_FORMAT_A8, Int32(width)))
  var rows = [UInt8](repeating: 0, count: stride * height)
  rows.withUnsafeMutableBufferPointer { buffer in
    let surface = cairo_image_surface_create_for_data(
      buffer.baseAddress, CAIRO_FORMAT_A8, Int32(width), Int32(height), Int32(stride))
    let context = cairo_create(surface)
    cairo_set_antialias(context, CAIRO_ANTIALIAS_GOOD)
    cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
    for polygon in outline.polygons {
      for (i, point) in polygon.enumerated() {
        if i == 0 {
          cairo_move_to(context, point.x, point.y)
        } else {
          cairo_line_to(context, point.x, point.y)
        }
      }
      cairo_close_path(context)
    }
    cairo_set_source_rgba(context, 0, 0, 0, 1)
    cairo_fill(context)
    let status = cairo_status(context)
    cairo_destroy(context)
    cairo_surface_flush(surface)
    cairo_surface_destroy(surface)
    require(
      status == CAIRO_STATUS_SUCCESS,
      "coverage: Cairo reports \(String(cString: cairo_status_to_string(status)))")
  }
  guard stride != width else { return rows }
  return (0..<height).flatMap { rows[$0 * stride..<$0 * stride + width] }
}
