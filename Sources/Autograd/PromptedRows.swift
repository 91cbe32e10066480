import CKernels
import Determinism

/// How the tokens of a batch lie in the rows of a matrix: `tokens` rows of every image, image after image, then
/// `prompts` rows of every image. Linear layers and norms then take all of them in one call.
public struct PromptedRows: Equatable, Sendable {
  public let images: Int
  /// Tokens per image (N), prompts not counted.
  public let tokens: Int
  /// Prompts per image (P).
  public let prompts: Int

  public init(images: Int, tokens: Int, prompts: Int) {
    self.images = images
    self.tokens = tokens
    self.prompts = prompts
  }

  public var tokenRows: Int { images * tokens }
  public var count: Int { images * (tokens + prompts) }
}

extension Tensor {
  /// Tokens in another order, then prompts, in one pass: `[B·(N + P), C]` → `[B·N + prompts, C]`.
  /// - Parameters:
  ///   - rows: what the rows of this matrix are.
  ///   - order: for each place in an image, the token that comes there; every token once. Nil leaves them.
  ///   - prompts: rows to end with, instead of the prompts there are; nil keeps those.
  public func arranged(_ rows: PromptedRows, order: [Int32]?, prompts: Tensor? = nil) -> Tensor {
    let (count, width) = shape2
    require(count == rows.count, "arranged: \(count) rows for \(rows)")
    require(order.map { $0.count == rows.tokens } ?? true, "arranged: an order of another length")
    let kept = rows.tokenRows
    let ending = prompts?.shape2.0 ?? rows.images * rows.prompts
    let y = Tensor.empty([kept + ending, width])
    copyTokens(rows, width, order, from: pointer, to: y.mutablePointer, inverse: false)
    let last = prompts?.pointer ?? pointer + kept * width
    (y.mutablePointer + kept * width).update(from: last, count: ending * width)
    let replaces = prompts != nil
    return y.derived(from: [self] + (prompts.map { [$0] } ?? [])) { gradient, needs in
      let end = gradient.slice(kept..<kept + ending)
      var dx: Tensor?
      if needs[0] {
        let result = Tensor.empty([count, width])
        copyTokens(
          rows, width, order, from: gradient.pointer, to: result.mutablePointer, inverse: true)
        let prompts = result.mutablePointer + kept * width
        if replaces {
          prompts.update(repeating: 0, count: rows.images * rows.prompts * width)
        } else {
          prompts.update(from: end.pointer, count: ending * width)
        }
        dx = result
      }
      return [dx] + (replaces ? [end] : [])
    }
  }

  /// The mean over all tokens and prompts of each image: `[B·(N + P), C]` → `[B, C]`.
  public func means(_ rows: PromptedRows) -> Tensor {
    let (count, width) = shape2
    require(
      count == rows.count && rows.tokens + rows.prompts > 0, "means: \(count) rows for \(rows)")
    let y = Tensor.zeros([rows.images, width])
    let factor = 1 / Float(rows.tokens + rows.prompts)
    for b in 0..<rows.images {
      for part in rows.parts(of: b) {
        kernels.add_column_sums(
          part.count, width, pointer + part.lowerBound * width, width, y.mutablePointer + b * width)
      }
    }
    kernels.scale(y.count, factor, y.pointer, y.mutablePointer)
    return y.derived(from: [self]) { gradient, _ in
      let share = scaled(gradient, factor)
      let dx = Tensor.empty([count, width])
      for b in 0..<rows.images {
        for row in rows.parts(of: b).joined() {
          (dx.mutablePointer + row * width).update(from: share.pointer + b * width, count: width)
        }
      }
      return [dx]
    }
  }

  /// All rows of image b times `factors[b]`.
  public func multiplied(_ rows: PromptedRows, by factors: [Float]) -> Tensor {
    let (count, width) = shape2
    require(
      count == rows.count && factors.count == rows.images, "multiplied: \(count) rows for \(rows)")
    func product(_ x: Tensor) -> Tensor {
      let y = Tensor.empty([count, width])
      for (b, factor) in factors.enumerated() {
        for part in rows.parts(of: b) {
          let start = part.lowerBound * width
          kernels.scale(part.count * width, factor, x.pointer + start, y.mutablePointer + start)
        }
      }
      return y
    }
    return product(self).derived(from: [self]) { gradient, _ in [product(gradient)] }
  }
}

extension PromptedRows {
  /// The rows of one image: its tokens, its prompts.
  func parts(of image: Int) -> [Range<Int>] {
    [
      image * tokens..<(image + 1) * tokens,
      tokenRows + image * prompts..<tokenRows + (image + 1) * prompts,
    ]
  }
}

/// Copies the token rows: to place i comes token `order[i]`, or with `inverse` token i goes to place `order[i]`.
private func copyTokens(
  _ rows: PromptedRows, _ width: Int, _ order: [Int32]?, from source: UnsafePointer<Float>,
  to target: UnsafeMutablePointer<Float>, inverse: Bool
) {
  guard let order else { return target.update(from: source, count: rows.tokenRows * width) }
  order.withUnsafeBufferPointer { order in
    parallel(rows.tokenRows, work: rows.tokenRows * width) { part in
      for row in part {
        let place = row % rows.tokens
        let other = row - place + Int(order[place])
        let (from, to) = inverse ? (row, other) : (other, row)
        (target + to * width).update(from: source + from * width, count: width)
      }
    }
  }
}
