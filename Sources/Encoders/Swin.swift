import Autograd
import Determinism
import NN

/// Swin Transformer (Liu et al. 2021) with the parameter names of Hugging Face's `SwinModel`.
///
/// Prompts enter before every block as tokens of all windows of their image; their outputs are averaged over the
/// windows, go through patch merging, and stay where the source gives nil (METHOD.md §5.1).
///
/// Between blocks the patches lie in the order of the block's windows, so that a shift and the cut into windows are
/// one copy. The prompts follow behind all patches.
public struct Swin: Encoder {
  public let configuration: SwinConfiguration
  public let sharing: WindowPrompts
  private let patches: PatchEmbedding
  private let embeddingNorm: LayerNorm
  private let stages: [Stage]
  let norm: LayerNorm
  private let path: String

  private struct Stage {
    let shape: SwinStageShape
    let blocks: [SwinBlock]
    let merging: SwinMerging?
  }

  /// - Parameter sharing: whose prompts a window sees; all but `ownImage` is for comparing with the released code.
  public init(
    _ configuration: SwinConfiguration, sharing: WindowPrompts = .ownImage, _ scope: Scope
  ) {
    let c = configuration
    if let contradiction = c.contradiction { require(false, "Swin: \(contradiction)") }
    self.configuration = c
    self.sharing = sharing
    path = scope.path
    let embeddings = scope / "embeddings"
    patches = PatchEmbedding(
      patch: c.patchSize, c.width, embeddings / "patch_embeddings" / "projection")
    embeddingNorm = LayerNorm(c.width, epsilon: c.epsilon, embeddings / "norm")
    let count = c.depths.reduce(0, +)
    var block = 0
    stages = c.stages.enumerated().map { s, shape in
      let scope = scope / "encoder" / "layers" / s
      let blocks = (0..<shape.depth).map { i in
        defer { block += 1 }
        let dropPath = count > 1 ? c.dropPath * Float(block) / Float(count - 1) : 0
        return SwinBlock(shape, block: i, c, dropPath: dropPath, scope / "blocks" / i)
      }
      let merging =
        s + 1 < c.depths.count
        ? SwinMerging(shape.width, epsilon: c.epsilon, scope / "downsample") : nil
      return Stage(shape: shape, blocks: blocks, merging: merging)
    }
    norm = LayerNorm(c.width << (c.depths.count - 1), epsilon: c.epsilon, scope / "layernorm")
  }

  public var blockWidths: [Int] { configuration.blockWidths }
  public var featureWidth: Int { configuration.featureWidth }
  public var promptBound: Float { configuration.promptBound }
  public var carriesPrompts: Bool { true }

