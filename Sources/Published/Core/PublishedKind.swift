import Datasets
import Determinism

/// A dataset of the papers, in the form in which its authors published it.
public enum PublishedKind: String, Sendable, CaseIterable, Codable, Hashable {
  /// UPMC Food-101 with the texts of the web pages, as in the papers.
  case food101 = "food-101"
  /// UPMC Food-101 with the titles of the web pages alone.
  case food101Titles = "food-101-titles"
  case snliVE = "snli-ve"
  case mmIMDB = "mm-imdb"
  case refCOCO = "refcoco"
  case refCOCOPlus = "refcoco+"
  case vqaV2 = "vqa-v2"
  case mustard = "mustard"

  /// As in reports.
  public var title: String {
    switch self {
    case .food101: "UPMC Food-101"
    case .food101Titles: "UPMC Food-101 (titles)"
    case .snliVE: "SNLI-VE"
    case .mmIMDB: "MM-IMDB"
    case .refCOCO: "RefCOCO"
    case .refCOCOPlus: "RefCOCO+"
    case .vqaV2: "VQAv2"
    case .mustard: "MUStARD"
    }
  }

  /// The reader with the papers' options.
  public var reader: any PublishedReader {
    switch self {
    case .food101: Food101Reader(text: .pages)
    case .food101Titles: Food101Reader(text: .titles)
    case .snliVE: SNLIVEReader()
    case .mmIMDB: MMIMDBReader()
    case .refCOCO: RefCOCOReader(plus: false)
    case .refCOCOPlus: RefCOCOReader(plus: true)
    case .vqaV2: VQAReader()
    case .mustard: MUStARDReader()
    }
  }

  /// The sizes that papers print, for comparison with what was read.
  public var publishedSizes: [PublishedSize] {
    func sizes(_ source: String, _ counts: (Split, Int)...) -> [PublishedSize] {
      counts.map { PublishedSize(split: $0.0, count: $0.1, source: source) }
    }
    switch self {
    case .food101, .food101Titles:
      return sizes("MMBT and PMF", (.train, 60_101), (.validation, 5_000), (.test, 21_695))
        + [
          PublishedSize(
            split: nil, count: 90_840, source: "MoPE, before pages without a text are skipped")
        ]
    case .snliVE:
      return sizes("SNLI-VE", (.train, 529_527), (.validation, 17_858), (.test, 17_901))
    case .mmIMDB:
      return sizes("MMBT", (.train, 15_513), (.validation, 2_599), (.test, 7_779))
        + [PublishedSize(split: nil, count: 25_956, source: "MoPE, before films are skipped")]
    case .refCOCO:
      return sizes(
        "RefCOCO", (.train, 42_404), (.validation, 3_811), (.testA, 1_975), (.testB, 1_810))
    case .refCOCOPlus:
      return sizes(
        "RefCOCO+", (.train, 42_278), (.validation, 3_805), (.testA, 1_975), (.testB, 1_798))
    case .vqaV2:
      return sizes("VQAv2", (.train, 443_757), (.validation, 214_354), (.test, 447_793))
    case .mustard: return sizes("PromptFuse", (.train, 334), (.validation, 356), (.test, 356))
    }
  }

  /// What to know about the right to use it. No legal advice; the publisher's page decides.
  public var licenceNote: String {
    switch self {
    case .food101, .food101Titles:
      "Images and pages found by a web search, for research; they belong to their owners."
    case .snliVE:
      "SNLI-VE: BSD 3-Clause, on SNLI (CC BY-SA 4.0). Flickr30k images: for research and education, on request."
    case .mmIMDB: "Posters and plots from IMDb, for research; they belong to their owners."
    case .refCOCO, .refCOCOPlus, .vqaV2:
      "COCO annotations: CC BY 4.0. COCO images: under the Flickr terms of their owners."
    case .mustard: "MIT for the annotations; the clips belong to the television shows' owners."
    }
  }
}

/// A size that a paper prints.
public struct PublishedSize: Sendable, Hashable {
  /// Nil for the whole dataset.
  public let split: Split?
  public let count: Int
  /// Who says so.
  public let source: String
}
