/// What the search of learning rates chose, on validation data of another draw than the one that is reported
/// (experiment search-learning-rates): factors of the rate that a recipe starts from.
public enum SearchedRates {
  /// The factors that are tried for every method.
  public static let tried: [Float] = [0.5, 1, 2]

  /// The factor of a method on a dataset; 1 where nothing was searched.
  public static func factor(_ method: Method, on data: DataChoice.Name) -> Float {
    // RefCOCO+ is RefCOCO with other expressions and takes its rates.
    chosen[method.recipeName]?[data == .refCOCOPlus ? .refCOCO : data] ?? 1
  }

  private static let chosen: [String: [DataChoice.Name: Float]] = [
    "BlindPrompt": [.snliVE: 0.5, .food101: 2, .mmIMDB: 2],
    "ImgOnly": [.snliVE: 2, .food101: 2, .mmIMDB: 2],
    "LateConcat": [.snliVE: 2, .food101: 0.5, .mmIMDB: 2],
    "MMBT": [.snliVE: 1, .food101: 1, .mmIMDB: 2],
    "MoPE k=16": [.snliVE: 1, .food101: 1, .mmIMDB: 1],
    "MoPE k=4": [.snliVE: 1, .food101: 1, .mmIMDB: 2],
    "MoPE k=4 (Swin)": [.snliVE: 2, .food101: 1, .mmIMDB: 2, .refCOCO: 2],
    "P-ImgOnly": [.snliVE: 1, .food101: 2, .mmIMDB: 1],
    "P-LateConcat": [.snliVE: 0.5, .food101: 1, .mmIMDB: 2],
    "P-MMBT": [.snliVE: 2, .food101: 2, .mmIMDB: 2],
    "P-SequentialFuse": [.snliVE: 1, .food101: 2, .mmIMDB: 2],
    "P-SequentialFuse (Swin)": [.refCOCO: 2],
    "P-TextOnly": [.snliVE: 2, .food101: 0.5, .mmIMDB: 2],
    "PMF": [.snliVE: 0.5, .food101: 0.5, .mmIMDB: 1],
    "PMF-Large": [.snliVE: 1, .food101: 1, .mmIMDB: 1],
    "PromptFuse": [.snliVE: 0.5, .food101: 2, .mmIMDB: 2],
    "PromptFuse(†)": [.snliVE: 2, .food101: 2, .mmIMDB: 2],
    "SequentialFuse": [.snliVE: 1, .food101: 2, .mmIMDB: 1],
    "SequentialFuse (Swin)": [.refCOCO: 1],
    "TextOnly": [.snliVE: 2, .food101: 1, .mmIMDB: 2],
  ]
}

extension Method {
  /// The searched method whose recipe this one uses: ablations and variants of MoPE use that of MoPE with the same image
  /// encoder.
  public var recipeName: String {
    guard case .mope(let configuration, _) = fusion, tuning == .frozen,
      configuration.prompts != [.fixed, .mapped]
    else { return title }
    return "MoPE k=\(configuration.experts <= 4 ? 4 : 16)\(vision == .swin ? " (Swin)" : "")"
  }
}
