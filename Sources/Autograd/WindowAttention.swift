import CKernels
import Determinism

/// Whose prompts the tokens of a window attend to (METHOD.md §5.1).
public enum WindowPrompts: String, Codable, Hashable, Sendable {
  /// Those of the window's own image.
  case ownImage
  /// Window w of image b, of W windows and B images: those of image (b·W + w) mod B.
  ///
  /// The released code does this. Prompts leak between the images of a batch; only for comparing with that code.
  case authorsMixed
}

/// How prompted rows are cut into windows.
public struct WindowLayout: Equatable {
  public let rows: PromptedRows
  /// Tokens per window (M²). The rows of an image's tokens are those of its windows, one after the other.
  public let windowTokens: Int
  public let sharing: WindowPrompts

  public init(_ rows: PromptedRows, windowTokens: Int, sharing: WindowPrompts = .ownImage) {
    require(rows.tokens % windowTokens == 0, "WindowLayout: windows of \(windowTokens) in \(rows)")
    self.rows = rows
    self.windowTokens = windowTokens
    self.sharing = sharing
  }

  /// Windows per image (W).
  public var windows: Int { rows.tokens / windowTokens }
  /// Prompts and tokens that attend to one another in a window (K).
  public var keys: Int { rows.prompts + windowTokens }
  /// Windows of the batch.
  var items: Int { rows.images * windows }

  /// The image whose prompts a window sees.
  func image(ofWindow item: Int) -> Int {
    switch sharing {
    case .ownImage: item / windows
    case .authorsMixed: item % rows.images
    }
  }

  /// The first window that sees an image's prompts, and the distance to the next.
  func windows(seeing image: Int) -> (first: Int, stride: Int) {
    switch sharing {
    case .ownImage: (image * windows, 1)
    case .authorsMixed: (image, rows.images)
    }
  }
}

/// What is added to the scores of windows before softmax.
public struct WindowBias {
  /// `[kinds, H, K, K]`; zero in rows and columns of prompts.
  public let values: Tensor
  /// The kind of each window of an image.
  public let kinds: [Int]

  public init(_ values: Tensor, kinds: [Int]) {
    require(
      kinds.allSatisfy { $0 >= 0 && $0 < values.shape4.0 },
      "WindowBias: a kind beyond \(values.shape)")
    self.values = values
    self.kinds = kinds
  }
}

/// Multi-head self-attention inside windows (Liu et al. 2021, §3.2) in which every window also holds prompts, as
/// queries, keys and values.
///
/// A prompt's query, key and value are given once per image, not once per window; its output is the mean over the
/// windows that see it.
/// - Parameter qkv: queries, keys and values side by side, `[rows, 3·H·D]`
/// - Returns: `[rows, H·D]`
public func windowAttention(
  _ qkv: Tensor, _ layout: WindowLayout, heads: Int, bias: WindowBias
) -> Tensor {
  let call = WindowCall(qkv.detached, layout, heads, bias)
  let keeps = qkv.requiresGradient || bias.values.requiresGradient
  let probabilities =
    keeps ? Tensor.empty([layout.items, heads, layout.keys, layout.keys]) : nil
  let output = call.forward(probabilities)
  Work.add(4 * call.products)
  return output.derived(from: [qkv, bias.values]) { gradient, needs in
    guard let probabilities else { return [nil, nil] }
    Work.add(8 * call.products)
    return call.gradients(of: gradient, probabilities, needs)
  }
}

/// The inputs of one call, kept for its gradient.
private struct WindowCall {
  let qkv: Tensor
  let layout: WindowLayout
  let heads, width: Int
  let bias: WindowBias

  init(_ qkv: Tensor, _ layout: WindowLayout, _ heads: Int, _ bias: WindowBias) {
    let (rows, columns) = qkv.shape2
    require(
      rows == layout.rows.count && columns % (3 * heads) == 0,
      "windowAttention: \(qkv.shape) for \(layout.rows) and \(heads) heads")
    let (_, h, n, m) = bias.values.shape4
    require(
      h == heads && n == layout.keys && m == n && bias.kinds.count == layout.windows,
      "windowAttention: a bias \(bias.values.shape) of \(bias.kinds.count) windows for \(layout)")
    self.qkv = qkv
    self.layout = layout
    self.heads = heads
    self.width = columns / 3
    self.bias = WindowBias(bias.values.detached, kinds: bias.kinds)
  }

  private var prompts: Int { layout.rows.prompts }
  private var probabilityCount: Int { heads * layout.keys * layout.keys }

  private func kind(_ item: Int) -> Int { bias.kinds[item % layout.windows] }
  private var kindCount: Int { bias.values.count / bias.values.shape[0] }

  /// One window as the kernel takes it.
  private func shape(_ item: Int) -> mope_attention_shape {
    var shape = mope_attention_shape()
    let (keys, depth) = (layout.keys, width / heads)
    (shape.batch, shape.heads) = (1, Int32(heads))
    (shape.n, shape.p, shape.m, shape.d) = (Int32(keys), 0, Int32(keys), Int32(depth))
    (shape.ldq, shape.ldk) = (3 * width, 3 * width)
    shape.scale = 1 / Float(depth).squareRoot()
    shape.bias = bias.values.pointer + kind(item) * kindCount
    shape.bias_batch = 1
    shape.bias_head_stride = keys * keys
    shape.bias_row_stride = keys
    return shape
  }

