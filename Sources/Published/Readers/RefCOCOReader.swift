import Datasets
import Determinism
import Pickle
import Text

/// RefCOCO and RefCOCO+: an expression in a photo of COCO, and the mask of the object that it refers to.
///
/// Layout: `refcoco/refs(unc).p` and `refcoco/instances.json`, with COCO's `train2014` images. A record is one referred
/// object with all of its expressions; its mask has the size of the image as stored. Test A refers to people, test B to
/// other objects.
public struct RefCOCOReader: PublishedReader {
  /// Whether it is RefCOCO+, whose expressions never say where the object is.
  public let plus: Bool

  public init(plus: Bool) { self.plus = plus }

  public var kind: PublishedKind { plus ? .refCOCOPlus : .refCOCO }

  public var requirements: [Requirement] {
    let site =
      "github.com/lichengunc/refer (bvisionweb1.cs.unc.edu/licheng/referit/data/\(kind.rawValue).zip)"
    return [
      Requirement("expressions", ["\(kind.folder)/refs(unc).p"], from: site),
      Requirement("instances", ["\(kind.folder)/instances.json"], from: site),
      .cocoImages("train2014"),
    ]
  }

  private struct Reference {
    let id: Int
    let annotation: Int
    let image: Int
    let split: Split
    let expressions: [String]
    let place: SourcePlace
  }

  private struct Image {
    let file: String
    let width: Int
    let height: Int
  }

  public func read(_ dataFolder: String) throws -> PublishedDataset {
    let data = try DataFolder(dataFolder)
    let references = try references(data.path(try resolve("expressions", in: data)))
    let instances = try JSONArrayFile(data.path(try resolve("instances", in: data)))
    let folder = try resolve("train2014 images", in: data)
    let images = try images(instances)
    let categories = try categories(instances)
    let objects = try objects(
      instances, wanted: Set(references.map(\.annotation)), images: images, categories: categories)
    var builder = try DatasetBuilder(kind, data)
    var empty = 0
    for reference in references {
      guard let object = objects[reference.annotation] else {
        throw reference.place.bad(
          "expected the annotation \(reference.annotation) in \(instances.path), found none; do the two files belong "
            + "together?")
      }
      guard object.image == reference.image, let image = images[object.image] else {
        throw reference.place.bad(
          "expected image \(reference.image), its annotation is of image \(object.image)")
      }
      if object.mask.area == 0 { empty += 1 }
      try builder.add(
        PublishedRecord(
          id: "\(reference.id)", texts: reference.expressions, image: "\(folder)/\(image.file)",
          label: .mask(object.mask), box: object.box,
          attributes: [Attribute("category", object.category)]),
        to: reference.split, at: reference.place)
    }
    if empty > 0 { builder.note("\(empty) masks have no pixel.") }
    return try builder.finished(.segmentation, splits: [.train, .validation, .testA, .testB])
  }

  private func references(_ path: String) throws -> [Reference] {
    let splits: [String: Split] = [
      "train": .train, "val": .validation, "testA": .testA, "testB": .testB,
    ]
    let top = PickleEntry(place: SourcePlace(path), value: try PickleReader.read(path))
    return try top.elements().map { entry in
      let name = try entry.required("split").text()
      guard let split = splits[name] else {
        throw entry.place.bad(
          "split: expected train, val, testA or testB, found \"\(name)\"; is this refs(unc).p?")
      }
      let expressions = try entry.required("sentences").elements().map {
        try $0.required("sent").text()
      }
      guard !expressions.isEmpty else {
        throw entry.place.bad("expected at least one sentence, found none")
      }
      return Reference(
        id: try entry.required("ref_id").integer(),
        annotation: try entry.required("ann_id").integer(),
        image: try entry.required("image_id").integer(), split: split, expressions: expressions,
        place: entry.place)
    }
  }

  private func images(_ instances: JSONArrayFile) throws -> [Int: Image] {
    var images: [Int: Image] = [:]
    try instances.forEach(in: "images") { entry, place in
      let image = Image(
        file: try entry.required("file_name").string(),
        width: try entry.required("width").integer(),
        height: try entry.required("height").integer())
      guard !image.file.contains("/"), MaskRuns.isSize(height: image.height, width: image.width) else {
        throw place.bad(
          "expected a file name and a size of 1 to \(MaskRuns.mostPixels) pixels, found \(image.file) of "
            + "\(image.width)×\(image.height)")
      }
      let id = try entry.required("id").integer()
      guard images.updateValue(image, forKey: id) == nil else {
        throw place.bad("the image id \(id) is already used")
      }
    }
    return images
  }

