import Determinism
import Images
import Testing

@Suite struct AugmentationTests {
  static let images = ["tall", "wide", "flat"]

  /// Exact for every operation, strength and direction: 3 images × (9 · 12 + 2 · 6 + 3) cases.
  @Test(arguments: AugmentationOperation.allCases)
  func `every operation gives torchvision's bytes`(_ operation: AugmentationOperation) throws {
    let stored = try StoredImages()
    for name in Self.images {
      let image = try stored.image("image.\(name)")
      let cases = stored.names("augment.\(name).\(operation.rawValue)")
      #expect(cases.count == (operation.isSigned ? 12 : cases.count == 1 ? 1 : 6))
      for text in cases {
        let bin = try #require(Int(text.drop { $0 == "+" || $0 == "-" }))
        let strength = operation.magnitude(
          bin: bin, of: 31, width: image.width, height: image.height)
        let found = operation(image, magnitude: text.hasPrefix("-") ? -strength : strength)
        let expected = try stored.image("augment.\(name).\(operation.rawValue).\(text)")
        #expect(
          largestDifference(found.pixels, expected.pixels) == 0, "\(name) \(operation) \(text)")
      }
    }
  }

  /// Exact: translations are cut to whole pixels, so a last digit could move an image.
  @Test(arguments: AugmentationOperation.allCases)
  func `magnitudes are torchvision's`(_ operation: AugmentationOperation) throws {
    let stored = try StoredImages()
    for name in Self.images {
      let image = try stored.image("image.\(name)")
      guard
        let expected = try stored.file.tensor("magnitudes.\(name).\(operation.rawValue)")?.values
      else {
        #expect([.identity, .autoContrast, .equalize].contains(operation))
        continue
      }
      let found = (0..<31).map {
        Float(operation.magnitude(bin: $0, of: 31, width: image.width, height: image.height))
      }
      #expect(found == expected, "\(name)")
    }
  }

  @Test func `there are fourteen operations in torchvision's order`() throws {
    let names = AugmentationOperation.allCases.map(\.rawValue)
    #expect(names.count == 14 && names.first == "Identity" && names.last == "Equalize")
    let stored = try StoredImages()
    let inFixture = Set(stored.names("augment.tall").map { String($0.prefix { $0 != "." }) })
    #expect(inFixture == Set(names))
  }

  @Test func `the same stream augments alike, another one differently`() throws {
    let image = try StoredImages().image("image.tall")
    let augment = RandAugment(magnitude: 9)
    let results = (0..<40).map { i in
      var random = RandomStream(seed: 5).stream(i)
      return augment(image, &random)
    }
    for i in 0..<40 {
      var random = RandomStream(seed: 5).stream(i)
      #expect(augment(image, &random) == results[i])
    }
    #expect(results.allSatisfy { $0.width == 23 && $0.height == 31 })
    #expect((1..<40).filter { results[$0] != results[0] }.count > 30)
  }

  /// Two operations of one magnitude: what comes out is one of the 23 · 23 results of doing so by hand.
  @Test func `two operations of the given strength are applied, with either sign`() throws {
    let image = try StoredImages().image("image.wide")
    let augment = RandAugment(count: 1, magnitude: 7)
    let possible = AugmentationOperation.allCases.flatMap { operation -> [RasterImage] in
      let strength = operation.magnitude(bin: 7, of: 31, width: image.width, height: image.height)
      return [strength, operation.isSigned ? -strength : strength].map {
        operation(image, magnitude: $0)
      }
    }
    var seen = Set<Int>()
    for i in 0..<600 {
      var random = RandomStream(seed: 6).stream(i)
      let result = augment(image, &random)
      let place = possible.firstIndex(of: result)
      #expect(place != nil)
      if let place { seen.insert(place) }
    }
    // 23 possible results (9 signed, 5 others); every distinct one turns up in 600 draws of at least 1/28 each.
    let distinct = Set(possible.indices.compactMap { possible.firstIndex(of: possible[$0]) })
    #expect(seen == distinct)
    var (once, twice) = (RandomStream(seed: 7), RandomStream(seed: 7))
    let first = augment(image, &once)
    #expect(RandAugment(count: 2, magnitude: 7)(image, &twice) == augment(first, &once))
  }

  @Test func `images of one pixel survive every operation`() {
    let pixel = RasterImage(width: 1, height: 1, colour: (10, 200, 30))
    for operation in AugmentationOperation.allCases {
      for bin in [0, 15, 30] {
        let strength = operation.magnitude(bin: bin, of: 31, width: 1, height: 1)
        #expect(operation(pixel, magnitude: strength).pixels.count == 3)
      }
    }
  }
}
