import Autograd
import Determinism
import NN
import Pretraining
import Testing

@Suite struct TaggingTests {
  @Test func `tagging hums is learned`() throws {
    let store = ParameterStore(random: RandomStream(seed: 1))
    let task = try Tagging.sounds(store, PretrainingRecipe(.wav2vec2), limit: 16)
    try store.validate()
    let optimizer = AdamW([ParameterGroup(store.trainable, learningRate: 2e-3, weightDecay: 0)])
    let all = Array(0..<task.count)
    var losses: [Float] = []
    for step in 0..<80 {
      losses.append(
        try optimizer.step(of: "hums", clipping: 1) { _ in
          task.loss(all, .training(RandomStream(seed: 2).stream(step)))
        })
    }
    // It starts near ln 2: new weights are small, and a mean over 16 · 26 tags hardly moves. Shares alone, the same for every sound, would end at 0.43.
    #expect(abs(losses[0] - 0.69) < 0.1)
    #expect(losses[79] < 0.4)
    #expect(
      Set(task.probes().keys) == [
        "F1 of all tags", "F1 of pitch bands", "F1 of slope bands", "F1 of tempo bands",
        "F1 of swell bands",
      ])
  }
}
