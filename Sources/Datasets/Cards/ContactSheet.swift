import Images

/// A few examples of a dataset to look at: pictures with what is said and what is right.
public struct ContactSheet: Sendable {
  /// One picture of the sheet.
  public struct Entry: Sendable {
    /// The image; with its mask or, for a clip, all frames, side by side.
    public let image: RasterImage
    /// The text.
    public let text: String
    /// Names of the labels that hold; empty for a mask.
    public let answer: String

    /// "text → answer"
    public var caption: String { answer.isEmpty ? text : "\(text) → \(answer)" }
  }

  public let name: String
  public let entries: [Entry]

  /// The first `count` examples of a split.
  /// - Throws: what the dataset throws.
  public init(_ dataset: some Dataset, _ split: Split, count: Int) throws {
    name = dataset.name
    entries = try (0..<min(count, dataset.count(split))).map { index in
      let example = try dataset.example(index, of: split)
      var pictures = [example.image].compactMap { $0 } + (example.frames ?? [])
      if case .mask(let mask) = example.label, let image = example.image {
        pictures.append(
          RasterImage(
            width: image.width, height: image.height,
            pixels: mask.flatMap { [UInt8](repeating: $0 * 255, count: 3) }))
      }
      return Entry(
        image: RasterImage(sideBySide: pictures), text: example.text ?? "",
        answer: example.label.indices.map { dataset.task.labels[$0] }.joined(separator: ", "))
    }
  }
}

extension RasterImage {
  /// Images from left to right with two white columns between them, white where one is lower.
  public init(sideBySide images: [RasterImage]) {
    let gap = 2
    let width = images.reduce(0) { $0 + $1.width } + gap * max(images.count - 1, 0)
    let height = images.map(\.height).max() ?? 0
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    var left = 0
    for image in images {
      for y in 0..<image.height {
        let row = image.pixels[y * image.width * 3..<(y + 1) * image.width * 3]
        let start = (y * width + left) * 3
        pixels.replaceSubrange(start..<start + row.count, with: row)
      }
      left += image.width + gap
    }
    self.init(width: width, height: height, pixels: pixels)
  }
}
