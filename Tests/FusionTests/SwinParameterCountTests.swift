import Autograd
import Determinism
import Encoders
import Fusion
import NN
import Testing

/// Parameters of the papers' networks at full size (METHOD.md §15). The frozen encoders
/// have undefined values, so nothing of their size is computed.
@Suite struct SwinParameterCountTests {
  private let swin = EncoderPlan(name: "vision", tuning: .frozen) { Swin(.base, $0.undefined) }
  private let vit = EncoderPlan(name: "vision", tuning: .frozen) { ViT(.base, $0.undefined) }
  private let bert = EncoderPlan(name: "text", tuning: .frozen, promptLength: 4) {
    BERT(.base, $0.undefined)
  }

  private func counts(
    _ change: (inout MoPEConfiguration) -> Void, main: EncoderPlan? = nil
  ) throws -> [Int] {
    var configuration = MoPEConfiguration()
    configuration.mapperSharing = .perWidth
    configuration.experts = 4
    change(&configuration)
    return try [3, 23, 101].map { classes in
      try MoPE(
        configuration, main: main ?? swin, complementary: bert, outputs: classes,
        random: RandomStream(seed: 0)
      ).store.trainableCount
    }
  }

  @Test func `the first paper's router on Swin`() throws {
    let four = try counts {
      $0.router = .unimodal
      $0.released.sharesFirstRouter = true
    }
    #expect(four == [1_506_911, 1_527_411, 1_607_361])
    let sixteen = try counts {
      $0.router = .unimodal
      $0.released.sharesFirstRouter = true
      $0.experts = 16
    }
    #expect(sixteen == [2_585_459, 2_605_959, 2_685_909])
  }

  @Test func `the multimodal router on Swin`() throws {
    #expect(try counts { _ in } == [1_607_923, 1_628_423, 1_708_373])
    #expect(try counts { $0.experts = 16 } == [2_474_227, 2_494_727, 2_574_677])
  }

  @Test func `the multimodal router on ViT with three up-projections`() throws {
    let found = try counts({ $0.mapperSharing = .perBlocks(4) }, main: vit)
    #expect(found == [1_591_035, 1_606_415, 1_666_397])
  }

  @Test func `stages that inherit have input prompts and nothing for their first blocks`() throws {
    // 13·128 more; the authors' code keeps the 86 056 of the first blocks, which never get a gradient.
    let found = try counts { $0.released.stageEntry = .inherit }
    #expect(found == [1_607_923, 1_628_423, 1_708_373].map { $0 + 1_664 - 86_056 })
  }
}
