import Determinism
import ImageFiles
import Images
import Published

/// Frames of a clip: faces, of which all-black ones are dropped (METHOD.md §13.4).
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
    try planes(try files.map { try RasterImage(contentsOf: $0) })
  }

  /// The same of decoded frames.
  func planes(_ frames: [RasterImage]) throws -> [Float] {
    let seen = frames.filter { $0.pixels.contains { $0 > 0 } }
    let places = Self.places(among: seen.count)
    let black = RasterImage(width: images.side, height: images.side, colour: (0, 0, 0))
    let batch = try images.batch(Array(0..<Self.count), epoch: 0, seed: 0) { place in
      seen.isEmpty ? black : seen[places[place]]
    }
    return batch.values
  }

  /// Which of so many frames are shown; the last again where there are too few.
  static func places(among frames: Int) -> [Int] {
    (0..<count).map { place in
      frames > count ? (2 * place + 1) * frames / (2 * count) : min(place, frames - 1)
    }
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
