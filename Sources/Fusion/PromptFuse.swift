import Autograd
import Determinism
import Encoders
import NN

/// Choices of PromptFuse and its variants (METHOD.md §9.5).
public struct PromptFuseConfiguration: FusionMethod {
  /// Where the prompts are.
  public enum Placement: String, Codable, Hashable, Sendable {
    /// Tokens of the input, as the image's feature is.
    case input
    /// The same, but prompts see prompts only (BlindPrompt).
    case blindInput
    /// Fresh ones in every layer (the second paper's PromptFuse(†)).
    case everyLayer
  }

  public static let kind = "prompt-fuse"
  public var slots = [Slot(.vision, .vit), Slot(.text, .bert)]
  public var placement = Placement.input
  /// Prompts in the input, or per layer.
  public var length = 20
  /// Input prompts and the image's token get positions and layer norms of their own, which train (the original).
  /// Without, they enter behind the embedding's norm as they are. Not for `everyLayer`.
  public var normalizesInput = true
  /// Whether the language model's own dropout acts in training.
  public var keepsEncoderDropout = false
  /// Of the prompts.
  public var promptDropout: Float = 0

  /// The original: 20 vectors in the input.
  public static let original = PromptFuseConfiguration()
  public static let blind = PromptFuseConfiguration(
    placement: .blindInput, length: 20, normalizesInput: true, keepsEncoderDropout: false)
  /// PromptFuse(†): what explains its 0.1 M parameters.
  public static let deep = PromptFuseConfiguration(
    placement: .everyLayer, length: 6, normalizesInput: false, keepsEncoderDropout: true)

  public init() {}

  public init(
    placement: Placement, length: Int, normalizesInput: Bool, keepsEncoderDropout: Bool
  ) {
    self.placement = placement
    self.length = length
    self.normalizesInput = normalizesInput
    self.keepsEncoderDropout = keepsEncoderDropout
  }

  public init(in profile: TierProfile) { self.init(.input, in: profile) }

  /// As the papers have it; of the small networks those with prompts in the input as the prototype had them: six, and no
  /// norms of their own.
  init(_ placement: Placement, in profile: TierProfile) {
    if placement == .everyLayer {
      self = .deep
    } else if profile.isCompact {
      self.init(placement: placement, length: 6, normalizesInput: false, keepsEncoderDropout: true)
    } else {
      self = placement == .input ? .original : .blind
    }
  }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("slots", \.slots), CodedField("placement", \.placement), CodedField("length", \.length),
      CodedField("normalizesInput", \.normalizesInput), CodedField("keepsEncoderDropout", \.keepsEncoderDropout),
      CodedField("promptDropout", \.promptDropout),
    ]
  }

  public var name: String {
    switch placement {
    case .input: "PromptFuse"
    case .blindInput: "BlindPrompt"
    case .everyLayer: "PromptFuse(†)"
    }
  }

  public var usesPrompts: Bool { true }
  public func standard(in profile: TierProfile) -> Self { Self(placement, in: profile) }
  public func readsOnlyFeature(of modality: Modality) -> Bool { modality == .vision }

  public func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel {
    try PromptFuse(
      self, vision: try parts.plan(.vision, of: self), text: try parts.plan(.text, of: self),
      outputs: try head.outputs(for: self), random: random)
  }
}

extension MethodPlan {
  public static let promptFuse = MethodPlan { PromptFuseConfiguration(.input, in: $0) }
  public static let blindPrompt = MethodPlan { PromptFuseConfiguration(.blindInput, in: $0) }
  public static let deepPromptFuse = MethodPlan { PromptFuseConfiguration(.everyLayer, in: $0) }
}

/// The image's feature as one word of a frozen language model, with a few trained prompts: PromptFuse, BlindPrompt
/// (Liang et al. 2022) and PromptFuse(†).
///
///     [CLS] prompt … image  word … [SEP]
///
/// Words keep the positions they have without prompts. For classification [CLS] goes to a linear head.
public final class PromptFuse: FusionModel {
  public let store: ParameterStore
  private let configuration: PromptFuseConfiguration
  private let vision: Branch
  private let bert: BERT
  private let projection: Linear?
  private let inputPrompts: Parameter?  // [l, C]
  private let deepPrompts: VanillaPrompts?
  private let norms: (prompts: LayerNorm, image: LayerNorm)?
  private let head: Linear