  /// The window's prompts and tokens, one after the other: in place without prompts, else copied to `buffer`.
  private func gathered(
    _ item: Int, _ source: Tensor, _ columns: Int, _ buffer: Tensor?
  ) -> UnsafePointer<Float> {
    let tokens = source.pointer + item * layout.windowTokens * columns
    guard let buffer else { return tokens }
    let prompt = layout.rows.tokenRows + layout.image(ofWindow: item) * prompts
    buffer.mutablePointer.update(from: source.pointer + prompt * columns, count: prompts * columns)
    (buffer.mutablePointer + prompts * columns)
      .update(from: tokens, count: layout.windowTokens * columns)
    return buffer.pointer
  }

  /// The opposite: tokens to their rows of `target`, prompts to the window's rows of `perWindow`.
  private func scatter(
    _ item: Int, _ buffer: Tensor?, _ columns: Int, to target: Tensor, _ perWindow: Tensor
  ) {
    guard let buffer else { return }  // written in place
    (perWindow.mutablePointer + item * prompts * columns)
      .update(from: buffer.pointer, count: prompts * columns)
    (target.mutablePointer + item * layout.windowTokens * columns)
      .update(from: buffer.pointer + prompts * columns, count: layout.windowTokens * columns)
  }

  /// Prompt rows of `target` = `factor` · sum over the windows that see them.
  private func reduce(_ perWindow: Tensor, _ columns: Int, factor: Float, to target: Tensor) {
    let size = prompts * columns
    guard size > 0 else { return }
    for image in 0..<layout.rows.images {
      let (first, stride) = layout.windows(seeing: image)
      let sum = target.mutablePointer + (layout.rows.tokenRows + image * prompts) * columns
      sum.update(repeating: 0, count: size)
      kernels.add_column_sums(
        layout.windows, size, perWindow.pointer + first * size, stride * size, sum)
      kernels.scale(size, factor, sum, sum)
    }
  }

  /// Multiplications of one of the products: scores, or weighted values.
  var products: Int { layout.items * layout.keys * layout.keys * width }

  private var work: Int { layout.items * layout.keys * layout.keys * width / 2 }

  /// A buffer for one window where it has prompts.
  private func buffer(_ columns: Int) -> Tensor? {
    prompts > 0 ? .empty([layout.keys, columns]) : nil
  }

  func forward(_ probabilities: Tensor?) -> Tensor {
    let output = Tensor.empty([layout.rows.count, width])
    let promptOutputs = Tensor.empty([layout.items, prompts, width])
    parallel(layout.items, work: work) { items in
      let (input, result) = (buffer(3 * width), buffer(width))
      var first = shape(0)
      let scratch = Tensor.empty([mope_attention_scratch(&first)])
      for item in items {
        var shape = shape(item)
        let q = gathered(item, qkv, 3 * width, input)
        let to =
          result?.mutablePointer ?? output.mutablePointer + item * layout.windowTokens * width
        kernels.attention(
          &shape, q, nil, nil, q + width, q + 2 * width, to,
          probabilities.map { $0.mutablePointer + item * probabilityCount }, scratch.mutablePointer)
        scatter(item, result, width, to: output, promptOutputs)
      }
    }
    reduce(promptOutputs, width, factor: 1 / Float(layout.windows), to: output)
    return output
  }

  func gradients(of gradient: Tensor, _ probabilities: Tensor, _ needs: [Bool]) -> [Tensor?] {
    let (dOutput, dBias) = (spread(gradient), needs[1] ? Tensor.zeros(bias.values.shape) : nil)
    let dqkv = Tensor.empty(qkv.shape)
    let promptGradients = Tensor.empty([layout.items, prompts, 3 * width])
    let body: (Range<Int>) -> Void = { items in
      let (input, result, dResult) = (buffer(3 * width), buffer(3 * width), buffer(width))
      var first = shape(0)
      let scratch = Tensor.empty([mope_attention_scratch(&first)])
      for item in items {
        var shape = shape(item)
        let q = gathered(item, qkv, 3 * width, input)
        let dOut = gathered(item, dOutput, width, dResult)
        let to =
          result?.mutablePointer ?? dqkv.mutablePointer + item * layout.windowTokens * 3 * width
        kernels.attention_gradient(
          &shape, q, nil, nil, q + width, q + 2 * width,
          probabilities.pointer + item * probabilityCount, dOut, to, nil, nil, to + width,
          to + 2 * width, dBias.map { $0.mutablePointer + kind(item) * kindCount },
          scratch.mutablePointer)
        scatter(item, result, 3 * width, to: dqkv, promptGradients)
      }
    }
    if dBias == nil {
      parallel(layout.items, work: 2 * work, body)
    } else {  // windows share the bias: one after the other
      body(0..<layout.items)
    }
    reduce(promptGradients, 3 * width, factor: 1, to: dqkv)
    return [needs[0] ? dqkv : nil, dBias]
  }

  /// The gradient of the output with the prompts' rows divided by the number of windows that their mean is over.
  private func spread(_ gradient: Tensor) -> Tensor {
    guard prompts > 0, layout.windows > 1 else { return gradient }
    let result = Tensor.empty(gradient.shape)
    let start = layout.rows.tokenRows * width
    result.mutablePointer.update(from: gradient.pointer, count: start)
    kernels.scale(
      gradient.count - start, 1 / Float(layout.windows), gradient.pointer + start,
      result.mutablePointer + start)
    return result
  }
}
