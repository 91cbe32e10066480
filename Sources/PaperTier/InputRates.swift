import Determinism
import ImageFiles
import Images
import Published

/// How fast one core prepares inputs that are more than an image for classification.
public enum InputRates {
  /// Images of RefCOCO with their masks, warped to 384 pixels, each second.
  public static func referring(_ files: [String]) throws -> Double {
    let preparation = ReferringPreparation(side: 384)
    return try rate(files) { file in
      let image = try RasterImage(contentsOf: file)
      let inside = (0..<image.width * image.height).map { UInt8($0 % image.width < 99 ? 1 : 0) }
      let mask = MaskRuns(mask: inside, height: image.height, width: image.width)
      return preparation.planes(image).count + preparation.target(mask).count
    }
  }

  /// Frames of clips, resized to 224 pixels, each second. A clip is decoded whole: eight of its frames are kept.
  public static func frames(_ files: [String]) throws -> Double {
    let preparation = FramePreparation(side: 224)
    let clip = (0..<24).map { files[$0 % files.count] }
    return try Double(clip.count) * rate([""]) { _ in try preparation.planes(clip).count }
  }

  /// Calls each second, over two of them.
  private static func rate(_ files: [String], _ prepare: (String) throws -> Int) throws -> Double {
    let start = ContinuousClock.now
    var (calls, sink) = (0, 0)
    var seconds = 0.0
    while seconds < 2 {
      sink &+= try prepare(files[calls % files.count])
      calls += 1
      seconds = start.duration(to: .now) / .seconds(1)
    }
    require(sink != 0, "InputRates: nothing was prepared")
    return Double(calls) / seconds
  }
}
