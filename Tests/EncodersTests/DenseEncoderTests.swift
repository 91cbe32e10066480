import Autograd
import Determinism
import Encoders
import NN
import TestSupport
import Testing

@Suite struct DenseEncoderTests {
  private static let sizes = SwinConfiguration(
    imageSize: 32, patchSize: 2, width: 8, depths: [2, 2, 1], heads: [2, 2, 2], window: 4,
    hiddenRatio: 2)
  private let store = ParameterStore(random: RandomStream(seed: 0))
  private let swin: Swin
  private let batch: Batch

  init() {
    swin = Swin(Self.sizes, store.root)
    var random = RandomStream(seed: 8)
    batch = Batch(
      size: 2,
      images: Tensor((0..<2 * 3 * 32 * 32).map { _ in Float(random.normal()) }, [2, 3, 32, 32]))
  }

  @Test func `maps are as large as they say`() {
    let before = swin.mapShapes(.beforeMerging)
    #expect(before.map(\.channels) == [8, 16, 32])
    #expect(before.map(\.side) == [16, 8, 4])
    let after = swin.mapShapes(.afterMerging)
    #expect(after.map(\.channels) == [16, 32, 32])
    #expect(after.map(\.side) == [8, 4, 4])
    for end in [StageEnd.beforeMerging, .afterMerging] {
      let maps = swin.maps(batch, .evaluation, at: end, prompts: nil)
      #expect(maps.map(\.shape) == swin.mapShapes(end).map { [2, $0.side, $0.side, $0.channels] })
    }
  }

  @Test func `Swin-B at 384 pixels gives the authors' maps`() {
    let large = Swin(.base384, ParameterStore(random: RandomStream(seed: 0)).root.undefined)
    let shapes = large.mapShapes(.afterMerging)
    #expect(shapes.map(\.channels) == [256, 512, 1024, 1024])
    #expect(shapes.map(\.side) == [48, 24, 12, 12])
  }

  @Test func `maps behind merging are the inputs of the next stages, without their prompts`() throws {
    let images = try #require(batch.images)
    let prompts: PromptSource = { input in
      Tensor.full([2, 3, Self.sizes.blockWidths[input.index]], 0.3)
    }
    var inputs: [Tensor] = []
    let tokens = swin.tokens(images, prompts: prompts) { _, patches in inputs.append(patches) }
    let maps = swin.maps(batch, .evaluation, at: .afterMerging, prompts: prompts)
    #expect(maps[0].values == inputs[2].values)
    #expect(maps[1].values == inputs[4].values)
    #expect(maps[2].values == tokens.slice(3..<19, axis: 1).values)  // through the final norm
    let plain = swin.maps(batch, .evaluation, at: .afterMerging, prompts: nil)
    #expect(plain[0].values != maps[0].values)
  }

  @Test func `the map in front of merging is what merging reads`() throws {
    let maps = swin.maps(batch, .evaluation, at: .beforeMerging, prompts: nil)
    let next = swin.maps(batch, .evaluation, at: .afterMerging, prompts: nil)[0]
    // The four neighbours of each merged place, in Swin's order, normed and reduced by hand.
    func parameter(_ name: String) throws -> Tensor {
      try #require(store.parameters.first { $0.name == name }).value.detached
    }
    let x = maps[0].detached  // [2, 16, 16, 8]
    var rows: [Float] = []
    let values = x.values
    for b in 0..<2 {
      for i in 0..<8 {
        for j in 0..<8 {
          for (di, dj) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let start = ((b * 16 + 2 * i + di) * 16 + 2 * j + dj) * 8
            rows += values[start..<start + 8]
          }
        }
      }
    }
    let normed = layerNorm(
      Tensor(rows, [128, 32]), weight: try parameter("encoder.layers.0.downsample.norm.weight"),
      bias: try parameter("encoder.layers.0.downsample.norm.bias"), epsilon: 1e-5)
    let expected = linear(normed, try parameter("encoder.layers.0.downsample.reduction.weight"))
    let error = try #require(largestDifference(next.detached.reshaped(128, 16), expected))
    #expect(error <= 1e-5)  // sums of 32 products in another order
  }
}
