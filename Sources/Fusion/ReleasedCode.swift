import Autograd
import Determinism
import Encoders
import NN

/// What the authors' released code does beside the papers' text: for parity with it, and for nothing else.
public struct ReleasedCode: SparselyCodable, Hashable, Sendable {
  /// Where a main encoder of several stages gets fresh prompts (METHOD.md §5.1).
  public enum StageEntry: String, Codable, Hashable, Sendable {
    /// In every block.
    case all
    /// In every block but the first of each stage (the authors' multimodal path): the first stage starts with learned
    /// prompts, the others with those that patch merging carries along. Only for encoders that carry prompts.
    case inherit
  }

  public var stageEntry = StageEntry.all
  /// The first two blocks have one router (the first paper's code on Swin).
  public var sharesFirstRouter = false

  public init() {}

  public static var codedFields: [CodedField<Self>] {
    [CodedField("stageEntry", \.stageEntry), CodedField("sharesFirstRouter", \.sharesFirstRouter)]
  }

  /// Whether a block gets no fresh prompts. A stage begins where the width changes.
  func inherits(_ block: Int, of widths: [Int]) -> Bool {
    stageEntry == .inherit && (block == 0 || widths[block] != widths[block - 1])
  }
}

/// The learned prompts with which the first stage starts where stages inherit theirs.
struct EntryPrompts {
  private let values: Parameter  // [1, 2l + 1, C]
  private let dropout: Float

  /// - Returns: nil where every block has prompts of its own.
  init?(_ c: MoPEConfiguration, _ encoder: any Encoder, _ scope: Scope) {
    guard c.released.stageEntry == .inherit else { return nil }
    require(
      encoder.carriesPrompts,
      "MoPE: stages can inherit prompts only in an encoder that carries them from block to block")
    let tokens =
      (c.prompts.contains(.fixed) ? c.length : 0) + (c.prompts.contains(.dynamic) ? c.length : 0)
      + (c.prompts.contains(.mapped) ? 1 : 0)
    values = scope.parameter("input", [1, tokens, encoder.blockWidths[0]], .uniform(encoder.promptBound))
    dropout = c.dropsPrompts == .none ? 0 : c.promptDropout
  }

  /// The prompts of the first block of a stage: these in the first stage, nil (those it inherits) in the others.
  func prompts(_ input: BlockInput, _ batch: Int, _ mode: Mode) -> Tensor? {
    guard input.index == 0 else { return nil }
    let (_, p, c) = values.value.shape3
    return dropped(values.value.reshaped(p, c).repeated(batch), dropout, mode, "mope.input")
  }
}
