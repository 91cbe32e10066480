import CCairo
import Determinism
import Images

extension Canvas {
  /// The drawing as a PNG file, `scale` pixels for each CSS pixel.
  public func png(scale: Double) throws -> [UInt8] {
    let surface = cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, Int32((Double(width) * scale).rounded()),
      Int32((Double(height) * scale).rounded()))
    defer { cairo_surface_destroy(surface) }
    try checkCairo(cairo_surface_status(surface), "making a \(width)×\(height) picture")
    guard let context = cairo_create(surface) else {
      throw Failure(.internal, "Cairo gave no context")
    }
    defer { cairo_destroy(context) }
    cairo_scale(context, scale, scale)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    for mark in marks { try draw(mark, context) }
    try checkCairo(cairo_status(context), "drawing")
    return try encodedPNG(surface)
  }

  private func draw(_ mark: Mark, _ context: OpaquePointer) throws {
    switch mark {
    case .fill(let path, let color):
      add(path, context)
      set(color, context)
      cairo_fill(context)
    case .stroke(let path, let color, let width, let dash):
      add(path, context)
      set(color, context)
      cairo_set_line_width(context, width)
      cairo_set_dash(context, dash, Int32(dash.count), 0)
      cairo_stroke(context)
    case .image(let image, let place):
      let surface = try image.surface()
      defer { cairo_surface_destroy(surface) }
      cairo_save(context)
      cairo_translate(context, place.x, place.y)
      cairo_scale(
        context, place.width / Double(image.width), place.height / Double(image.height))
      cairo_set_source_surface(context, surface, 0, 0)
      cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
      cairo_rectangle(context, 0, 0, Double(image.width), Double(image.height))
      cairo_fill(context)
      cairo_restore(context)
    }
  }

  private func add(_ path: Path, _ context: OpaquePointer) {
    cairo_new_path(context)
    for element in path.elements {
      switch element {
      case .move(let p): cairo_move_to(context, p.x, p.y)
      case .line(let p): cairo_line_to(context, p.x, p.y)
      case .curve(let a, let b, let c): cairo_curve_to(context, a.x, a.y, b.x, b.y, c.x, c.y)
      case .close: cairo_close_path(context)
      }
    }
  }

  private func set(_ color: Color, _ context: OpaquePointer) {
    cairo_set_source_rgba(context, color.red, color.green, color.blue, color.opacity)
  }
}

extension RasterImage {
  /// The picture as a PNG file of its own size.
  public func png() throws -> [UInt8] {
    let surface = try surface()
    defer { cairo_surface_destroy(surface) }
    return try encodedPNG(surface)
  }

  /// The picture as Cairo holds it; the caller destroys it.
  fileprivate func surface() throws -> OpaquePointer? {
    let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    try checkCairo(cairo_surface_status(surface), "making a \(width)×\(height) picture")
    cairo_surface_flush(surface)
    guard let target = cairo_image_surface_get_data(surface) else {
      throw Failure(.internal, "Cairo gave no pixels")
    }
    let stride = Int(cairo_image_surface_get_stride(surface))
    for y in 0..<height {
      UnsafeMutableRawPointer(target + y * stride).withMemoryRebound(
        to: UInt32.self, capacity: width
      ) { row in
        for x in 0..<width {
          let i = 3 * (y * width + x)
          row[x] = UInt32(pixels[i]) << 16 | UInt32(pixels[i + 1]) << 8 | UInt32(pixels[i + 2])
        }
      }
    }
    cairo_surface_mark_dirty(surface)
    return surface
  }
}

/// The bytes of a PNG file with the surface's pixels.
private func encodedPNG(_ surface: OpaquePointer?) throws -> [UInt8] {
  var bytes = [UInt8]()
  let status = withUnsafeMutablePointer(to: &bytes) { target in
    cairo_surface_write_to_png_stream(
      surface,
      { target, data, count in
        guard let target, let data else { return CAIRO_STATUS_WRITE_ERROR }
        target.assumingMemoryBound(to: [UInt8].self).pointee.append(
          contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
        return CAIRO_STATUS_SUCCESS
      }, target)
  }
  try checkCairo(status, "writing PNG")
  return bytes
}
