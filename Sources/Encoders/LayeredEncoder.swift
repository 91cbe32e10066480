import Autograd
import Determinism
import NN

/// Tokens between two layers of a plain Transformer.
public struct TokenState {
  /// `[B, N, C]`, [CLS] first.
  public let tokens: Tensor
  /// What attention adds to scores, `[B, 1, 1 or N, N]`: which tokens are padding, who may see whom. Nil for nothing.
  public let bias: AttentionBias?

  public init(tokens: Tensor, bias: AttentionBias?) {
    self.tokens = tokens
    self.bias = bias
  }

  /// With more tokens `[B, P, C]` in front of token `place`. All see them, and they see what all see.
  public func inserting(_ extra: Tensor, at place: Int) -> TokenState {
    let n = tokens.shape[1]
    let joined = concatenated(
      [tokens.slice(0..<place, axis: 1), extra, tokens.slice(place..<n, axis: 1)], axis: 1)
    return TokenState(
      tokens: joined,
      bias: bias.map {
        let (b, heads, rows, columns) = $0.values.shape4
        require(rows == 1 && columns == n, "inserting: a bias \($0.values.shape) for \(n) tokens")
        let none = Tensor.zeros([b, heads, 1, extra.shape[1]])
        return AttentionBias(
          concatenated(
            [$0.values.slice(0..<place, axis: 3), none, $0.values.slice(place..<n, axis: 3)],
            axis: 3))
      })
  }
}

/// A plain Transformer whose layers can be run one at a time, with tokens added and removed between them.
///
/// What an architecture says here once serves whole passes, parts of them, and methods that change the tokens.
public protocol LayeredEncoder: Encoder {
  /// What enters the first layer.
  func input(_ batch: Batch, _ mode: Mode) -> TokenState
  /// One layer: the new tokens `[B, N, C]`.
  /// - Parameters:
  ///   - prompts: `[B, P, C]`, further keys and values, without outputs.
  ///   - onlyFirst: give the first token alone, `[B, 1, C]`, where the others are not needed.
  func layer(
    _ index: Int, _ state: TokenState, prompts: Tensor?, onlyFirst: Bool, _ mode: Mode
  ) -> Tensor
  /// The tokens behind the last layer as the encoder gives them out (ViT: through its final norm).
  func finished(_ tokens: Tensor) -> Tensor
  /// ψ from finished tokens, of which only [CLS] counts: `[B, N, C]` → `[B, featureWidth]`.
  func pooled(_ states: Tensor) -> Tensor
}

extension LayeredEncoder {
  /// The layers `range`, one after the other.
  /// - Parameters:
  ///   - onlyFirst: of the last of these layers give the first token alone; the result is `[B, 1, C]`.
  ///   - watching: sees the input of every layer and, last, the output.
  public func run(
    _ range: Range<Int>, _ state: TokenState, prompts: PromptSource? = nil, onlyFirst: Bool = false,
    watching: ((Int, Tensor) -> Void)? = nil, _ mode: Mode
  ) -> TokenState {
    var state = state
    for i in range {
      watching?(i, state.tokens)
      let prompts = prompts?(BlockInput(index: i, tokens: state.tokens, startsWithCLS: true))
      let tokens = layer(
        i, state, prompts: prompts, onlyFirst: onlyFirst && i == range.upperBound - 1, mode)
      state = TokenState(tokens: tokens, bias: state.bias)
    }
    watching?(range.upperBound, state.tokens)
    return state
  }

  /// All layers from these tokens on: ψ, `[B, featureWidth]`.
  public func feature(
    of state: TokenState, prompts: PromptSource? = nil, _ mode: Mode
  ) -> Tensor {
    pooled(run(0..<blockWidths.count, state, prompts: prompts, onlyFirst: true, mode))
  }

  /// ψ from the state behind the last layer.
  public func pooled(_ last: TokenState) -> Tensor {
    pooled(finished(last.tokens.slice(0..<1, axis: 1)))
  }

  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    feature(of: input(batch, mode), prompts: prompts, mode)
  }
}

extension Tensor {
  /// `[B, N, C]` → `[B, C]`
  var firstTokens: Tensor {
    let (b, _, c) = shape3
    return slice(0..<1, axis: 1).reshaped(b, c)
  }
}
