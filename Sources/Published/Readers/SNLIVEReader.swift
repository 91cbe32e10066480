import Datasets
import Determinism
import Images
import Text

/// SNLI-VE: a photo of Flickr30k as premise, a sentence as hypothesis; contradiction, entailment or neutral.
///
/// Layout: `snli-ve/snli_ve_{train,dev,test}.jsonl` (also without `snli_ve_`, and `val` for `dev`) with
/// `snli-ve/Flickr30K/flickr30k_images/<id>.jpg`. The premise's caption is not used. A `labels.txt` decides the order of
/// the labels; without one it is alphabetical.
public struct SNLIVEReader: PublishedReader {
  public static let labels = ["contradiction", "entailment", "neutral"]

  public init() {}

  public var kind: PublishedKind { .snliVE }

  public var requirements: [Requirement] {
    let site = "github.com/necla-ml/SNLI-VE"
    func lines(_ names: String...) -> [String] {
      names.flatMap { ["snli-ve/snli_ve_\($0).jsonl", "snli-ve/\($0).jsonl"] }
    }
    return [
      Requirement("training pairs", lines("train"), from: site),
      Requirement("validation pairs", lines("dev", "val"), from: site),
      Requirement("test pairs", lines("test"), from: site),
      Requirement(
        "images", Self.imageFolders, folder: true, media: true,
        from: "shannon.cs.illinois.edu/DenotationGraph (Flickr30k, request form)"),
      Requirement(
        "label list", ["snli-ve/labels.txt"], optional: true,
        origin: "one label per line, where another order than the alphabet's is wanted"),
    ]
  }

  private static let imageFolders = [
    "snli-ve/Flickr30K/flickr30k_images", "snli-ve/flickr30k_images", "snli-ve/flickr30k-images",
    "flickr30k/flickr30k_images", "flickr30k/flickr30k-images", "flickr30k_images",
  ]

  public func read(_ dataFolder: String) throws -> PublishedDataset {
    let data = try DataFolder(dataFolder)
    let labels = try self.labels(data)
    let images = try resolve("images", in: data)
    var builder = try DatasetBuilder(kind, data)
    for (role, split) in [("training", Split.train), ("validation", .validation), ("test", .test)] {
      let file = JSONLinesFile(data.path(try resolve("\(role) pairs", in: data)))
      try file.forEach { entry, place in
        let id = try entry.required("pairID").string()
        let gold = try entry.required("gold_label").string()
        if gold == "-" { return builder.skip(id, of: split, .noGoldLabel) }
        if try entry.optional("captionID")?.string().hasPrefix("vg_") == true {
          return builder.skip(id, of: split, .visualGenome)
        }
        guard let label = labels.firstIndex(of: gold) else {
          throw place.bad(
            "gold_label: the label \"\(gold)\" is not one of \(labels.joined(separator: ", ")); correct or remove the line"
          )
        }
        try builder.add(
          PublishedRecord(
            id: id, texts: [try entry.required("sentence2").string()],
            image: "\(images)/\(try Self.imageFile(entry))", label: .class(label)),
          to: split, at: place)
      }
    }
    return try builder.finished(
      .classification(labels: labels), splits: [.train, .validation, .test])
  }

  /// The image is named without an extension in the distributed files, with one in the script's own output.
  private static func imageFile(_ entry: JSONEntry) throws -> String {
    let found = try ["Flickr30K_ID", "Flickr30kID", "Flikr30kID"].compactMap {
      try entry.optional($0)
    }.first
    guard let found else {
      throw entry.failure("the image's id in \"Flickr30K_ID\" or \"Flikr30kID\"", found: "neither")
    }
    let id: String
    if case .number = found.value { id = "\(try found.integer())" } else { id = try found.string() }
    guard !id.isEmpty, !id.contains("/") else { throw found.failure("the name of an image") }
    return id.hasSuffix(".jpg") ? id : id + ".jpg"
  }

  private func labels(_ data: DataFolder) throws -> [String] {
    guard let path = requirements.first(where: { $0.role == "label list" })?.found(in: data) else {
      return Self.labels
    }
    let labels = try TextLines.labels(data.path(path))
    guard labels.sorted() == Self.labels else {
      throw SourcePlace(data.path(path)).bad(
        "expected \(Self.labels.joined(separator: ", ")) in any order, found \(labels.joined(separator: ", "))"
      )
    }
    return labels
  }
}

extension PublishedKind {
  public static let snliVE = PublishedKind(
    "snli-ve", title: "SNLI-VE", reader: SNLIVEReader(),
    sizes: PublishedSize.list("SNLI-VE", (.train, 529_527), (.validation, 17_858), (.test, 17_901)),
    licence:
      "SNLI-VE: BSD 3-Clause, on SNLI (CC BY-SA 4.0). Flickr30k images: for research and education, on request.",
    preparation: .snliVE, usual: UsualExamples(tokens: 24, trainImages: 29_783, judgedImages: 1000))
}