  /// - Throws: `Failure(.configuration)` if the text encoder is no BERT, or has too few positions.
  public init(
    _ configuration: PromptFuseConfiguration, vision: EncoderPlan, text: EncoderPlan, outputs: Int,
    random: RandomStream
  ) throws {
    require(text.promptLength == 0, "PromptFuse: the prompts of the text are in its configuration")
    let c = configuration
    self.configuration = c
    store = ParameterStore(random: random)
    let root = store.root
    let scope = root / "text" / "promptfuse"
    self.vision = Branch(vision, dropout: c.promptDropout, root)
    bert = try Branch(text, dropout: 0, root).bert("PromptFuse")
    let (imageWidth, width) = (self.vision.encoder.featureWidth, bert.configuration.width)
    // Differs: the original's encoders are of one width. A trained map would be half a million parameters, which
    // the tables exclude; a fixed random one adds none.
    projection =
      imageWidth == width
      ? nil : Linear(imageWidth, width, bias: false, scope.frozen / "projection")
    if c.placement == .everyLayer {
      require(!c.normalizesInput, "PromptFuse: prompts of every layer have no positions")
      deepPrompts = VanillaPrompts(
        bert, length: c.length, dropout: c.promptDropout, scope / "prompts")
      (inputPrompts, norms) = (nil, nil)
    } else {
      let prompts = scope.parameter("prompts", [c.length, width], .uniform(bert.promptBound))
      norms = c.normalizesInput ? try Self.norms(prompts, bert, scope, random) : nil
      (inputPrompts, deepPrompts) = (prompts, nil)
    }
    head = Linear(bert.featureWidth, outputs, root / "head")
    try store.validate()
  }

  /// Two layer norms that start as the embedding's, and prompts that start as random words in front of them.
  private static func norms(
    _ prompts: Parameter, _ bert: BERT, _ scope: Scope, _ random: RandomStream
  ) throws -> (LayerNorm, LayerNorm) {
    let c = bert.configuration
    guard prompts.shape[0] + 2 <= c.positions else {
      throw Failure(
        .configuration,
        "PromptFuse: [CLS], \(prompts.shape[0]) prompts and the image need as many positions, the text encoder "
          + "has \(c.positions); use fewer prompts")
    }
    var stream = random.stream(prompts.name).stream("words")
    let ids = (0..<prompts.shape[0]).map { _ in Int32(stream.integer(below: c.vocabulary)) }
    prompts.value.overwrite(with: bert.wordVectors(ids))
    func norm(_ name: String) -> LayerNorm {
      let norm = LayerNorm(c.width, epsilon: c.epsilon, scope / name)
      norm.weight.value.overwrite(with: bert.norm.weight.value)
      norm.bias.value.overwrite(with: bert.norm.bias.value)
      return norm
    }
    return (norm("prompt_norm"), norm("image_norm"))
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let textMode = configuration.keepsEncoderDropout ? mode : .evaluation
    let image = imageToken(batch, mode)  // [B, 1, C]
    var state = bert.input(batch, textMode).inserting(image, at: 1)
    if let inputPrompts {
      let prompts = norms.map {
        $0.prompts(inputPrompts.value + bert.places(1..<configuration.length + 1))
      }
      state = state.inserting(
        dropped(
          (prompts ?? inputPrompts.value).repeated(batch.size), configuration.promptDropout, mode,
          inputPrompts.name), at: 1)
    }
    if configuration.placement == .blindInput { state = blinding(state) }
    let feature = bert.feature(
      of: state, prompts: deepPrompts?.source(batch.size, mode), textMode)
    return FusionOutput(logits: head(feature), feature: feature)
  }

  private func imageToken(_ batch: Batch, _ mode: Mode) -> Tensor {
    let feature = vision.feature(batch, mode)  // [B, d]
    let token = projection.map { $0(feature) } ?? feature  // [B, C]
    guard let norms else { return token.reshaped(batch.size, 1, token.shape[1]) }
    let place = configuration.length + 1
    let placed = norms.image(token + bert.places(place..<place + 1).reshaped(token.shape[1]))
    return placed.reshaped(batch.size, 1, token.shape[1])
  }

  /// The same tokens where the prompts, tokens 1 … l, see nothing but each other. −10000 forbids, as BERT's padding
  /// does.
  private func blinding(_ state: TokenState) -> TokenState {
    let (b, n, _) = state.tokens.shape3
    let padding = state.bias?.values.values ?? [Float](repeating: 0, count: b * n)  // [B, N]
    let prompts = 1..<configuration.length + 1
    let blind: [Float] = (0..<n).map { prompts.contains($0) ? 0 : -10_000 }
    var rows: [Float] = []
    for i in 0..<b {
      let seeing = padding[(i * n)..<((i + 1) * n)]
      for row in 0..<n { rows += prompts.contains(row) ? blind[...] : seeing }
    }
    return TokenState(tokens: state.tokens, bias: AttentionBias(Tensor(rows, [b, 1, n, n])))
  }
}
