import Datasets
import Determinism
import Images
import Text

/// MM-IMDB: a film's poster and plot, and any of 23 genres.
///
/// Layout: `mm-imdb/split.json` (train, dev, test → ids), `mm-imdb/dataset/<id>.json` and `<id>.jpeg`. Films with genre
/// News, Reality-TV or Talk-Show are skipped, films of dev and test with a genre that no training film has, and films
/// without a plot. Of several plots the longest is taken, the first of equally long ones.
///
/// The HDF5 form (`multimodal_imdb.hdf5`) holds the same films with posters already scaled down; it is not read.
public struct MMIMDBReader: PublishedReader {
  /// The order of the authors' code.
  public static let labels = [
    "Drama", "Family", "Comedy", "Biography", "Romance", "War", "Thriller", "History", "Crime",
    "Music", "Action",
    "Animation", "Adventure", "Musical", "Horror", "Western", "Documentary", "Sport", "Mystery",
    "Short", "Sci-Fi",
    "Film-Noir", "Fantasy",
  ]
  private static let excluded: Set<String> = ["News", "Reality-TV", "Talk-Show"]

  public init() {}

  public var kind: PublishedKind { .mmIMDB }

  public var requirements: [Requirement] {
    let site = "lisi1.unal.edu.co/mmimdb/mmimdb.tar.gz, mirrored at archive.org/download/mmimdb"
    return [
      Requirement("split", ["mm-imdb/split.json", "mm-imdb/mmimdb/split.json"], from: site),
      Requirement(
        "films", ["mm-imdb/dataset", "mm-imdb/mmimdb/dataset"], folder: true, from: site),
    ]
  }

  public func read(_ dataFolder: String) throws -> PublishedDataset {
    let data = try DataFolder(dataFolder)
    if data.exists("mm-imdb/multimodal_imdb.hdf5"), requirements[0].found(in: data) == nil {
      throw Failure(
        .missingInput,
        "\(data.path("mm-imdb/multimodal_imdb.hdf5")): the HDF5 form is not read; expected the raw form, split.json and "
          + "dataset/: HDF5 has posters scaled down, and of plots the known words as numbers, not the text that BERT reads; "
          + "unpack mmimdb.tar.gz, \(requirements[0].origin)")
    }
    let splitFile = data.path(try resolve("split", in: data))
    let folder = try resolve("films", in: data)
    let lists = try TextLines.json(splitFile)
    var builder = try DatasetBuilder(kind, data)
    var seen: Set<String> = []
    for (name, split) in [("train", Split.train), ("dev", .validation), ("test", .test)] {
      guard let list = try lists.optional(name) else {
        throw SourcePlace(splitFile).bad(
          "expected the split \"\(name)\" with a list of ids, found none")
      }
      for entry in try list.elements() {
        let id = try filmId(entry)
        let film = try TextLines.json(data.path("\(folder)/\(id).json"))
        let genres = try film.required("genres").strings()
        if !Self.excluded.isDisjoint(with: genres) {
          builder.skip(id, of: split, .excludedGenre)
          continue
        }
        if split != .train, !genres.allSatisfy(seen.contains) {
          builder.skip(id, of: split, .unseenGenre)
          continue
        }
        let text = try longestPlot(film)
        if TextLines.trimmed(text).isEmpty {
          builder.skip(id, of: split, .emptyText)
          continue
        }
        let labels = try indices(genres, film)
        if split == .train { seen.formUnion(genres) }
        try builder.add(
          PublishedRecord(
            id: id, texts: [text], image: "\(folder)/\(id).jpeg", label: .labels(labels)),
          to: split, at: SourcePlace(splitFile, entry.path))
      }
    }
    builder.note(
      "Read from the raw form. The HDF5 form (multimodal_imdb.hdf5, metadata.npy) has posters scaled down and no texts but word numbers; it is not read."
    )
    return try builder.finished(
      .multiLabel(labels: Self.labels), splits: [.train, .validation, .test])
  }

  private func filmId(_ entry: JSONEntry) throws -> String {
    let id = try entry.string()
    guard !id.isEmpty, !id.contains("/") else { throw entry.failure("the id of a film") }
    return id
  }

  private func longestPlot(_ film: JSONEntry) throws -> String {
    guard let plots = try film.optional("plot")?.strings() else { return "" }
    var longest = ""
    for plot in plots where plot.unicodeScalars.count > longest.unicodeScalars.count {
      longest = plot
    }
    return longest
  }

  private func indices(_ genres: [String], _ film: JSONEntry) throws -> [Int] {
    guard !genres.isEmpty else { throw film.failure("at least one genre", found: "none") }
    let indices = try genres.map { genre -> Int in
      guard let index = Self.labels.firstIndex(of: genre) else {
        throw film.failure("genres of the 23 labels", found: "the label \"\(genre)\"")
      }
      return index
    }
    return Set(indices).sorted()
  }
}

extension PublishedKind {
  public static let mmIMDB = PublishedKind(
    "mm-imdb", title: "MM-IMDB", reader: MMIMDBReader(),
    sizes: PublishedSize.list("MMBT", (.train, 15_513), (.validation, 2_599), (.test, 7_779)) + [
      PublishedSize(split: nil, count: 25_956, source: "MoPE, before films are skipped")
    ],
    licence: "Posters and plots from IMDb, for research; they belong to their owners.",
    preparation: .mmIMDB, usual: UsualExamples(tokens: 256))
}
