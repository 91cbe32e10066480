import Determinism
import Images
import Published
import Training

/// What the preparation of inputs makes of a small fixed example. It belongs to the keys of runs, so that a change of what
/// networks are shown makes runs stale.
enum PipelineProbe {
  private static let side = 48

  static func digest(_ kind: PublishedKind) throws -> String {
    var hash = ContentHash()
    if let full = kind.preparation {
      let small = full.scaled(to: side)
      hash.update(sizes(full))
      let evaluated = try small.forEvaluation.batch([0], epoch: 0, seed: 0) { _ in picture }
      let trained = try small.batch([0, 1, 2, 3], epoch: 1, seed: 7) { _ in picture }
      hash.update(rounded(evaluated.values + trained.values))
    } else if kind.dataset.descriptor.makesMasks {
      let referring = ReferringPreparation(side: side)
      let logits = (0..<side * side).map { Float($0 % side < side / 2 ? -2 : 2) }
      let judged = referring.judged(logits, mask)
      hash.update(rounded(referring.planes(picture) + referring.target(mask)))
      hash.update(rounded(judged.predicted.map { $0 ? 1 : 0 }))
    } else {
      let black = RasterImage(width: 8, height: 8, colour: (0, 0, 0))
      let frames = FramePreparation(side: side)
      hash.update(rounded(try frames.planes([black, picture])))
      hash.update(FramePreparation.places(among: 21).map(String.init).joined(separator: " "))
    }
    hash.update(PublishedData.lowShotPlaces(5, of: 1000).map(String.init).joined(separator: " "))
    hash.update("\(PublishedKind.vqaV2.testStandsFor?.records ?? 0) questions, \(DataChoice.judgedTrainingMasks) masks")
    return hash.finish()
  }

  /// What the small picture may not show of the preparation in full size.
  private static func sizes(_ full: ImagePreparation) -> String {
    let resizing =
      switch full.resizing {
      case .shorterSide(let length): "shorter side \(length)"
      case .square(let length): "square \(length)"
      }
    let augmentation = full.augmentation.map { "\($0.count) of magnitude \($0.magnitude)/\($0.bins)" }
    return "\(full.side), \(resizing), \(augmentation ?? "not augmented")"
  }

  /// To a hundredth: last places may differ between machines.
  private static func rounded(_ values: [Float]) -> String {
    values.map { String(Int(($0 * 100).rounded())) }.joined(separator: " ")
  }

  /// 90 × 61, smooth and without symmetry.
  private static let picture: RasterImage = {
    var pixels: [UInt8] = []
    for y in 0..<61 {
      for x in 0..<90 { pixels += [UInt8(2 * x), UInt8(4 * y), UInt8((x * y) % 251)] }
    }
    return RasterImage(width: 90, height: 61, pixels: pixels)
  }()

  private static let mask: MaskRuns = {
    let inside = (0..<61 * 90).map { (place: Int) -> UInt8 in
      place % 90 > 30 && place / 90 > 20 ? 1 : 0
    }
    return MaskRuns(mask: inside, height: 61, width: 90)
  }()
}
