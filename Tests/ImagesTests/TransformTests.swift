import Determinism
import Images
import Testing

@Suite struct TransformTests {
  static let sources = ["tall", "wide"]

  /// Exact with the order of passes that Pillow had when the papers were written. Pillow 13 sometimes goes down
  /// first, and rounding in between moves a value by one.
  @Test(arguments: sources, [("resizing", 0), ("case", 1)])
  func `resizing gives Pillow's bytes`(_ name: String, _ version: (file: String, tolerance: Int))
    throws
  {
    let image = try StoredImages().image("image.\(name)")
    let stored = try StoredImages(version.file)
    let cases = stored.names("resize.\(name)")
    #expect(cases.count == 11)
    for text in cases {
      let size = numbers(text[...])
      let found =
        text.hasPrefix("shorter.")
        ? image.resized(shorterSide: size[0]) : image.resized(width: size[1], height: size[0])
      let expected = try stored.image("resize.\(name).\(text)")
      #expect(found.width == expected.width && found.height == expected.height)
      let difference = try #require(largestDifference(found.pixels, expected.pixels))
      #expect(difference <= version.tolerance, "\(name) \(text)")
    }
  }

  @Test(arguments: sources) func `centre crops are torchvision's, black outside`(_ name: String)
    throws
  {
    let stored = try StoredImages()
    let image = try stored.image("image.\(name)")
    let cases = stored.names("crop.\(name)")
    #expect(cases.count == 5)
    for text in cases {
      let size = numbers(text[...])
      #expect(
        image.centreCropped(width: size[1], height: size[0])
          == (try stored.image("crop.\(name).\(text)")),
        "\(name) \(text)")
    }
  }

  @Test(arguments: sources) func `resized regions and mirrored images are torchvision's`(
    _ name: String
  ) throws {
    let stored = try StoredImages("resizing")
    let image = try StoredImages().image("image.\(name)")
    let cases = stored.names("resized_crop.\(name)")
    #expect(cases.count == 3)
    for text in cases {
      let n = numbers(text[...])
      let region = PixelRegion(left: n[1], top: n[0], width: n[3], height: n[2])
      let found = image.cropped(to: region).resized(width: 10, height: 12)
      #expect(found == (try stored.image("resized_crop.\(name).\(text)")), "\(name) \(text)")
    }
    #expect(image.mirrored() == (try StoredImages().image("mirrored.\(name)")))
    #expect(image.mirrored().mirrored() == image)
  }

  /// Bit for bit: one division and one subtraction in single precision on both sides.
  @Test(arguments: sources) func `normalised planes are torchvision's`(_ name: String) throws {
    let stored = try StoredImages()
    let image = try stored.image("image.\(name)").resized(shorterSide: 18)
    let planes = Normalisation.mmbt.planes(image.centreCropped(width: 16, height: 16))
    #expect(planes == (try stored.file.require("normalised.\(name)").values))
    #expect(Normalisation.mmbt.mean == (try stored.file.require("mean").values))
    #expect(Normalisation.mmbt.deviation == (try stored.file.require("std").values))
  }

  /// From the file to the pixels, at a size where many source pixels make one.
  @Test func `a prepared photo is torchvision's`() throws {
    let stored = try StoredImages("files")
    let image = try RasterImage(contentsOf: DecodingTests.folder + "/photo.jpg")
    var random = RandomStream(seed: 0)
    for (name, resizing) in [
      ("shorter", ImagePreparation.Resizing.shorterSide(64)), ("square", .square(64)),
    ] {
      let preparation = ImagePreparation(resizing: resizing, side: 56)
      #expect(
        preparation.image(image, &random) == (try stored.image("prepared.\(name)")), "\(name)")
    }
  }

  @Test func `the recipes' sizes and constants are those of the authors' loader`() {
    var random = RandomStream(seed: 1)
    for recipe in [ImagePreparation.food101, .mmIMDB, .snliVE, .vqa] {
      #expect(recipe.planes(.missing, &random).count == 3 * 224 * 224)
      #expect(recipe.normalisation == .mmbt && recipe.forEvaluation.augmentation == nil)
    }
    #expect(ImagePreparation.food101.augmentation == nil)
    #expect(ImagePreparation.mmIMDB.augmentation == RandAugment(count: 2, magnitude: 7, bins: 31))
    #expect(ImagePreparation.snliVE.augmentation == RandAugment(count: 2, magnitude: 5, bins: 31))
  }

  @Test func `a region outside the image is black`() {
    let image = RasterImage(width: 3, height: 2, colour: (9, 8, 7))
    let outside = image.cropped(to: PixelRegion(left: 5, top: -4, width: 2, height: 3))
    #expect(outside == RasterImage(width: 2, height: 3, colour: (0, 0, 0)))
  }

  @Test func `random regions lie inside and reach every place`() {
    let image = RasterImage(width: 7, height: 5, colour: (0, 0, 0))
    var places = Set<[Int]>()
    var random = RandomStream(seed: 2).stream("regions")
    for _ in 0..<400 {
      let region = PixelRegion.random(width: 4, height: 3, in: image, &random)
      #expect(region.left >= 0 && region.left <= 3 && region.top >= 0 && region.top <= 2)
      places.insert([region.left, region.top])
    }
    #expect(places.count == 4 * 3)
  }

  /// Rounding moves a side by at most half a pixel; sides are at least 100 · √0.2 · … > 35, hence 3 %.
  @Test func `random parts keep to the areas and proportions asked for`() {
    let image = RasterImage(width: 200, height: 150, colour: (0, 0, 0))
    var random = RandomStream(seed: 3).stream("parts")
    var widths = Set<Int>()
    for _ in 0..<200 {
      let part = PixelRegion.randomPart(of: image, areas: 0.2...0.8, &random)
      let share = Double(part.width * part.height) / 30_000
      let proportion = Double(part.width) / Double(part.height)
      #expect(
        share > 0.2 * 0.97 && share < 0.8 * 1.03 && proportion > 0.75 * 0.97
          && proportion < 4.0 / 3 * 1.03)
      #expect(
        part.left >= 0 && part.top >= 0 && part.left + part.width <= 200
          && part.top + part.height <= 150)
      widths.insert(part.width)
    }
    #expect(widths.count > 40)
  }

  @Test func `an image too long for any draw gives its middle`() {
    let long = RasterImage(width: 400, height: 10, colour: (0, 0, 0))
    var random = RandomStream(seed: 4)
    let part = PixelRegion.randomPart(of: long, areas: 0.9...1, &random)
    #expect(part == PixelRegion(left: 193, top: 0, width: 13, height: 10))
  }
}
