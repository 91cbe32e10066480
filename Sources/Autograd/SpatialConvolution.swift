import Determinism

/// Convolution over maps, channels last (PyTorch `F.conv2d` with zero padding): `[B, H, W, C]` → `[B, H′, W′, outputs]`
/// with `H′ = (H + 2·padding − height) / stride + 1`.
///
/// The neighbourhoods of some images at a time are laid out as rows of a matrix; the rest is one product.
/// - Parameter weight: `[outputs, height, width, C]`
public func conv2d(_ x: Tensor, _ weight: Tensor, stride: Int = 1, padding: Int = 0) -> Tensor {
  let layout = Neighbourhoods(x.shape, weight.shape, stride: stride, padding: padding)
  let (rows, columns, outputs) = (layout.rows, layout.columns, layout.outputs)
  let y = Tensor.empty([layout.batch, layout.outHeight, layout.outWidth, outputs])
  let scratch = Tensor.empty([layout.imagesAtOnce * rows, columns])
  layout.forEachPart { images in
    layout.lay(images, from: x.pointer, in: scratch.mutablePointer)
    gemm(
      images.count * rows, outputs, columns, MatrixView(pointer: scratch.pointer, stride: columns),
      MatrixView(pointer: weight.pointer, stride: columns, transposed: true),
      y.mutablePointer + images.lowerBound * rows * outputs, stride: outputs)
  }
  let savedX = weight.requiresGradient ? x.detached : nil
  let savedWeight = x.requiresGradient ? weight.detached : nil
  let shapes = (x: x.shape, weight: weight.shape)
  return y.derived(from: [x, weight]) { dy, _ in
    let dx = savedWeight.map { _ in Tensor.zeros(shapes.x) }
    let dWeight = savedX.map { _ in Tensor.empty(shapes.weight) }
    let scratch = Tensor.empty([layout.imagesAtOnce * rows, columns])
    layout.forEachPart { images in
      let slope = dy.pointer + images.lowerBound * rows * outputs
      if let dWeight, let savedX {  // dW = dyᵀ columns
        layout.lay(images, from: savedX.pointer, in: scratch.mutablePointer)
        gemm(
          outputs, columns, images.count * rows,
          MatrixView(pointer: slope, stride: outputs, transposed: true),
          MatrixView(pointer: scratch.pointer, stride: columns), dWeight.mutablePointer,
          stride: columns, beta: images.lowerBound == 0 ? 0 : 1)
      }
      if let dx, let savedWeight {  // dcolumns = dy W, added up where neighbourhoods overlap
        gemm(
          images.count * rows, columns, outputs, MatrixView(pointer: slope, stride: outputs),
          MatrixView(pointer: savedWeight.pointer, stride: columns), scratch.mutablePointer,
          stride: columns)
        layout.add(images, of: scratch.pointer, to: dx.mutablePointer)
      }
    }
    return [dx, dWeight]
  }
}

/// The neighbourhoods a convolution looks at, as rows `[height, width, C]` of a matrix, one for each place of the output.
private struct Neighbourhoods {
  let batch, height, width, channels, outputs, kernelHeight, kernelWidth, stride, padding: Int
  let outHeight, outWidth: Int

  init(_ x: [Int], _ weight: [Int], stride: Int, padding: Int) {
    require(
      x.count == 4 && weight.count == 4 && weight[3] == x[3] && stride > 0 && padding >= 0
        && x[1] + 2 * padding >= weight[1] && x[2] + 2 * padding >= weight[2],
      "conv2d: weight \(weight) with stride \(stride) and padding \(padding) does not fit \(x)")
    (batch, height, width, channels) = (x[0], x[1], x[2], x[3])
    (outputs, kernelHeight, kernelWidth) = (weight[0], weight[1], weight[2])
    self.stride = stride
    self.padding = padding
    outHeight = (height + 2 * padding - kernelHeight) / stride + 1
    outWidth = (width + 2 * padding - kernelWidth) / stride + 1
  }

  /// Places of the output per image.
  var rows: Int { outHeight * outWidth }
  var columns: Int { kernelHeight * kernelWidth * channels }
  /// As many images as have about a million entries, so that the matrix stays in the cache.
  var imagesAtOnce: Int { min(batch, max(1, (1 << 20) / max(1, rows * columns))) }

  func forEachPart(_ body: (Range<Int>) -> Void) {
    for first in Swift.stride(from: 0, to: batch, by: imagesAtOnce) {
      body(first..<min(batch, first + imagesAtOnce))
    }
  }

  /// Copies neighbourhoods; 0 outside of the map.
  func lay(
    _ images: Range<Int>, from x: UnsafePointer<Float>, in matrix: UnsafeMutablePointer<Float>
  ) {
    forEachRun(images) { place, source, skipped, count in
      let run = matrix + place
      let total = kernelWidth * channels
      if skipped > 0 { run.update(repeating: 0, count: skipped) }
      if count > 0 { (run + skipped).update(from: x + source, count: count) }
      if skipped + count < total {
        (run + skipped + count).update(repeating: 0, count: total - skipped - count)
      }
    }
  }

  /// Adds every entry to where `lay` took it from.
  func add(
    _ images: Range<Int>, of matrix: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>
  ) {
    forEachRun(images) { place, source, skipped, count in
      guard count > 0 else { return }
      kernels.add_scaled(count, 1, matrix + place + skipped, dx + source)
    }
  }

  /// Calls `body` for each row of each neighbourhood: where it starts in the matrix, where its part on the map starts,
  /// how many of its floats lie before the map, and how many on it.
  private func forEachRun(_ images: Range<Int>, _ body: (Int, Int, Int, Int) -> Void) {
    var place = 0
    for image in images {
      for oy in 0..<outHeight {
        for ox in 0..<outWidth {
          let left = ox * stride - padding
          let first = max(0, -left)
          let last = min(kernelWidth, width - left)
          for ky in 0..<kernelHeight {
            let row = oy * stride + ky - padding
            let onMap = row >= 0 && row < height && last > first
            body(
              place, onMap ? ((image * height + row) * width + left + first) * channels : 0,
              onMap ? first * channels : 0, onMap ? (last - first) * channels : 0)
            place += kernelWidth * channels
          }
        }
      }
    }
  }
}
