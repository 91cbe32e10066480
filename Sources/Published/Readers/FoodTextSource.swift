import Datasets
import Determinism

/// Where the texts of UPMC Food-101 come from.
protocol FoodTextSource {
  /// Names that `text` may look for, listed once per dish.
  func names(_ label: String) -> Set<String>
  /// The raw text of an image; nil if there is none.
  func text(_ label: String, _ number: String, _ image: String, _ names: Set<String>) throws
    -> String?
  /// The ids of texts that speak of an image that is not there.
  func withoutImage(_ data: DataFolder, _ images: String) -> [String]
}

/// One file per image.
struct PageTexts: FoodTextSource {
  let data: DataFolder
  let folder: String

  func names(_ label: String) -> Set<String> { Set(data.names(in: "\(folder)/\(label)")) }

  func text(_ label: String, _ number: String, _ image: String, _ names: Set<String>) throws
    -> String?
  {
    let name = "\(label)_\(number).txt"
    guard names.contains(name) else { return nil }
    return String(
      decoding: try InputFile.read(data.path("\(folder)/\(label)/\(name)")), as: UTF8.self)
  }

  /// There are texts for images that are in neither folder; they are not used.
  func withoutImage(_ data: DataFolder, _ images: String) -> [String] { [] }
}

/// A table of image, title and label, without a header.
struct TitleTable: FoodTextSource {
  private struct Row {
    let image: String
    let label: String
    let title: String
    let place: SourcePlace
  }

  private let rows: [Row]
  private let titles: [Verbatim: (title: String, label: String)]

  /// The first field is the image, the last the label; a title may hold commas.
  init(_ path: String) throws {
    var rows: [Row] = []
    var titles: [Verbatim: (title: String, label: String)] = [:]
    for (index, line) in try TextLines.lines(path).enumerated() where !line.isEmpty {
      let place = SourcePlace(path, "line \(index + 1)")
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count >= 3, let first = fields.first, let last = fields.last else {
        throw place.bad("expected image, title and label, found \(fields.count) fields")
      }
      let label = TextLines.trimmed(String(last))
      guard Food101Reader.labels.contains(label) else {
        throw place.bad("the label \"\(label)\" is not one of the 101 dishes")
      }
      let row = Row(
        image: String(first), label: label,
        title: fields.dropFirst().dropLast().joined(separator: ","), place: place)
      guard titles.updateValue((row.title, label), forKey: Verbatim(row.image)) == nil else {
        throw place.bad(
          "the image \(row.image) has a title on an earlier line; remove one of the two")
      }
      rows.append(row)
    }
    self.rows = rows
    self.titles = titles
  }

  func names(_ label: String) -> Set<String> { [] }

  func text(_ label: String, _ number: String, _ image: String, _ names: Set<String>) throws
    -> String?
  {
    guard let found = titles[Verbatim(image)], found.label == label else { return nil }
    return found.title
  }

  func withoutImage(_ data: DataFolder, _ images: String) -> [String] {
    var listings: [String: Set<Verbatim>] = [:]
    return rows.compactMap { row in
      if listings[row.label] == nil {
        listings[row.label] = Set(data.names(in: "\(images)/\(row.label)").map { Verbatim($0) })
      }
      return listings[row.label]?.contains(Verbatim(row.image)) == true ? nil : "\(row.label)_\(row.image)"
    }
  }
}
