import Determinism

/// What happens to an image between its file and the network: augmentation, resizing, cropping, normalisation.
public struct ImagePreparation: Equatable, Sendable {
  /// How an image is brought to size before it is cropped.
  public enum Resizing: Equatable, Sendable {
    /// Proportions kept.
    case shorterSide(Int)
    /// Proportions not kept.
    case square(Int)
  }

  /// Applied to the image in its own size; nil in evaluation.
  public var augmentation: RandAugment?
  public var resizing: Resizing
  /// Width and height of the centre that is kept.
  public var side: Int
  public var normalisation: Normalisation

  public init(
    augmentation: RandAugment? = nil, resizing: Resizing, side: Int,
    normalisation: Normalisation = .mmbt
  ) {
    self.augmentation = augmentation
    self.resizing = resizing
    self.side = side
    self.normalisation = normalisation
  }

  /// UPMC Food-101: never augmented, shorter side to 256, centre 224 (the authors' loader).
  public static let food101 = ImagePreparation(resizing: .shorterSide(256), side: 224)
  /// MM-IMDB: RandAugment(2, 7) in training, 256 × 256, centre 224 (the authors' loader).
  public static let mmIMDB = ImagePreparation(
    augmentation: RandAugment(magnitude: 7), resizing: .square(256), side: 224)
  /// SNLI-VE: RandAugment(2, 5) in training, 256 × 256, centre 224 (the authors' loader).
  public static let snliVE = ImagePreparation(
    augmentation: RandAugment(magnitude: 5), resizing: .square(256), side: 224)
  /// VQAv2: 224 × 224, nothing cut off (the authors' loader).
  public static let vqa = ImagePreparation(resizing: .square(224), side: 224)

  /// The same without augmentation.
  public var forEvaluation: ImagePreparation {
    var copy = self
    copy.augmentation = nil
    return copy
  }

  /// The image as the network sees it, before normalisation: `side` × `side`.
  public func image(_ image: RasterImage, _ random: inout RandomStream) -> RasterImage {
    let augmented = augmentation?(image, &random) ?? image
    let resized =
      switch resizing {
      case .shorterSide(let length): augmented.resized(shorterSide: length)
      case .square(let length): augmented.resized(width: length, height: length)
      }
    return resized.centreCropped(width: side, height: side)
  }

  /// Planes `[3, side, side]`.
  public func planes(_ image: RasterImage, _ random: inout RandomStream) -> [Float] {
    normalisation.planes(self.image(image, &random))
  }

  /// Planes of one batch. What is drawn for a sample depends on the seed, the epoch and the sample's index, not on
  /// its place in a batch, the batch size or the thread.
  /// - Parameter image: the decoded image of a sample; called once for each index, in order.
  public func batch(
    _ indices: [Int], epoch: Int, seed: UInt64, image: (Int) throws -> RasterImage
  ) throws -> ImageBatch {
    let size = 3 * side * side
    let epochStream = RandomStream(seed: seed).stream("image augmentation").stream(epoch)
    let values = try [Float](unsafeUninitializedCapacity: indices.count * size) { buffer, count in
      for (position, index) in indices.enumerated() {
        var random = epochStream.stream(index)
        let prepared = self.image(try image(index), &random)
        let target = buffer[position * size..<(position + 1) * size]
        normalisation.write(prepared, to: UnsafeMutableBufferPointer(rebasing: target))
      }
      count = indices.count * size
    }
    return ImageBatch(indices: indices, side: side, values: values)
  }
}

/// Prepared images of some samples.
public struct ImageBatch: Equatable, Sendable {
  /// The samples' places in their dataset.
  public let indices: [Int]
  public let side: Int
  /// `[B, 3, side, side]`
  public let values: [Float]

  /// `[B, 3, side, side]`
  public var shape: [Int] { [indices.count, 3, side, side] }
}
