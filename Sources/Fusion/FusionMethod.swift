import Autograd
import Determinism
import Encoders
import NN

/// One fusion method, whole: what it fuses, its choices with the papers' values, how it is built, what it is called.
///
/// One file each, listed in `Methods.swift`. The value of a method decides what trains; it is stored with every run.
/// `init()` is the base of the stored form: the papers' values, with those of a plain Transformer where they depend on the encoder.
public protocol FusionMethod: SparselyCodable, Hashable, Sendable {
  /// In records; never changes.
  static var kind: String { get }
  /// The method as it is where an experiment changes nothing: the only place where defaults stand.
  init(in profile: TierProfile)
  /// The encoders, in the order of their features.
  var slots: [Slot] { get set }
  /// What the papers call it.
  var name: String { get }
  /// The default of what `name` says: a title names what departs from it.
  func standard(in profile: TierProfile) -> Self
  /// The method whose searched learning rate this one takes: itself, or the one of which it is an ablation.
  func searched(in profile: TierProfile) -> Method
  /// Whether it has prompts that train, of encoders or of its own.
  var usesPrompts: Bool { get }
  /// Whether of this modality nothing but the encoder's feature is read, so that it can be computed once.
  func readsOnlyFeature(of modality: Modality) -> Bool
  /// This method without the choices that change its cost by nothing worth predicting.
  var costClass: Self { get }
  /// What makes masks; nil for a method that cannot.
  var maskHead: MaskHead? { get }
  /// The id of [SEP] that it puts between its inputs; nil for a method that puts none.
  var separator: Int32? { get }
  /// Its network.
  /// - Parameters:
  ///   - parts: gives the encoders of its slots.
  ///   - head: what reads the result.
  ///   - random: gives the initial values.
  /// - Throws: `Failure(.configuration)` if it cannot be built of these encoders or with this head.
  func model(_ parts: EncoderParts, head: HeadPlan, random: RandomStream) throws -> any FusionModel
}

extension FusionMethod {
  public func standard(in profile: TierProfile) -> Self { Self(in: profile) }
  public func searched(in profile: TierProfile) -> Method { Method(self) }
  public var usesPrompts: Bool { slots.contains { $0.prompts > 0 } }
  public func readsOnlyFeature(of modality: Modality) -> Bool { false }
  public var costClass: Self { self }
  public var maskHead: MaskHead? { nil }
  public var separator: Int32? { nil }

  /// How it uses the encoder of a modality; nil for one that it does not read.
  public func slot(_ modality: Modality) -> Slot? { slots.first { $0.modality == modality } }

  /// Changes how it uses the encoder of a modality.
  public mutating func change(_ modality: Modality, _ body: (inout Slot) -> Void) {
    for place in slots.indices where slots[place].modality == modality { body(&slots[place]) }
  }

  /// Trains every encoder fully, without prompts of its own.
  mutating func fineTune() {
    for place in slots.indices { (slots[place].tuning, slots[place].prompts) = (.full, 0) }
  }

  /// Whether every encoder trains fully.
  var isFineTuned: Bool { slots.allSatisfy { $0.tuning == .full } }
}

/// How a method uses the encoder of one modality.
public struct Slot: SparselyCodable, Hashable, Sendable {
  public var modality = Modality.vision
  public var encoder = EncoderChoice.vit
  public var tuning = Tuning.frozen
  /// Vanilla prompts per block; 0: none.
  public var prompts = 0
  /// Whether its feature goes through the checkpoint's pooler. The small text encoders always have one.
  public var pools = false
  /// How the features of a clip's frames become one.
  public var framePooling = FramePooling.mean
  /// Whose prompts a window of Swin sees (`authorsMixed`: the released code's tiling).
  public var windowPrompts = WindowPrompts.ownImage

  public init() {}

  public init(_ modality: Modality, _ encoder: EncoderChoice, _ tuning: Tuning = .frozen, prompts: Int = 0) {
    (self.modality, self.encoder, self.tuning, self.prompts) = (modality, encoder, tuning, prompts)
  }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("modality", \.modality, isAlwaysWritten: true),
      CodedField("encoder", \.encoder, isAlwaysWritten: true),
      CodedField("tuning", \.tuning), CodedField("prompts", \.prompts), CodedField("pools", \.pools),
      CodedField("framePooling", \.framePooling), CodedField("windowPrompts", \.windowPrompts),
    ]
  }
}

/// What the defaults of methods depend on: the tier, and what there is to be read and predicted.
public struct TierProfile: Hashable, Sendable {
  public enum Form: String, Sendable {
    /// The small networks that two cores can train. They depart from the papers where the prototype with which the
    /// stand-ins were designed did.
    case compact
    /// The papers' networks and choices.
    case papers
  }

  public let form: Form
  /// What the data have; the modality that is read first comes first.
  public let modalities: [Modality]
  public let makesMasks: Bool
  /// [SEP] in the vocabulary of BERT.
  public let separator: Int32

  public init(_ form: Form, modalities: [Modality] = [.vision, .text], makesMasks: Bool = false, separator: Int32) {
    (self.form, self.modalities) = (form, modalities)
    (self.makesMasks, self.separator) = (makesMasks, separator)
  }

  public var isCompact: Bool { form == .compact }
  public var hasClips: Bool { modalities.contains(.video) }

  /// What is prompted where nothing else is said: the image; of clips the text (MUStARD); else what is read first.
  public var mainModality: Modality {
    hasClips ? .text : modalities.contains(.vision) ? .vision : modalities[0]
  }

  /// What sees images where nothing else is said. The papers' main rows have Swin-B, and masks need its maps, at 384
  /// pixels; the frames of clips are ViT-B's.
  public var imageEncoder: EncoderChoice {
    if hasClips { return .vit }
    return isCompact ? makesMasks ? .swin : .vit : makesMasks ? .swin384 : .swin
  }

  /// A frozen encoder with vanilla prompts where `prompted`: 6 per block of the image's, 4 of the others', for masks of
  /// the papers 10.
  public func slot(_ modality: Modality, prompted: Bool = true) -> Slot {
    let encoder: EncoderChoice =
      switch modality {
      case .vision, .video: imageEncoder
      case .text: .bert
      case .audio: .wav2vec2
      }
    let usual = modality.isSeen ? 6 : modality == .text && makesMasks && !isCompact ? 10 : 4
    var slot = Slot(modality, encoder, prompts: prompted ? usual : 0)
    if modality == .video && !isCompact { slot.framePooling = .maximum }
    return slot
  }
}

/// Builds the encoders of a method's slots.
public struct EncoderParts {
  private let build: (Slot) throws -> EncoderPlan

  public init(_ build: @escaping (Slot) throws -> EncoderPlan) { self.build = build }

  public func plan(_ slot: Slot) throws -> EncoderPlan { try build(slot) }

  /// The plan of a modality that the method must have.
  public func plan(_ modality: Modality, of method: some FusionMethod) throws -> EncoderPlan {
    guard let slot = method.slot(modality) else {
      throw Failure(.configuration, "\(method.name): reads no \(modality.rawValue)")
    }
    return try build(slot)
  }
}

extension HeadPlan {
  /// Classes or labels of a linear head.
  /// - Throws: `Failure(.configuration)` where masks are asked of a method without maps.
  public func outputs(for method: some FusionMethod) throws -> Int {
    guard case .linear(let outputs) = self else {
      throw Failure(
        .configuration, "\(method.name) has no maps to make masks of; use MoPE or one of its ablations")
    }
    return outputs
  }
}
