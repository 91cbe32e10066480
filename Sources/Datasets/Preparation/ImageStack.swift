import Determinism
import Images

/// Images of one size, one after another.
struct ImageStack: Sendable {
  let width: Int
  let height: Int
  let count: Int
  /// `[count, height, width, 3]`
  let bytes: [UInt8]

  init(_ images: [RasterImage]) {
    width = images.first?.width ?? 0
    height = images.first?.height ?? 0
    count = images.count
    let size = width * height * 3
    for image in images {
      require(
        image.width == width && image.height == height,
        "images of one split: expected \(width)×\(height), found \(image.width)×\(image.height)")
    }
    bytes = [UInt8](unsafeUninitializedCapacity: images.count * size) { buffer, initialized in
      for (i, image) in images.enumerated() {
        _ = UnsafeMutableBufferPointer(rebasing: buffer[(i * size)..<((i + 1) * size)])
          .initialize(from: image.pixels)
      }
      initialized = images.count * size
    }
  }

  func image(_ index: Int) -> RasterImage {
    let size = width * height * 3
    return RasterImage(
      width: width, height: height, pixels: Array(bytes[index * size..<(index + 1) * size]))
  }

  /// `[indices, 3, height, width]`: each byte replaced by its entry in `table`.
  func planes(_ indices: [Int], _ table: [Float]) -> [Float] {
    let area = width * height
    require(table.count == 256, "planes: expected 256 table entries, found \(table.count)")
    for index in indices {
      require((0..<count).contains(index), "expected an index below \(count), found \(index)")
    }
    return [Float](unsafeUninitializedCapacity: indices.count * 3 * area) { result, initialized in
      bytes.withUnsafeBufferPointer { bytes in
        table.withUnsafeBufferPointer { table in
          for (row, index) in indices.enumerated() {
            let source = index * 3 * area
            for channel in 0..<3 {
              let target = (row * 3 + channel) * area
              for i in 0..<area {
                result[target + i] = table[Int(bytes[source + 3 * i + channel])]
              }
            }
          }
        }
      }
      initialized = indices.count * 3 * area
    }
  }
}
