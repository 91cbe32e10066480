import Autograd
import Determinism
import Encoders
import NN
import Testing

@Suite struct AttentionWatcherTests {
  private static let configuration = ViTConfiguration(
    imageSize: 12, patchSize: 4, width: 8, layers: 2, heads: 2, hiddenWidth: 16, epsilon: 1e-6)

  private func images(_ count: Int) -> Tensor {
    var random = RandomStream(seed: 3).stream("images")
    return Tensor((0..<count * 3 * 144).map { _ in Float(random.normal()) }, [count, 3, 12, 12])
  }

  @Test func `watching changes no feature, and shares of the patches sum to one`() {
    let store = ParameterStore(random: RandomStream(seed: 1))
    let plain = ViT(Self.configuration, store.root)
    let watcher = AttentionWatcher(plain)
    let batch = Batch(size: 2, images: images(2))
    let feature = watcher.feature(batch, .evaluation, prompts: nil)
    #expect(feature.values == plain.feature(batch, .evaluation, prompts: nil).values)
    #expect(watcher.map.count == 2)
    for map in watcher.map {
      #expect(map.count == 9)
      #expect(abs(map.reduce(0, +) - 1) < 1e-5)
      #expect(map.allSatisfy { $0 > 0 })
    }
    #expect(watcher.map[0] != watcher.map[1])
  }

  /// With all queries zero every key gets the same score: nine equal patches, whatever the prompts.
  @Test func `without a query attention is even`() throws {
    let store = ParameterStore(random: RandomStream(seed: 1))
    let vit = ViT(Self.configuration, store.root)
    for parameter in store.parameters where parameter.name.contains("layer.1.attention.attention") {
      parameter.value.overwrite(with: Tensor.zeros(parameter.shape))
    }
    let watcher = AttentionWatcher(vit)
    _ = watcher.feature(Batch(size: 1, images: images(1)), .evaluation) { _ in Tensor.full([1, 3, 8], 0.5) }
    for share in try #require(watcher.map.first) { #expect(abs(share - 1 / 9) < 1e-6) }
  }
}
