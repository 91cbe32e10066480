import Determinism

/// How a warp finds a value between pixels.
public enum WarpInterpolation: Sendable {
  case nearest
  case bilinear
  /// Keys' cubic convolution with a = -0.75.
  case cubic
}

/// Scales and shifts an image into a frame, and takes predictions back: the warp of referring segmentation.
///
/// The authors' data code is that of CRIS: the image is scaled to fit, proportions kept, centred, and sampled with
/// OpenCV's `warpAffine`: image cubic with a border of the mean colour, mask bilinear with border 0, prediction back
/// cubic with border 0. The numbers are those of OpenCV 4 (`imgwarp.cpp`): a target pixel's source is found to 1/32
/// pixel, weights of 8-bit images have 15 binary digits. There is no anti-aliasing when an image shrinks.
public struct AffineWarp: Equatable, Sendable {
  /// Size of the result.
  public let width: Int
  public let height: Int
  /// Target x = scaleX · x + shiftX; y likewise.
  public let scaleX: Double
  public let shiftX: Double
  public let scaleY: Double
  public let shiftY: Double

  /// Fits an image of the source size into the target size.
  public init(fitting source: (width: Int, height: Int), into target: (width: Int, height: Int)) {
    let frame = Frame(source, target)
    width = target.width
    height = target.height
    scaleX = (frame.right - frame.left) / Double(source.width)
    shiftX = frame.left
    scaleY = (frame.bottom - frame.top) / Double(source.height)
    shiftY = frame.top
  }

  /// Takes what lies in the target frame back to the source's size and place.
  public init(undoing source: (width: Int, height: Int), from target: (width: Int, height: Int)) {
    let frame = Frame(source, target)
    width = source.width
    height = source.height
    scaleX = Double(source.width) / (frame.right - frame.left)
    shiftX = -frame.left * scaleX
    scaleY = Double(source.height) / (frame.bottom - frame.top)
    shiftY = -frame.top * scaleY
  }

  /// The border of warped images: MMBT's mean colour times 255.
  public static let meanColour = Normalisation.mmbt.mean.map { Double($0) * 255 }

  /// The place the scaled image takes in its frame. OpenCV is given the corners in single precision.
  private struct Frame {
    let left, right, top, bottom: Double

    init(_ source: (width: Int, height: Int), _ target: (width: Int, height: Int)) {
      require(
        source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0,
        "AffineWarp: expected sizes, found \(source) and \(target)")
      let scale = min(
        Double(target.height) / Double(source.height), Double(target.width) / Double(source.width))
      let (wide, high) = (Double(source.width) * scale, Double(source.height) * scale)
      let (marginX, marginY) = (
        (Double(target.width) - wide) / 2, (Double(target.height) - high) / 2
      )
      left = Double(Float(marginX))
      right = Double(Float(wide + marginX))
      top = Double(Float(marginY))
      bottom = Double(Float(high + marginY))
    }
  }

  /// The warped image; outside it has the colour `border` (red, green, blue), rounded.
  public func callAsFunction(
    _ image: RasterImage, _ interpolation: WarpInterpolation = .cubic, border: [Double] = meanColour
  ) -> RasterImage {
    require(
      border.count == 3, "AffineWarp: expected a border of three values, found \(border.count)")
    return RasterImage(width: width, height: height) { output in
      warpBytes(
        image.pixels, width: image.width, height: image.height, border: border, interpolation,
        to: output)
    }
  }

