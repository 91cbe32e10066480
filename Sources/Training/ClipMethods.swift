import Encoders
import Fusion

/// The methods on clips: text, sound and frames instead of text and image. The text is the main modality.
///
/// P-LateConcat prompts all three frozen encoders: 6 per block of the frames' encoder, 4 of the others'. Where sound and
/// frames steer, their encoders are plain, as in the authors' code.
extension Method {
  /// What a clip has, the main modality first.
  public static let clipModalities: [Modality] = [.text, .audio, .video]

  /// LateConcat with the authors' ReLU layer: with three modalities their code has one, and a linear head could only
  /// add what each modality says.
  public static let clipLateConcat = lateConcat.onClips(hiddenWidth: 64)
  public static let promptedClipLateConcat = promptedLateConcat.onClips(hiddenWidth: 64)
  /// SequentialFuse: sound and frames mapped to one prompt of the text's encoder, everything fine-tuned.
  public static var clipSequentialFuse: Method {
    var method = mope(.mapped, main: .text).onClips()
    method.tuning = .full
    return method
  }
  public static let promptedClipSequentialFuse = mope([.fixed, .mapped], main: .text).onClips()
  /// MoPE steered by the features of sound and frames side by side.
  // Differs: the authors' code adds the two features. Side by side, none can cancel the other.
  public static func clipMoPE(experts: Int) -> Method {
    mope(.all, experts: experts, main: .text).onClips()
  }

  private func onClips(hiddenWidth: Int? = nil) -> Method {
    var method = self
    method.modalities = Self.clipModalities
    method.hiddenWidth = hiddenWidth
    if case .mope = fusion {
      method.visionPrompts = 0
    } else {
      method.audioPrompts = tuning == .frozen ? 4 : 0
    }
    return method
  }
}