  /// The mean of the final states over patches and prompts: `[B, C]`.
  public func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    guard let images = batch.images else { fatalError("Swin: the batch has no images") }
    let state = run(images, mode, prompts, watching: nil)
    return norm(state.x).means(state.rows)
  }

  /// All final states, prompts first: `[B, P + N, C]`.
  /// - Parameter watching: sees the input of every block and, last, the state before the final norm; patches only, in
  ///   rows from the top left.
  public func tokens(
    _ images: Tensor, _ mode: Mode = .evaluation, prompts: PromptSource? = nil,
    watching: ((Int, Tensor) -> Void)? = nil
  ) -> Tensor {
    var state = run(images, mode, prompts, watching: watching)
    state.x = norm(state.x)
    return state.tokens
  }

  /// Where a stage is left.
  enum StagePlace {
    /// Behind the blocks of a stage that another follows.
    case blocks
    /// Behind the merging of its patches.
    case merged
    /// Behind the last block of all.
    case end
  }

  /// - Parameter leaving: sees, on demand, the patches `[B, N, C]` in rows from the top left, at each such place.
  func run(
    _ images: Tensor, _ mode: Mode, _ prompts: PromptSource?, watching: ((Int, Tensor) -> Void)?,
    leaving: ((StagePlace, () -> Tensor) -> Void)? = nil
  ) -> SwinState {
    var random: RandomStream?
    if case .training(let stream) = mode { random = stream.stream(path) }
    var state = embed(images)
    var index = 0
    for (s, stage) in stages.enumerated() {
      for block in stage.blocks {
        watching?(index, state.patches)
        let fresh = prompts?(state.input(ofBlock: index))  // [B, P, C]
        state.arrange(.windows(block.windows), prompts: fresh)
        state.x = block(state.x, state.rows, sharing: sharing, random?.stream(index))
        index += 1
      }
      if let merging = stage.merging {
        leaving?(.blocks) { state.patches }
        state.merge(merging, to: .windows(stages[s + 1].blocks[0].windows))
        leaving?(.merged) { state.patches }
      } else {
        leaving?(.end) { state.patches }
      }
    }
    watching?(index, state.patches)
    return state
  }

  private func embed(_ images: Tensor) -> SwinState {
    let (b, channels, height, width) = images.shape4
    let c = configuration
    require(
      channels == 3 && height == c.imageSize && width == c.imageSize,
      "Swin: expected images [B, 3, \(c.imageSize), \(c.imageSize)], found \(images.shape)")
    let side = c.imageSize / c.patchSize
    let x = embeddingNorm(patches(images)).reshaped(b * side * side, c.width)
    return SwinState(
      x: x, rows: PromptedRows(images: b, tokens: side * side, prompts: 0),
      order: .raster(side: side),
      side: side)
  }
}

extension SwinConfiguration {
  /// Channels of each block, in order.
  public var blockWidths: [Int] {
    depths.enumerated().flatMap { s, depth in Array(repeating: width << s, count: depth) }
  }

  /// Channels of the last stage.
  public var featureWidth: Int { width << (depths.count - 1) }

  /// √(6 / (3·patch² + C)) with the first stage's C for all stages (VPT; METHOD.md §7)
  public var promptBound: Float { (6 / Float(3 * patchSize * patchSize + width)).squareRoot() }
}

/// Patches and prompts between two blocks.
struct SwinState {
  /// `[B·(N + P), C]`
  var x: Tensor
  var rows: PromptedRows
  /// How the patches of an image lie in `x`.
  var order: PatchOrder
  /// Patches along the side of the map.
  var side: Int

  /// `[B, N, C]`, in rows from the top left.
  var patches: Tensor {
    x.arranged(rows, order: PatchOrder.raster(side: side).places(in: order))
      .slice(0..<rows.tokenRows).reshaped(rows.images, rows.tokens, x.lastAxis)
  }

  /// `[B, P + N, C]`
  var tokens: Tensor {
    let prompts = x.slice(rows.tokenRows..<rows.count)
      .reshaped(rows.images, rows.prompts, x.lastAxis)
    return concatenated([prompts, patches], axis: 1)
  }

  func input(ofBlock index: Int) -> BlockInput {
    BlockInput(
      index: index, tokens: { self.tokens }, mean: { x.means(rows) }, carriedPrompts: rows.prompts,
      startsWithCLS: false)
  }

  /// Brings the patches into another order and, if there are fresh prompts, puts them in the place of the old ones.
  mutating func arrange(_ order: PatchOrder, prompts: Tensor?) {
    let places = order.places(in: self.order)
    guard places != nil || prompts != nil else { return }
    let fresh = prompts.map { $0.reshaped($0.shape3.0 * $0.shape3.1, $0.shape3.2) }  // [B·P, C]
    x = x.arranged(rows, order: places, prompts: fresh)
    if let prompts {
      rows = PromptedRows(images: rows.images, tokens: rows.tokens, prompts: prompts.shape[1])
    }
    self.order = order
  }

  mutating func merge(_ merging: SwinMerging, to order: PatchOrder) {
    x = merging(x, rows, order: order.merged(from: self.order, side: side / 2))
    rows = PromptedRows(images: rows.images, tokens: rows.tokens / 4, prompts: rows.prompts)
    self.order = order
    side /= 2
  }
}
