import Determinism
import Images

/// A generated stand-in for MM-IMDB: which of 23 genres, from a poster and a plot?
///
/// Genres are long-tailed and independent. The plot says a word for most of them, the poster shows an
/// icon for many. The setting, always said in the plot, decides how an icon reads: genre g is
/// icon g in the city and icon g + 12 (of 24) in the village, so an icon stands for a frequent
/// genre in one setting and for a rare one in the other.
public struct IMDBStandIn: Dataset {
  public let name = "MM-IMDB (stand-in)"
  public let task = DatasetTask.multiLabel(labels: Film.genres.map(\.name))
  public let sizes: SplitSizes
  /// The probability that an item's setting is drawn at all; other items are set in the city. At 1
  /// the two settings are equally frequent and the setting changes how icons read. At 0 an icon
  /// always reads the same and the evidence of the two modalities adds up.
  public let interaction: Double
  private let stream: RandomStream

  /// - Parameter dataSeed: another seed draws another dataset of the same kind.
  public init(
    dataSeed: UInt64 = 1, sizes: SplitSizes = SplitSizes(train: 12_000), interaction: Double = 1
  ) {
    require(
      (0...1).contains(interaction), "interaction: expected 0 to 1, found \(interaction)")
    self.sizes = sizes
    self.interaction = interaction
    stream = RandomStream(seed: dataSeed).stream("mm-imdb")
  }

  public func count(_ split: Split) -> Int { sizes.count(split) }

  public func example(_ index: Int, of split: Split) -> Example {
    let item = stream.stream(split.rawValue).stream(index)
    var random = item.stream("film")
    let drawnSetting = random.integer(below: 2)
    let setting = random.chance(interaction) ? drawnSetting : 0
    let labels = Self.genres(&random)

    var poster = item.stream("poster")
    let icons = Self.icons(labels, setting, &poster)
    let image = Self.poster(icons, setting, &poster)
    var words = item.stream("plot")
    return Example(
      image: image, text: Self.plot(labels, setting, &words), label: .labels(labels),
      attributes: [
        Attribute("setting", Film.settings[setting].name),
        Attribute("genres", labels.map { Film.genres[$0].name }.joined(separator: ", ")),
        Attribute(
          "icons",
          icons.map { "\(Film.icon($0).colour.name) \(Film.icon($0).shape.name)" }
            .joined(separator: ", ")),
      ])
  }

  /// One to four genres, ascending.
  private static func genres(_ random: inout RandomStream) -> [Int] {
    var labels = Film.genres.indices.filter { random.chance(Film.genres[$0].probability) }
    if labels.isEmpty {
      let total = Film.genres.reduce(0) { $0 + $1.probability }
      var rest = random.uniform() * total
      let drawn = Film.genres.indices.first { index in
        rest -= Film.genres[index].probability
        return rest < 0
      }
      labels = [drawn ?? Film.genres.count - 1]  // the sum may round up
    }
    if labels.count > 4 {
      labels = random.permutation(labels.count).prefix(4).map { labels[$0] }.sorted()
    }
    return labels
  }

  /// Up to three icons of the genres, and sometimes (always if there is none) a stray one.
  private static func icons(
    _ labels: [Int], _ setting: Int, _ random: inout RandomStream
  ) -> [Int] {
    var icons: [Int] = []
    for position in random.permutation(labels.count) where random.chance(0.7) {
      if icons.count < 3 { icons.append((labels[position] + 12 * setting) % Film.icons) }
    }
    if random.chance(0.3) || icons.isEmpty { icons.append(random.integer(below: Film.icons)) }
    return icons
  }

  private static func poster(
    _ icons: [Int], _ setting: Int, _ random: inout RandomStream
  ) -> RasterImage {
    let tint = Film.settings[setting].tint
    let grey = 0.8 * -0.5
    var painter = Painter(
      tint: random.chance(0.35)
        ? RGB(0.8 * tint.red + grey, 0.8 * tint.green + grey, 0.8 * tint.blue + grey)
        : RGB(0, 0, 0), &random)
    for (icon, cell) in zip(icons, Grid.cells(jitter: 1, &random)) {
      let (shape, colour) = Film.icon(icon)
      let outline = shape.outline(x: cell.x, y: cell.y, radius: random.uniform(4.5, 7))
      painter.fill(outline, colour.varied(&random))
    }
    return painter.image(noise: 0.05, &random)
  }

  private static func plot(
    _ labels: [Int], _ setting: Int, _ random: inout RandomStream
  ) -> String {
    var words = (0..<6 + random.integer(below: 6)).map { _ in random.pick(Film.filler) }
    for label in labels where random.chance(0.75) {
      words.append(random.pick(Film.words(of: label)))
    }
    if random.chance(0.35) {
      words.append(random.pick(Film.words(of: random.integer(below: Film.genres.count))))
    }
    words.append(Film.settings[setting].name)
    return random.permutation(words.count).map { words[$0] }.joined(separator: " ")
  }
}

/// The world of the MM-IMDB stand-in.
enum Film {
  static let genres: [(name: String, probability: Double)] = [
    ("drama", 0.42), ("comedy", 0.30), ("romance", 0.22), ("thriller", 0.20), ("crime", 0.16),
    ("action", 0.14), ("adventure", 0.11), ("horror", 0.10), ("documentary", 0.09),
    ("mystery", 0.085), ("scifi", 0.08), ("fantasy", 0.075), ("family", 0.07),
    ("biography", 0.06), ("war", 0.055), ("history", 0.05), ("music", 0.045),
    ("animation", 0.04), ("musical", 0.035), ("western", 0.035), ("sport", 0.03),
    ("short", 0.025), ("noir", 0.025),
  ]

  static let settings: [(name: String, tint: RGB)] = [
    ("city", RGB(0.35, 0.40, 0.55)), ("village", RGB(0.45, 0.55, 0.35)),
  ]

  static let filler = [
    "a", "man", "woman", "story", "about", "who", "must", "find", "his", "her", "life", "after",
    "they", "meet", "in", "the", "when", "years", "later", "young", "old", "friend", "with", "and",
    "from", "secret", "world", "one", "day",
  ]

  /// Number of icons.
  static let icons = 24

  static func icon(_ index: Int) -> (shape: Shape, colour: Colour) {
    (Shape.allCases[index % 6], Colour.allCases[(index + index / 6) % 6])
  }

  /// Three pseudo-words of a genre. Music and musical share theirs; only the icon tells them apart.
  static func words(of genre: Int) -> [String] {
    let stem = genres[genre].name.prefix(4)
    return ["ia", "or", "ek"].map { stem + $0 }
  }

  /// All words, in a fixed order.
  static let words: [String] =
    settings.map(\.name) + genres.indices.flatMap { words(of: $0) } + filler
}

extension DatasetID {
  public static let mmIMDB = DatasetID(rawValue: "mm-imdb")
}

extension DatasetDescriptor {
  static let mmIMDB = DatasetDescriptor(
    .mmIMDB, title: "MM-IMDB", paperName: "MM-IMDB", goal: .labels, metrics: [.f1Macro, .f1Micro],
    training: CompactTraining(epochs: 4, milestones: [2, 3]),
    standIn: StandInSource(sizes: SplitSizes(train: 12_000)) { seed, sizes, interaction in
      IMDBStandIn(dataSeed: seed, sizes: sizes, interaction: interaction)
    })
}
