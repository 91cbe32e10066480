import Autograd
import Determinism
import Testing

@Suite struct SpatialOperationTests {
  /// `[B, H, W, C]` and `[outputs, height, width, C]`, by the definition.
  private func convolution(
    _ x: [Double], _ shape: [Int], _ weight: [Double], _ kernel: [Int], stride: Int, padding: Int
  ) -> [Double] {
    let (h, w, c) = (shape[1], shape[2], shape[3])
    let rows = (h + 2 * padding - kernel[1]) / stride + 1
    let columns = (w + 2 * padding - kernel[2]) / stride + 1
    var result: [Double] = []
    for image in 0..<shape[0] {
      for oy in 0..<rows {
        for ox in 0..<columns {
          for o in 0..<kernel[0] {
            var sum = 0.0
            for ky in 0..<kernel[1] {
              for kx in 0..<kernel[2] {
                let (y, x0) = (oy * stride + ky - padding, ox * stride + kx - padding)
                guard (0..<h).contains(y), (0..<w).contains(x0) else { continue }
                for j in 0..<c {
                  sum +=
                    x[((image * h + y) * w + x0) * c + j]
                    * weight[((o * kernel[1] + ky) * kernel[2] + kx) * c + j]
                }
              }
            }
            result.append(sum)
          }
        }
      }
    }
    return result
  }

  @Test(arguments: [
    ([2, 4, 5, 3], [2, 3, 3, 3], 1, 1), ([1, 3, 3, 17], [3, 1, 1, 17], 1, 0),
    ([3, 5, 4, 2], [2, 5, 3, 2], 2, 2), ([2, 1, 1, 4], [3, 3, 3, 4], 1, 1),
    ([1, 6, 6, 1], [1, 2, 3, 1], 3, 0),
  ]) func `a convolution sums products over neighbourhoods`(
    shape: [Int], kernel: [Int], stride: Int, padding: Int
  ) {
    expectGradient(
      [Operand(shape: shape), Operand(shape: kernel)],
      { conv2d($0[0], $0[1], stride: stride, padding: padding) }
    ) { self.convolution($0[0], shape, $0[1], kernel, stride: stride, padding: padding) }
    expectGradient(
      [Operand(shape: shape), .constant(kernel)],
      { conv2d($0[0], $0[1], stride: stride, padding: padding) }
    ) { self.convolution($0[0], shape, $0[1], kernel, stride: stride, padding: padding) }
  }

  @Test func `images that do not fit into one product give what they give alone`() {
    // 64 · 64 places of 9 · 32 entries are more than a million for one image: every image is a part of its own.
    var random = RandomStream(seed: 3)
    let shape = [3, 64, 64, 32]
    let x = Tensor((0..<shape.product).map { _ in Float(random.normal()) }, shape).variable
    let weight = Tensor((0..<2 * 9 * 32).map { _ in Float(random.normal()) }, [2, 3, 3, 32])
      .variable
    let together = conv2d(x, weight, padding: 1)
    let gradients = sum(together).backward()
    var weightGradient = Tensor.zeros(weight.shape)
    for b in 0..<3 {
      let alone = x.detached.slice(b..<b + 1).variable
      let y = conv2d(alone, weight, padding: 1)
      #expect(y.values == together.slice(b..<b + 1).values)
      let own = sum(y).backward()
      #expect(own[alone]?.values == gradients[x]?.slice(b..<b + 1).values)
      weightGradient = weightGradient + (own[weight] ?? .zeros(weight.shape))
    }
    // Sums of 12 288 products in another order.
    expectClose(
      gradients[weight]?.values ?? [], weightGradient.values.map(Double.init), 1e-5, "weight")
  }

  @Test(arguments: [(3, 4, 7, 9), (6, 6, 36, 36), (4, 5, 2, 3), (1, 1, 3, 2), (3, 3, 3, 6)])
  func `bilinear interpolation blends the four nearest places`(
    h: Int, w: Int, height: Int, width: Int
  ) {
    func taps(_ i: Int, _ source: Int, _ target: Int) -> [(Int, Double)] {
      let place = max(0, (Double(i) + 0.5) * Double(source) / Double(target) - 0.5)
      let first = Int(place)
      return [
        (first, 1 - (place - Double(first))), (min(first + 1, source - 1), place - Double(first)),
      ]
    }
    for c in [1, 3] {
      expectGradient([Operand(2, h, w, c)], { $0[0].resized(height, width) }) { x in
        (0..<2 * height * width * c).map { place in
          let (j, ox) = (place % c, place / c % width)
          let (oy, b) = (place / c / width % height, place / c / width / height)
          var sum = 0.0
          for (y, a) in taps(oy, h, height) {
            for (x0, e) in taps(ox, w, width) {
              sum += a * e * x[0][((b * h + y) * w + x0) * c + j]
            }
          }
          return sum
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 6]) func `adaptive pooling takes means of cells that cover the map`(
    cells: Int
  ) {
    let (h, w, c) = (4, 5, 3)
    expectGradient([Operand(2, h, w, c)], { $0[0].pooled(cells: cells) }) { x in
      (0..<2 * cells * cells * c).map { place in
        let (k, j, i, b) = (
          place % c, place / c % cells, place / c / cells % cells, place / c / cells / cells
        )
        let rows = (i * h / cells)..<Int((Double((i + 1) * h) / Double(cells)).rounded(.up))
        let columns = (j * w / cells)..<Int((Double((j + 1) * w) / Double(cells)).rounded(.up))
        let values = rows.flatMap { row in columns.map { x[0][((b * h + row) * w + $0) * c + k] } }
        return values.reduce(0, +) / Double(values.count)
      }
    }
  }

  @Test func `batch norm of maps is that of their places as rows`() {
    var random = RandomStream(seed: 5)
    let values = (0..<2 * 3 * 4 * 5).map { _ in Float(random.normal()) }
    let (weight, bias) = (Tensor([1, 2, 3, 4, 5], [5]), Tensor([0, 1, 0, 1, 0], [5]))
    let maps = batchNorm(Tensor(values, [2, 3, 4, 5]), weight: weight, bias: bias, epsilon: 1e-5)
    let rows = batchNorm(Tensor(values, [24, 5]), weight: weight, bias: bias, epsilon: 1e-5)
    #expect(maps.output.shape == [2, 3, 4, 5])
    #expect(maps.output.values == rows.output.values)
    #expect(maps.variance == rows.variance)
  }
}
