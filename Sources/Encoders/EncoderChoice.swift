import NN

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

  /// As in reports.
  public var title: String {
    switch self {
    case .vit: "ViT"
    case .largeViT: "ViT-large"
    case .swin: "Swin"
    case .swin384: "Swin at 384"
    case .bert: "BERT"
    case .largeBERT: "BERT-large"
    case .gpt2: "GPT-2"
    case .longformer: "Longformer"
    case .wav2vec2: "wav2vec 2.0"
    case .bagOfWords: "bag of words"
    }
  }
}
