import Autograd
import Determinism
import Encoders
import Fusion

/// A modality that has an encoder.
public enum Modality: String, Codable, Hashable, Sendable {
  case vision, text
  /// A waveform.
  case audio
  /// Frames of a clip, each seen by the image's encoder.
  case video
}

/// Which architecture encodes a modality; the tier says how large it is and where its weights are.
public enum EncoderChoice: String, Codable, Hashable, Sendable, CaseIterable {
  case vit, swin, bert, gpt2, longformer, wav2vec2
  /// Swin at 384 pixels, which the papers segment with; the small networks have one Swin.
  case swin384 = "swin-384"
  /// About three times the parameters of `vit` and `bert`.
  case largeViT = "vit-large"
  case largeBERT = "bert-large"
  /// The mean of BERT's word vectors.
  case bagOfWords = "bow"

  public var isSwin: Bool { self == .swin || self == .swin384 }
}

/// A method of the papers' comparison, as a value: which encoders, what trains, how they are fused.
public struct Method: SparselyCodable, Hashable, Sendable {
  public enum Fusion: Codable, Hashable, Sendable {
    case single(Modality)
    case lateConcat
    /// The image as words of the sentence.
    case mmbt(MMBTConfiguration)
    case promptFuse(PromptFuseConfiguration)
    case pmf(PMFConfiguration)
    /// The image as so many words of a frozen language model, from an image encoder that trains.
    case frozen(length: Int)
    /// The main modality's encoder gets the prompts; all other `modalities` steer.
    case mope(MoPEConfiguration, main: Modality)
  }

  public var fusion: Fusion
  /// What `lateConcat` and `mope` fuse, in the order of the features.
  public var modalities: [Modality] = [.vision, .text]
  /// Of images and of the frames of clips.
  public var vision = EncoderChoice.vit
  public var text = EncoderChoice.bert
  public var audio = EncoderChoice.wav2vec2
  public var tuning: Tuning
  /// What trains of the text encoder, where that is not what trains of the image's.
  public var textTuning: Tuning?
  /// Vanilla prompts per block of an encoder that MoPE does not prompt; 0 for none.
  public var visionPrompts = 0
  public var textPrompts = 0
  /// Whose prompts a window of Swin sees.
  public var windowPrompts = WindowPrompts.ownImage
  public var audioPrompts = 0
  /// How the features of a clip's frames become one.
  public var framePooling = FramePooling.mean
  /// Units of a ReLU layer in front of `lateConcat`'s head; nil for the linear head alone.
  public var hiddenWidth: Int?
  /// What makes masks, where masks are to be made.
  public var maskHead = MaskHead.uperNet
  /// Dropout of vanilla prompts.
  public var promptDropout: Float = 0

  public init(_ fusion: Fusion, tuning: Tuning) {
    self.fusion = fusion
    self.tuning = tuning
  }

  /// The default that stored runs are told from: P-ImgOnly without prompts.
  public init() { self.init(.single(.vision), tuning: .frozen) }

  public static var codedFields: [CodedField<Self>] {
    [
      CodedField("fusion", \.fusion), CodedField("vision", \.vision), CodedField("text", \.text),
      CodedField("tuning", \.tuning), CodedField("visionPrompts", \.visionPrompts),
      CodedField("textPrompts", \.textPrompts), CodedField("textTuning", \.textTuning),
      CodedField("promptDropout", \.promptDropout), CodedField("modalities", \.modalities),
      CodedField("audio", \.audio), CodedField("audioPrompts", \.audioPrompts),
      CodedField("hiddenWidth", \.hiddenWidth), CodedField("windowPrompts", \.windowPrompts),
      CodedField("maskHead", \.maskHead), CodedField("framePooling", \.framePooling),
    ]
  }

  /// Whether every encoder is frozen: then what trains is small and can be shipped.
  public var isPromptTuned: Bool { tuning == .frozen && (textTuning ?? .frozen) == .frozen }

  /// The name as in the papers' tables, with the image's encoder where it is not the mini tier's usual one.
  public var title: String { vision.isSwin ? "\(fusionTitle) (Swin)" : fusionTitle }

  private var fusionTitle: String {
    switch fusion {
    case .single(let modality): "\(tuning == .frozen ? "P-" : "")\(modality.shortTitle)Only"
    case .lateConcat: tuning == .frozen ? "P-LateConcat" : "LateConcat"
    case .mmbt: tuning == .frozen ? "P-MMBT" : "MMBT"
    case .promptFuse(let configuration):
      switch configuration.placement {
      case .input: "PromptFuse"
      case .blindInput: "BlindPrompt"
      case .everyLayer: "PromptFuse(†)"
      }
    case .pmf: vision == .largeViT ? "PMF-Large" : "PMF"
    case .frozen: "Frozen"
    case .mope(let configuration, let main): Self.title(configuration, main, tuning)
    }
  }

  private static func title(
    _ configuration: MoPEConfiguration, _ main: Modality, _ tuning: Tuning
  ) -> String {
    let suffix = main == .text ? " (text main)" : ""
    if configuration.prompts.contains(.dynamic) {
      let parts = configuration.prompts == .all ? "" : " \(configuration.prompts.symbols)"
      return "MoPE k=\(configuration.experts)\(parts)\(suffix)"
    }
    if configuration.prompts == .mapped && tuning == .full { return "SequentialFuse\(suffix)" }
    if configuration.prompts == [.fixed, .mapped] { return "P-SequentialFuse\(suffix)" }
    return "\(configuration.prompts.symbols)\(suffix)"
  }
}

extension Modality {
  fileprivate var shortTitle: String {
    switch self {
    case .vision: "Img"
    case .text: "Text"
    case .audio: "Audio"
    case .video: "Video"
    }
  }
}

extension PromptKinds {
  /// "[Ps,Pd]", as in the papers' ablation.
  public var symbols: String {
    let names = [(PromptKinds.fixed, "Ps"), (.dynamic, "Pd"), (.mapped, "Pm")]
    return "[\(names.filter { contains($0.0) }.map(\.1).joined(separator: ","))]"
  }
}
