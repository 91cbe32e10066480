import Encoders
import Fusion

extension Method {
  /// This method as the papers have it (MoPE, arXiv 2403.10568v1: defaults).
  ///
  /// Experiments state methods in the form of the mini tier. Where that departs from the papers' defaults the papers'
  /// value is put back; what an experiment changed on purpose differs from the mini form, and stays.
  ///
  /// Swin-B is the image encoder, but of MMBT, PromptFuse, PMF and Frozen, which the papers have with ViT-B, and of the
  /// frames of clips (MoPE, arXiv 2403.10568v1: MUStARD). Masks are made at 384 pixels with ten prompts a block on both
  /// sides, which explains the papers' parameter counts (segmentation models). Of a clip's frames the maximum counts.
  /// - Parameters:
  ///   - data: what it is trained on.
  ///   - keepingViT: leaves ViT where it is, for the papers' rows with ViT-B.
  public func published(on data: DataChoice.Name, keepingViT: Bool = false) -> Method {
    var method = published(keepingViT ? vision : publishedVision)
    guard data.isSegmentation, method.vision == .swin else { return method }
    method.vision = .swin384
    if tuning == .frozen && textPrompts == 4 { method.textPrompts = 10 }
    return method.with { if $0.length == 6 { $0.length = 10 } }
  }

  /// This method as the papers have it for classes and labels.
  public var published: Method { published(publishedVision) }

  private func published(_ publishedVision: EncoderChoice) -> Method {
    var method = self
    if promptDropout == 0 { method.promptDropout = 0.1 }
    if inputs.contains(.video) { method.framePooling = .maximum }
    switch fusion {
    case .single, .lateConcat:
      method.vision = publishedVision
    case .mope(let configuration, let main):
      method.vision = publishedVision
      let mainEncoder = method.encoder(of: main)
      method.fusion = .mope(configuration.published(in: mainEncoder), main: main)
    case .mmbt(var configuration):
      configuration.separator = Self.bertSeparator
      if configuration.promptDropout == 0 { configuration.promptDropout = 0.1 }
      method.fusion = .mmbt(configuration)
    case .promptFuse(let configuration):
      method.fusion = .promptFuse(configuration.published)
    case .pmf, .frozen: break
    }
    return method
  }

  private var publishedVision: EncoderChoice {
    vision == .vit && !inputs.contains(.video) ? .swin : vision
  }

  /// The id of [SEP] in the vocabulary of `bert-base-uncased`.
  public static let bertSeparator: Int32 = 102

  /// The row of the papers' first table that a MoPE with all prompts is; nil for other methods.
  public var paperRow: String? {
    guard case .mope(let configuration, .vision) = fusion, configuration.prompts == .all,
      tuning == .frozen
    else { return nil }
    return "mope-\(vision.rawValue)-k\(configuration.experts)"
  }

  /// Whether an encoder's feature goes through its pooler: MMBT's, as the parameter counts of the papers' row say.
  public var usesPoolers: Bool {
    if case .mmbt = fusion { true } else { false }
  }
}

extension MoPEConfiguration {
  /// The papers' choices where this has those of the mini tier.
  fileprivate func published(in main: EncoderChoice) -> MoPEConfiguration {
    var copy = self
    if routingFeature == .mean { copy.routingFeature = .cls }
    // A Swin Transformer has one up-projection a stage, a plain one for every four layers.
    if mapperSharing == .perWidth && !main.isSwin { copy.mapperSharing = .perBlocks(4) }
    if !mapperOutputGELU { copy.mapperOutputGELU = true }
    if dropsPrompts == .none { copy.dropsPrompts = .all }
    if noise == .constant(1 / 256) { copy.noise = .inverseSquare }
    return copy
  }
}

extension PromptFuseConfiguration {
  fileprivate var published: PromptFuseConfiguration {
    switch placement {
    case .input: .original
    case .blindInput: .blind
    case .everyLayer: .deep
    }
  }
}