  /// The warped mask, values between 0 and 255 at its edges; black outside.
  public func callAsFunction(_ mask: GreyImage, _ interpolation: WarpInterpolation = .bilinear)
    -> GreyImage
  {
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
      warpBytes(
        mask.pixels, width: mask.width, height: mask.height, border: [0], interpolation,
        to: UnsafeMutableBufferPointer(rebasing: buffer[..<(width * height)]))
      count = width * height
    }
    return GreyImage(width: width, height: height, pixels: pixels)
  }

  /// The warped plane; 0 outside. Cubic values can leave the range of the given ones.
  public func callAsFunction(_ plane: FloatPlane, _ interpolation: WarpInterpolation = .cubic)
    -> FloatPlane
  {
    let taps = WarpTaps.of(interpolation)
    let (columns, rows) = places(interpolation)
    var values = [Float](repeating: 0, count: width * height)
    plane.values.withUnsafeBufferPointer { input in
      for (y, row) in rows.enumerated() {
        for (x, column) in columns.enumerated() {
          let weights = taps.weights(column.part, row.part)
          var sum: Float = 0
          for j in 0..<taps.size {
            let sourceY = row.first + j
            guard sourceY >= 0 && sourceY < plane.height else { continue }
            for i in 0..<taps.size {
              let sourceX = column.first + i
              guard sourceX >= 0 && sourceX < plane.width else { continue }
              sum +=
                input[sourceY * plane.width + sourceX] * taps.exact[weights + j * taps.size + i]
            }
          }
          values[y * width + x] = sum
        }
      }
    }
    return FloatPlane(width: width, height: height, values: values)
  }

  /// First source pixel that counts, and the part of a pixel (in 32nds) past the one the weights belong to.
  private typealias Place = (first: Int, part: Int)

  /// Where the target's columns and rows come from. OpenCV turns the warp round and counts in 1024ths of a pixel;
  /// along a row it rounds the moving and the constant part separately.
  private func places(_ interpolation: WarpInterpolation) -> (columns: [Place], rows: [Place]) {
    let determinant = 1 / (scaleX * scaleY)
    let (slopeX, slopeY) = (scaleY * determinant, scaleX * determinant)
    let (startX, startY) = (-slopeX * shiftX, -slopeY * shiftY)
    func rounded(_ pixels: Double) -> Int { Int((pixels * 1024).rounded(.toNearestOrEven)) }
    func place(_ position: Int) -> Place {
      switch interpolation {
      case .nearest: ((position + 512) >> 10, 0)
      case .bilinear: ((position + 16) >> 10, ((position + 16) >> 5) & 31)
      case .cubic: (((position + 16) >> 10) - 1, ((position + 16) >> 5) & 31)
      }
    }
    return (
      (0..<width).map { place(rounded(slopeX * Double($0)) + rounded(startX)) },
      (0..<height).map { place(rounded(slopeY * Double($0) + startY)) }
    )
  }

  private func warpBytes(
    _ pixels: [UInt8], width sourceWidth: Int, height sourceHeight: Int, border: [Double],
    _ interpolation: WarpInterpolation, to output: UnsafeMutableBufferPointer<UInt8>
  ) {
    let taps = WarpTaps.of(interpolation)
    let channels = border.count
    let outside = border.map { Int32(UInt8(max(0, min(255, $0.rounded(.toNearestOrEven))))) }
    let (columns, rows) = places(interpolation)
    pixels.withUnsafeBufferPointer { input in
      taps.fixed.withUnsafeBufferPointer { fixed in
        for (y, row) in rows.enumerated() {
          for (x, column) in columns.enumerated() {
            let weights = taps.weights(column.part, row.part)
            for channel in 0..<channels {
              var sum: Int32 = 1 << 14
              for j in 0..<taps.size {
                let sourceY = row.first + j
                for i in 0..<taps.size {
                  let sourceX = column.first + i
                  let isInside =
                    sourceX >= 0 && sourceX < sourceWidth && sourceY >= 0 && sourceY < sourceHeight
                  let value =
                    isInside
                    ? Int32(input[(sourceY * sourceWidth + sourceX) * channels + channel])
                    : outside[channel]
                  sum &+= value &* fixed[weights + j * taps.size + i]
                }
              }
              output[(y * width + x) * channels + channel] = UInt8(clamping: sum >> 15)
            }
          }
        }
      }
    }
  }
}
