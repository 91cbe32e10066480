import Cost
import Determinism
import Foundation
import ImageFiles
import Images
import PaperTier
import Reporting
import Training

/// Images per second of the input pipeline on one core, beside what a training step needs.
struct PipelineTiming: Encodable {
  /// What was decoded.
  let source: String
  /// With the largest augmentation of the papers' recipes: RandAugment(2, 7), 256 × 256, centre 224.
  let imagesPerSecond: Double
  /// Images with masks at 384 pixels, as RefCOCO's; frames at 224, as MUStARD's.
  let referringPerSecond: Double
  let framesPerSecond: Double
  /// Of the full-size training step in the same process.
  let neededPerSecond: Double

  /// - Parameters:
  ///   - folder: of images; nil draws some.
  ///   - steps: the timings of full-size networks, of which the training step counts.
  /// - Throws: `Failure(.missingInput)` if there is no image, and what decoding throws.
  init(_ folder: String?, steps: [FullSizeTiming]) throws {
    let files: [String]
    if let folder {
      files = try Self.files(in: folder)
      source = "\(files.count) images of \(folder)"
    } else {
      files = try Self.drawn(8)
      source = "drawn PNGs of 500×375"
    }
    defer {
      if folder == nil { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    }
    imagesPerSecond = try ImageFiles.imagesPerSecond(of: files, preparation: .mmIMDB).imagesPerSecond
    referringPerSecond = try InputRates.referring(files)
    framesPerSecond = try InputRates.frames(files)
    neededPerSecond =
      steps.filter(\.isTrainingStep).map(\.samplesPerSecond).max() ?? .nan
  }

  var text: String {
    let factor = imagesPerSecond / neededPerSecond
    return
      "input pipeline, one core, \(source): \(fixed(imagesPerSecond, 0)) images/s decoded, augmented and normalised; a training step "
      + "needs \(fixed(neededPerSecond, 2)): \(fixed(factor, 0)) times enough"
      + (factor < 1 ? ", TOO SLOW" : "")
      + "; with masks at 384 pixels \(fixed(referringPerSecond, 0)) images/s, clips \(fixed(framesPerSecond, 0)) frames/s"
  }

  private static func files(in folder: String) throws -> [String] {
    let names = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String]) ?? []
    let images = names.filter { name in
      ["jpg", "jpeg", "png"].contains((name as NSString).pathExtension.lowercased())
    }
    guard !images.isEmpty else {
      throw Failure(.missingInput, "--images \(folder): expected JPEG or PNG images, found none")
    }
    return images.sorted().prefix(256).map { "\(folder)/\($0)" }
  }

  /// Smooth noise, which compresses about as badly as a photograph.
  private static func drawn(_ count: Int) throws -> [String] {
    let (width, height) = (500, 375)
    return try (0..<count).map { index in
      var random = RandomStream(seed: 0).stream("picture").stream(index)
      var level = 128.0
      let bytes = (0..<width * height * 3).map { _ -> UInt8 in
        level = min(255, max(0, level + random.uniform(-8, 8)))
        return UInt8(level)
      }
      var canvas = Canvas(width: width, height: height)
      canvas.image(
        RasterImage(width: width, height: height, pixels: bytes),
        in: Rectangle(0, 0, Double(width), Double(height)))
      let path = "\(NSTemporaryDirectory())mope-bench-\(getpid())-\(index).png"
      try canvas.png(scale: 1).withUnsafeBytes { try AtomicFile.write($0, to: path) }
      return path
    }
  }
}
