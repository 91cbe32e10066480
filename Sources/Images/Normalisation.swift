import Determinism

/// Means and standard deviations of the three channels that a network was trained with, of values in [0, 1].
public struct Normalisation: Equatable, Sendable {
  /// Red, green, blue.
  public let mean: [Float]
  public let deviation: [Float]

  public init(mean: [Float], deviation: [Float]) {
    require(
      mean.count == 3 && deviation.count == 3 && deviation.allSatisfy { $0 > 0 },
      "Normalisation: expected three means and three positive deviations")
    self.mean = mean
    self.deviation = deviation
  }

  /// MMBT's, which the authors' loader uses for every dataset.
  public static let mmbt = Normalisation(
    mean: [0.467_770_44, 0.445_314_29, 0.406_610_17],
    deviation: [0.122_219_94, 0.121_458_35, 0.143_804_69])
  /// CLIP's.
  public static let clip = Normalisation(
    mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
    deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11])
  /// From -1 to 1; what ViT was trained with.
  public static let half = Normalisation(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])

  /// `(pixel / 255 - mean) / deviation` as planes `[3, height, width]`, equal to torchvision's `ToTensor` and
  /// `Normalize` bit for bit.
  public func planes(_ image: RasterImage) -> [Float] {
    let size = image.width * image.height
    return [Float](unsafeUninitializedCapacity: 3 * size) { buffer, count in
      write(image, to: UnsafeMutableBufferPointer(rebasing: buffer[..<(3 * size)]))
      count = 3 * size
    }
  }

  /// Writes the planes of an image to memory that is not yet initialised.
  func write(_ image: RasterImage, to planes: UnsafeMutableBufferPointer<Float>) {
    let size = image.width * image.height
    require(
      planes.count == 3 * size,
      "Normalisation.write: expected room for \(3 * size), found \(planes.count)")
    for channel in 0..<3 {
      let table = (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
      image.pixels.withUnsafeBufferPointer { pixels in
        table.withUnsafeBufferPointer { table in
          for i in 0..<size {
            planes[channel * size + i] = table[Int(pixels[i * 3 + channel])]
          }
        }
      }
    }
  }
}