  private func categories(_ instances: JSONArrayFile) throws -> [Int: String] {
    var categories: [Int: String] = [:]
    try instances.forEach(in: "categories") { entry, _ in
      categories[try entry.required("id").integer()] = try entry.required("name").string()
    }
    return categories
  }

  private struct ReferredObject {
    let image: Int
    let category: String
    let box: PixelBox
    let mask: MaskRuns
  }

  /// The annotations that are referred to. The others, nine of ten, are passed over.
  private func objects(
    _ instances: JSONArrayFile, wanted: Set<Int>, images: [Int: Image], categories: [Int: String]
  ) throws -> [Int: ReferredObject] {
    var objects: [Int: ReferredObject] = [:]
    try instances.forEach(in: "annotations") { entry, place in
      let id = try entry.required("id").integer()
      guard wanted.contains(id) else { return }
      let imageId = try entry.required("image_id").integer()
      guard let image = images[imageId] else {
        throw place.bad("image_id: \(imageId) is not among the images")
      }
      let categoryId = try entry.required("category_id").integer()
      guard let category = categories[categoryId] else {
        throw place.bad("category_id: the label \(categoryId) is not among the categories")
      }
      let box = try entry.required("bbox").elements().map { try $0.number() }
      guard box.count == 4 else {
        throw place.bad("bbox: expected four numbers, found \(box.count)")
      }
      let object = ReferredObject(
        image: imageId, category: category,
        box: PixelBox(x: box[0], y: box[1], width: box[2], height: box[3]),
        mask: try mask(try entry.required("segmentation"), image, place))
      guard objects.updateValue(object, forKey: id) == nil else {
        throw place.bad("the annotation id \(id) is already used")
      }
    }
    return objects
  }

  /// Polygons, or COCO's runs as numbers or text.
  private func mask(_ segmentation: JSONEntry, _ image: Image, _ place: SourcePlace) throws
    -> MaskRuns
  {
    let source = "\(place): segmentation"
    if case .array = segmentation.value {
      let polygons = try segmentation.elements().map { try $0.elements().map { try $0.number() } }
      return try PolygonMask.runs(
        polygons, height: image.height, width: image.width,
        at: SourcePlace(place.file, "\(place.entry).segmentation"))
    }
    let size = try segmentation.required("size").elements().map { try $0.integer() }
    guard size == [image.height, image.width] else {
      throw Failure(
        .badInput,
        "\(source): a mask of the wrong size: expected [\(image.height), \(image.width)], the size of \(image.file), found "
          + "\(size); do the annotations belong to these images?")
    }
    let counts = try segmentation.required("counts")
    if case .string(let text) = counts.value {
      return try MaskRuns(height: image.height, width: image.width, text: text, source: source)
    }
    return try MaskRuns(
      height: image.height, width: image.width,
      counts: try counts.elements().map { try $0.integer() }, source: source)
  }
}

extension Requirement {
  /// A folder of COCO images, which several datasets share.
  static func cocoImages(_ name: String, optional: Bool = false) -> Requirement {
    Requirement(
      "\(name) images",
      ["coco/\(name)", "coco/images/\(name)", "images/mscoco/images/\(name)", name], folder: true,
      media: true, optional: optional, from: "images.cocodataset.org/zips/\(name).zip")
  }
}

extension PublishedKind {
  public static let refCOCO = refCOCO(
    "refcoco", title: "RefCOCO", plus: false,
    sizes: [(.train, 42_404), (.validation, 3_811), (.testA, 1_975), (.testB, 1_810)])
  public static let refCOCOPlus = refCOCO(
    "refcoco+", title: "RefCOCO+", plus: true,
    sizes: [(.train, 42_278), (.validation, 3_805), (.testA, 1_975), (.testB, 1_798)])

  private static func refCOCO(
    _ name: String, title: String, plus: Bool, sizes: [(Split, Int)]
  ) -> PublishedKind {
    PublishedKind(
      name, title: title, reader: RefCOCOReader(plus: plus),
      sizes: sizes.map { PublishedSize(split: $0.0, count: $0.1, source: title) }, licence: cocoLicence,
      // RefCOCO has 142 209 expressions of 50 000 objects.
      usual: UsualExamples(tokens: 16, textsPerObject: 142_209.0 / 50_000))
  }

  static let cocoLicence = "COCO annotations: CC BY 4.0. COCO images: under the Flickr terms of their owners."
}
