import Autograd
import Determinism
import NN

/// A ViT that shows, besides its feature, where [CLS] looks in its last block.
public final class AttentionWatcher: Encoder {
  private let encoder: ViT
  /// Of the last forward pass: the attention of [CLS] to the patches in the last block, mean over the heads, as shares of
  /// what goes to patches; `[B, patches]`, patches in rows from the top left. Prompts and [CLS] take part in the softmax.
  public private(set) var map: [[Float]] = []

  public init(_ encoder: ViT) { self.encoder = encoder }

  public var blockWidths: [Int] { encoder.blockWidths }
  public var featureWidth: Int { encoder.featureWidth }
  public var promptBound: Float { encoder.promptBound }
  /// Patches along the side of an image.
  public var side: Int { encoder.configuration.imageSize / encoder.configuration.patchSize }

  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    let last = blockWidths.count - 1
    return encoder.feature(batch, mode) { input in
      let given = prompts?(input)
      if input.index == last { self.map = self.encoder.classAttention(last, input.tokens, prompts: given) }
      return given
    }
  }
}

extension ViT {
  /// The attention of [CLS] to the patches in a block, from the block's input `[B, N, C]` and its prompts `[B, P, C]`.
  func classAttention(_ index: Int, _ tokens: Tensor, prompts: Tensor?) -> [[Float]] {
    let block = blocks[index]
    let (b, n, width) = tokens.shape3
    let normalized = block.norm1(tokens)
    let query = block.qkv(normalized.slice(0..<1, axis: 1), outputs: 0..<width).values  // [B, 1, C]
    let own = block.qkv(normalized, outputs: width..<2 * width)  // [B, N, C]
    let keys = prompts.map {
      concatenated([own, block.qkv(block.norm1($0), outputs: width..<2 * width)], axis: 1)
    }
    let all = (keys ?? own)  // [B, N + P, C]
    let (count, values) = (all.shape[1], all.values)
    let d = width / block.heads
    return (0..<b).map { item in
      var shares = [Float](repeating: 0, count: n - 1)
      for head in 0..<block.heads {
        let scores = (0..<count).map { key -> Float in
          let (q, k) = (item * width + head * d, (item * count + key) * width + head * d)
          return (0..<d).reduce(0) { $0 + query[q + $1] * values[k + $1] } / Float(d).squareRoot()
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { Float(portableExp(Double($0 - largest))) }
        let total = weights.reduce(0, +)
        for patch in 1..<n { shares[patch - 1] += weights[patch] / total }
      }
      let sum = shares.reduce(0, +)
      return shares.map { $0 / sum }
    }
  }
}
