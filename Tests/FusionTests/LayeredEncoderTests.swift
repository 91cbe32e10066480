import Autograd
import Determinism
import Encoders
import Fusion
import NN
import TestSupport
import Testing

@Suite struct LayeredEncoderTests {
  let batch = Batch.random(3)

  private var all: [any LayeredEncoder] {
    let (vision, text, _) = frozenEncoders(3)
    return [vision, text]
  }

  @Test func `a pass in two parts is the whole pass`() {
    for encoder in all {
      let first = encoder.run(0..<1, encoder.input(batch, .evaluation), .evaluation)
      let last = encoder.run(1..<encoder.blockWidths.count, first, .evaluation)
      let whole = encoder.feature(batch, .evaluation, prompts: nil)
      #expect((largestDifference(encoder.pooled(last), whole) ?? .infinity) <= reorderingTolerance)
    }
  }

  @Test func `tokens put into a layer and dropped behind it are its prompts`() {
    for encoder in all {
      let state = encoder.input(batch, .evaluation)
      let (b, n, c) = state.tokens.shape3
      var random = RandomStream(seed: 1)
      let extra = Tensor((0..<b * 5 * c).map { _ in Float(random.normal()) }, [b, 5, c])
      let prompted = encoder.layer(
        0, state, prompts: extra, onlyFirst: false, .evaluation)
      for place in [1, n] {
        let all = encoder.layer(
          0, state.inserting(extra, at: place), prompts: nil, onlyFirst: false, .evaluation)
        #expect(all.shape == [b, n + 5, c])
        let kept = concatenated(
          [all.slice(0..<place, axis: 1), all.slice(place + 5..<n + 5, axis: 1)], axis: 1)
        #expect((largestDifference(kept, prompted) ?? .infinity) <= reorderingTolerance)
      }
    }
  }
}
