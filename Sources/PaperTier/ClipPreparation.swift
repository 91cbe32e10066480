import Determinism
import Images
import Published

/// Frames of a clip: faces, of which all-black ones are dropped (MoPE, arXiv 2403.10568v1: MUStARD).
// Differs: the authors encode every frame, hundreds of a long clip. These are eight, spread evenly; eight is also the least
// that they fill short clips up to.
struct FramePreparation: Sendable {
  /// Frames of every clip.
  static let count = MUStARDReader.leastFrames
  /// Resized without a crop.
  let images: ImagePreparation

  init(side: Int) { images = ImagePreparation(resizing: .square(side), side: side) }

  /// `[count, 3, side, side]`; the last frame is repeated where there are too few, black ones stand in for none.
  func planes(_ files: [String]) throws -> [Float] {
    let seen = try files.map { try RasterImage(contentsOf: $0) }
      .filter { $0.pixels.contains { $0 > 0 } }
    let black = RasterImage(width: images.side, height: images.side, colour: (0, 0, 0))
    let batch = try images.batch(Array(0..<Self.count), epoch: 0, seed: 0) { place in
      guard let last = seen.last else { return black }
      return seen.count > Self.count
        ? seen[(2 * place + 1) * seen.count / (2 * Self.count)]
        : place < seen.count ? seen[place] : last
    }
    return batch.values
  }
}

/// Sounds at the rate that wav2vec 2.0 reads.
struct SoundPreparation: Sendable {
  /// Samples of the shortest sound that the encoder gives a state for.
  let least: Int

  /// Mono, −1 to 1.
  /// - Throws: `Failure(.badInput)` for a sound that is too short; what reading the file throws.
  func samples(_ file: String) throws -> [Float] {
    let samples = try WaveFile(path: file).resampled()
    guard samples.count >= least else {
      throw Failure(
        .badInput,
        "\(file): expected at least \(least) samples at \(WaveFile.speechRate) Hz, found \(samples.count); "
          + "take the sound from the clip again")
    }
    return samples
  }
}
