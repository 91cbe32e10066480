import Determinism
import Encoders
import NN
import Testing

/// Parameters at full size (METHOD.md §6), counted without making them.
@Suite struct EncoderParameterCountTests {
  private func count(_ make: (Scope) -> Void) -> Int {
    let store = ParameterStore(random: RandomStream(seed: 0))
    make(store.root.undefined)
    return store.count
  }

  @Test func `encoders have the parameters of the published checkpoints`() {
    #expect(count { _ = Swin(.base, $0) } == 86_743_224)
    #expect(count { _ = Swin(.base384, $0) } == 86_878_584)
    #expect(count { _ = ViT(.base, $0) } == 85_798_656)
    #expect(count { _ = ViT(.base, pools: true, $0) } == 86_389_248)
    #expect(count { _ = BERT(.base, $0) } == 108_891_648)
    #expect(count { _ = BERT(.base, output: .pooler, $0) } == 109_482_240)
    #expect(count { _ = GPT2(.small, $0) } == 124_439_808)
    #expect(count { _ = Longformer(.base, output: .pooler, $0) } == 148_659_456)
    // The checkpoint has 768 more: the embedding of masked frames, which only pretraining uses.
    #expect(count { _ = Wav2Vec2(.base, $0) } == 94_371_712 - 768)
    #expect(count { _ = BagOfWords(.base, $0) } == 23_440_896 + 590_592)
  }
}
