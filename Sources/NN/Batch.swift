import Autograd
import Determinism

/// Token ids of a batch of texts, padded to a common length.
public struct TokenIds {
  /// `[B, N]` in row-major order.
  public let ids: [Int32]
  /// `[B, N]`; 1 at real tokens, 0 at padding. Real tokens come first.
  public let mask: [Float]
  /// Texts (B) and tokens per text (N).
  public let shape: (batch: Int, tokens: Int)

  public init(ids: [Int32], mask: [Float], batch: Int, tokens: Int) {
    require(
      ids.count == batch * tokens && mask.count == ids.count,
      "TokenIds: expected \(batch)·\(tokens) ids and mask entries, found \(ids.count) and \(mask.count)")
    self.ids = ids
    self.mask = mask
    self.shape = (batch, tokens)
  }

  /// Pads texts of token ids to the longest of them.
  public init(padding texts: [[Int32]], with pad: Int32) {
    let tokens = texts.map(\.count).max() ?? 0
    var ids = [Int32](repeating: pad, count: texts.count * tokens)
    var mask = [Float](repeating: 0, count: ids.count)
    for (b, text) in texts.enumerated() {
      for (i, id) in text.enumerated() {
        ids[b * tokens + i] = id
        mask[b * tokens + i] = 1
      }
    }
    self.init(ids: ids, mask: mask, batch: texts.count, tokens: tokens)
  }
}

/// What a batch is to be judged against.
public enum Labels {
  /// One class index per sample.
  case classes([Int32])
  /// `[B, labels]` of 0 and 1.
  case multiLabel(Tensor)
  /// `[B, answers]` of 0 to 1: how right each answer is.
  case scores(Tensor)
  /// `[B, height, width]` of 0 and 1, and between at the edges of masks that were scaled.
  case masks(Tensor)
}

/// The inputs of a forward pass. A modality that a dataset does not have is nil.
public struct Batch {
  public let size: Int
  /// Normalised images `[B, 3, height, width]`.
  public let images: Tensor?
  public let text: TokenIds?
  /// Waveforms `[B, samples]`.
  public let audio: Tensor?
  /// Samples of each waveform in front of its padding with zeros; nil where none is padded.
  public let audioLengths: [Int]?
  /// Normalised frames `[B, frames, 3, height, width]`.
  public let video: Tensor?
  public let labels: Labels?
  /// Features `[B, width]` that were computed before, by the name of the model's part: "vision". The part then does
  /// not run, and its input may be missing.
  public var features: [String: Tensor] = [:]

  public init(
    size: Int, images: Tensor? = nil, text: TokenIds? = nil, audio: Tensor? = nil,
    audioLengths: [Int]? = nil, video: Tensor? = nil, labels: Labels? = nil
  ) {
    self.size = size
    self.images = images
    self.text = text
    self.audio = audio
    self.audioLengths = audioLengths
    self.video = video
    self.labels = labels
  }
}

/// Whether a forward pass trains, and where its randomness comes from.
public enum Mode {
  case evaluation
  /// `random` belongs to one step; layers derive their own streams from it by name.
  case training(RandomStream)

  public var isTraining: Bool {
    if case .training = self { true } else { false }
  }
}
