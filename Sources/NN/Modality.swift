/// A kind of input that has an encoder.
public enum Modality: String, Codable, Hashable, Sendable, CaseIterable {
  case vision, text
  /// A waveform.
  case audio
  /// Frames of a clip, each seen by the image's encoder.
  case video

  /// Whether it is seen: an image, or frames.
  public var isSeen: Bool { self == .vision || self == .video }
}
