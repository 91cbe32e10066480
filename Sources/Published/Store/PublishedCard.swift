import Datasets
import Determinism

/// What to know about a dataset that was read: sizes beside the published ones, skips by reason, shares of the labels.
public struct PublishedCard: Sendable {
  public struct Size: Sendable, Hashable {
    public let split: Split
    public let records: Int
    public let skipped: Int
    /// What a paper prints, and which.
    public let published: PublishedSize?
  }

  public struct Skip: Sendable, Hashable {
    public let split: Split
    public let reason: SkipReason
    public let count: Int
  }

  /// How many records of a split have a label; records with several count once for each.
  public struct Share: Sendable, Hashable {
    public let label: String
    public let split: Split
    public let count: Int
    /// Of the split's records, 0 to 1.
    public let share: Double
  }

  public let kind: PublishedKind
  public let sizes: [Size]
  /// Records and skipped ones together, and what a paper prints for the whole dataset.
  public let total: (count: Int, published: PublishedSize?)
  public let skips: [Skip]
  public let shares: [Share]
  public let notes: [String]

  public init(_ dataset: PublishedDataset) {
    let kind = dataset.kind
    self.kind = kind
    sizes = dataset.splits.map { split, records in
      Size(
        split: split, records: records.count, skipped: dataset.skips.count { $0.split == split },
        published: kind.publishedSizes.first { $0.split == split })
    }
    let ids = dataset.splits.reduce(into: Set<Verbatim>()) { ids, entry in
      ids.formUnion(entry.records.map { Verbatim($0.id) })
    }
    total = (ids.count + dataset.skips.count, kind.publishedSizes.first { $0.split == nil })
    skips = Split.allCases.flatMap { split in
      SkipReason.allCases.compactMap { reason in
        let count = dataset.skips.count { $0.split == split && $0.reason == reason }
        return count > 0 ? Skip(split: split, reason: reason, count: count) : nil
      }
    }
    let labels = dataset.task.labels
    shares = dataset.splits.flatMap { split, records -> [Share] in
      var counts = [Int](repeating: 0, count: labels.count)
      for record in records {
        switch record.label {
        case .class(let index): counts[index] += 1
        case .labels(let indices): for index in indices { counts[index] += 1 }
        case .answers(let scores): for score in scores { counts[score.label] += 1 }
        case .mask, .unlabelled: break
        }
      }
      guard counts.contains(where: { $0 > 0 }) else { return [] }
      return zip(labels, counts).map {
        Share(label: $0, split: split, count: $1, share: Double($1) / Double(records.count))
      }
    }
    notes = dataset.notes
  }

  /// The card as Markdown. Of more than 25 labels the ten most frequent and the five rarest are shown.
  public var markdown: String {
    var lines = [
      "# \(kind.title)", "", "| split | records | skipped | published | difference |",
      "|---|--:|--:|--:|--:|",
    ]
    for size in sizes {
      let published = size.published.map { "\(grouped($0.count)) (\($0.source))" } ?? "–"
      let difference = size.published.map { signed(size.records - $0.count) } ?? "–"
      lines.append(
        "| \(size.split.rawValue) | \(grouped(size.records)) | \(grouped(size.skipped)) | \(published) | \(difference) |"
      )
    }
    if let published = total.published {
      lines.append(
        "| with skipped | \(grouped(total.count)) | | \(grouped(published.count)) (\(published.source)) | "
          + "\(signed(total.count - published.count)) |")
    }
    if !skips.isEmpty {
      lines += ["", "| skipped because | split | records |", "|---|---|--:|"]
      lines += skips.map {
        "| \($0.reason.rawValue) | \($0.split.rawValue) | \(grouped($0.count)) |"
      }
    }
    lines += shareLines
    lines.append("")
    lines += (notes + ["Licence: \(kind.licenceNote)"]).map { "* \($0)" }
    return lines.joined(separator: "\n")
  }

  private var shareLines: [String] {
    guard let first = shares.first else { return [] }
    let splits = sizes.map(\.split).filter { split in shares.contains { $0.split == split } }
    let byLabel = Dictionary(grouping: shares) { Verbatim($0.label) }
    let leading = shares.filter { $0.split == first.split }.enumerated()
      .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element.label)
    let shown =
      leading.count > 25 ? Array(leading.prefix(10)) + ["…"] + Array(leading.suffix(5)) : leading
    let header = "| label | \(splits.map(\.rawValue).joined(separator: " | ")) |"
    var lines = ["", header, "|---|" + splits.map { _ in "--:|" }.joined()]
    for label in shown {
      let cells = splits.map { split -> String in
        let share = byLabel[Verbatim(label)]?.first { $0.split == split }
        return share.map { "\(fixed(100 * $0.share, 1)) %" } ?? "…"
      }
      lines.append("| \(escaped(label)) | \(cells.joined(separator: " | ")) |")
    }
    return lines
  }

  /// A text of the data as Markdown shows it: its marks as they are, one cell of a table.
  private func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "\n" || scalar == "\r" {
        escaped.append(" ")
        continue
      }
      if "\\|*_`<[".unicodeScalars.contains(scalar) { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped)
  }

  private func signed(_ difference: Int) -> String {
    difference > 0 ? "+\(grouped(difference))" : grouped(difference)
  }
}
