import Autograd
import Encoders
import NN

/// Where the encoders of the paper tier come from: folders of checkpoints, or published sizes with random weights.
public protocol EncoderSource: Sendable {
  /// Builds an encoder in a scope, with its weights.
  /// - Parameters:
  ///   - windowPrompts: for Swin, whose prompts a window sees.
  ///   - pools: the feature goes through the checkpoint's pooler.
  func make(
    _ choice: EncoderChoice, windowPrompts: WindowPrompts, pools: Bool
  ) throws -> (Scope) -> any Encoder
  /// A digest that changes when the weights or the sizes do.
  func digest(_ choice: EncoderChoice) throws -> String
}
