import Autograd
import Determinism
import Encoders
import Foundation
import Fusion
import NN
import TestSupport
import Testing

/// The authors' network on random weights (`Tests/Fixtures/authors-swin-tiny`, or the folder that the environment
/// variable `MOPE_AUTHORS_FIXTURE` names).
private struct AuthorsFixture {
  let folder: String
  let sizes: Sizes

  struct Sizes: Decodable {
    let image, patch, width, window, experts, length: Int
    let depths, heads: [Int]
    let crossWidth, ownWidth, textWidth: Int
    let temperature, importanceThreshold, importanceWeight: Float

    enum CodingKeys: String, CodingKey {
      case image = "img_size"
      case patch = "patch_size"
      case width = "embed_dim"
      case window = "window_size"
      case experts = "moe_n_experts"
      case length = "prompt_length"
      case depths
      case heads = "num_heads"
      case crossWidth = "d_cross"
      case ownWidth = "d_inter"
      case textWidth = "text_dim"
      case temperature
      case importanceThreshold = "importance_threshold"
      case importanceWeight = "importance_weight"
    }
  }

  init() throws {
    folder =
      ProcessInfo.processInfo.environment["MOPE_AUTHORS_FIXTURE"]
      ?? Fixture("authors-swin-tiny").folder
    sizes = try JSONDecoder().decode(
      Sizes.self, from: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/config.json")))
  }

  func file(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: "\(folder)/\(name).safetensors")
  }

  private var configuration: MoPEConfiguration {
    var c = MoPEConfiguration()
    c.experts = sizes.experts
    c.length = sizes.length
    c.ownWidth = sizes.ownWidth
    c.crossWidth = sizes.crossWidth
    c.temperature = sizes.temperature
    c.routingFeature = .mean
    c.released.stageEntry = .inherit
    c.mapperSharing = .perWidth
    c.mapperNorm = .frozenStatistics
    c.dropsPrompts = .mapped
    return c
  }

  /// - Parameter wrap: what the model takes for its main encoder.
  func model(
    _ feature: Tensor, sharing: WindowPrompts, wrap: @escaping (Swin) -> any Encoder = { $0 }
  ) throws -> MoPE {
    let swin = SwinConfiguration(
      imageSize: sizes.image, patchSize: sizes.patch, width: sizes.width,
      depths: sizes.depths, heads: sizes.heads, window: sizes.window)
    let weights = AuthorsWeights(try file("weights"), sizes)
    return try MoPE(
      configuration,
      main: EncoderPlan(name: "vision", tuning: .frozen) { wrap(Swin(swin, sharing: sharing, $0)) },
      complementary: EncoderPlan(name: "text", tuning: .frozen) { _ in GivenFeature(value: feature)
      },
      outputs: try weights.file.require("head.bias").count, weights: weights,
      random: RandomStream(seed: 0))
  }
}

/// An encoder whose feature is given.
private struct GivenFeature: Encoder {
  let value: Tensor
  var blockWidths: [Int] { [] }
  var featureWidth: Int { value.shape2.1 }
  var promptBound: Float { 0 }
  func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor { value }
}

/// A Swin that keeps its final tokens.
private final class WatchedSwin: Encoder {
  let swin: Swin
  private(set) var tokens: Tensor?
  init(_ swin: Swin) { self.swin = swin }

  var blockWidths: [Int] { swin.blockWidths }
  var featureWidth: Int { swin.featureWidth }
  var promptBound: Float { swin.promptBound }
  var carriesPrompts: Bool { true }
  func feature(_ batch: Batch, _ mode: Mode, prompts: PromptSource?) -> Tensor {
    let tokens = swin.tokens(batch.images ?? .zeros([0]), mode, prompts: prompts)
    self.tokens = tokens
    return mean(tokens, axis: 1)
  }
}

/// The authors' weights under our names.
private struct AuthorsWeights: Checkpoint {
  let file: SafetensorsFile
  let sizes: AuthorsFixture.Sizes

  init(_ file: SafetensorsFile, _ sizes: AuthorsFixture.Sizes) {
    self.file = file
    self.sizes = sizes
  }

  var source: String { file.source }
  /// None: which of the authors' names nothing takes has a test of its own below.
  var names: [String] { [] }

  func tensor(_ name: String) throws -> Tensor? {
    guard let (key, cut) = place(name) else { return nil }
    return try file.tensor(key).map(cut)
  }

  /// Where a tensor of ours is in the authors' file: its key, and which part of it.
  func place(_ name: String) -> (key: String, cut: (Tensor) -> Tensor)? {
    let words = name.split(separator: ".").map(String.init)
    if words[0] == "mope" { return promptPlace(words) }
    if words[0] == "head" { return (name, { $0 }) }
    guard words[0] == "vision" else { return nil }
    return encoderPlace(words.dropFirst(2).joined(separator: "."))
  }

  private func encoderPlace(_ name: String) -> (String, (Tensor) -> Tensor)? {
    var key = name
    let renamed = [
      ("embeddings.patch_embeddings.projection", "patch_embed.proj"),
      ("embeddings.norm", "patch_embed.norm"), ("encoder.", ""), ("layernorm_before", "norm1"),
      ("layernorm_after", "norm2"), ("layernorm", "norm"), ("attention.output.dense", "attn.proj"),
      ("attention.self", "attn"), ("intermediate.dense", "mlp.fc1"), ("output.dense", "mlp.fc2"),
    ]
    for (ours, theirs) in renamed { key = key.replacingOccurrences(of: ours, with: theirs) }
    for (i, part) in ["attn.query", "attn.key", "attn.value"].enumerated() where key.contains(part) {
      return (
        key.replacingOccurrences(of: part, with: "attn.qkv"),
        { stacked in
          let rows = stacked.shape[0] / 3
          return stacked.slice(i * rows..<(i + 1) * rows)
        }
      )
    }
    return (key, { $0 })
  }

  private func promptPlace(_ words: [String]) -> (String, (Tensor) -> Tensor)? {
    let rest = words.dropFirst(3).joined(separator: ".")
    switch words[1] {
    case "input": return ("prompt_embeddings", { $0 })
    case "mapper":
      switch words[2] {
      case "down": return ("mm_prompt_instruction_proj.0.\(rest)", { $0 })
      case "norm": return ("mm_prompt_instruction_proj.1.\(rest)", { $0 })
      default: return ("prompt_proj_\(rest)", { $0 })
      }
    default: break
    }
    guard let index = Int(words[2]) else { return nil }
    let (stage, block) = stageAndBlock(index)
    switch words[1] {
    case "static":  // index 0 of [1 + k, blocks, l, C]
      return (
        "deep_prompt_embeddings_\(stage)",
        { bank in
          let (_, _, l, c) = bank.shape4
          return bank.slice(0..<1).slice(block..<block + 1, axis: 1).reshaped(l, c)
        }
      )
    case "experts":
      return (
        "deep_prompt_embeddings_\(stage)",
        { bank in
          let (count, _, l, c) = bank.shape4
          return bank.slice(1..<count).slice(block..<block + 1, axis: 1).reshaped(count - 1, l, c)
        }
      )
    case "router":
      let names = [
        "own": "mm_prompt_self_proj", "cross": "mm_prompt_cross_proj",
        "keys": "mm_frozen_expert_key_embed",
      ]
      var parts = rest.split(separator: ".").map(String.init)
      parts[0] = names[parts[0]] ?? parts[0]
      return ("layers.\(stage).blocks.\(block).\(parts.joined(separator: "."))", { $0 })
    default: return nil
    }
  }

  private func stageAndBlock(_ index: Int) -> (Int, Int) {
    var (stage, block) = (0, index)
    while block >= sizes.depths[stage] {
      block -= sizes.depths[stage]
      stage += 1
    }
    return (stage, block)
  }
}

@Suite struct AuthorsParityTests {
  /// A few hundred roundings of floats: what `Tests/Fixtures/authors-swin-tiny/README.md` expects.
  let forward = 1e-5
  let backward = 1e-4

  private struct Result {
    let model: MoPE
    let output: FusionOutput
    let importance: Tensor
  }

  private func run(_ fixture: AuthorsFixture, _ file: SafetensorsFile, _ sharing: WindowPrompts)
    throws
    -> Result
  {
    let model = try fixture.model(try file.require("input.text_feature"), sharing: sharing)
    let images = try file.require("input.image")
    let output = model(Batch(size: images.shape[0], images: images), .evaluation)
    let importance = mean(
      output.routing.map {
        importanceLoss($0.weights, threshold: fixture.sizes.importanceThreshold)
      })
    return Result(model: model, output: output, importance: importance)
  }

  private func expectEqual(_ result: Result, _ fixture: AuthorsFixture, _ file: SafetensorsFile)
    throws
  {
    let expected = try file.require("output.feature")
    #expect(try #require(largestDifference(result.output.feature, expected)) <= forward)
    let importance = result.importance.reshaped(1)
    let expectedImportance = try file.require("output.importance_loss")
    #expect(try #require(largestDifference(importance, expectedImportance)) <= forward)
    #expect(
      file.names.filter { $0.hasPrefix("output.routing.") }.count == result.output.routing.count)
    for (i, routing) in result.output.routing.enumerated() {
      let expected = try file.require("output.routing.\(i)")
      #expect(try #require(largestDifference(routing.weights, expected)) <= forward, "routing \(i)")
    }
    try expectGradients(result, fixture, file)
  }

  private func expectGradients(
    _ result: Result, _ fixture: AuthorsFixture, _ file: SafetensorsFile
  ) throws {
    let objective =
      sum(result.output.feature * (try file.require("input.cotangent")))
      + result.importance * fixture.sizes.importanceWeight
    let gradients = objective.backward()
    let weights = AuthorsWeights(try fixture.file("weights"), fixture.sizes)
    var compared: Set<String> = []
    for parameter in result.model.store.trainable where !parameter.name.hasPrefix("head.") {
      let (key, cut) = try #require(weights.place(parameter.name), "\(parameter.name)")
      let stored = try file.require("grad.\(key)")
      let error = try #require(
        largestDifference(gradients[parameter], cut(stored)), "\(parameter.name)")
      #expect(error <= backward, "\(parameter.name)")
      compared.insert("grad.\(key)")
    }
    #expect(Set(file.names.filter { $0.hasPrefix("grad.") }) == compared)
  }

  @Test func `features, routing, importance loss and every gradient equal the authors'`() throws {
    let fixture = try AuthorsFixture()
    let file = try fixture.file("case-own-tiling")
    try expectEqual(try run(fixture, file, .ownImage), fixture, file)
  }

  @Test func `tokens equal the authors'`() throws {
    let fixture = try AuthorsFixture()
    let file = try fixture.file("case-own-tiling")
    var watched: WatchedSwin?
    let model = try fixture.model(try file.require("input.text_feature"), sharing: .ownImage) {
      let swin = WatchedSwin($0)
      watched = swin
      return swin
    }
    let images = try file.require("input.image")
    _ = model(Batch(size: images.shape[0], images: images), .evaluation)
    let tokens = watched?.tokens
    #expect(try #require(largestDifference(tokens, try file.require("output.tokens"))) <= forward)
  }

  @Test func `the released window order equals the authors' released code, and is another`() throws {
    let fixture = try AuthorsFixture()
    let file = try fixture.file("case-mixed-tiling")
    try expectEqual(try run(fixture, file, .authorsMixed), fixture, file)
    let own = try run(fixture, file, .ownImage).output.feature
    let mixed = try file.require("output.feature")
    #expect(try #require(largestDifference(own, mixed)) > 100 * forward)
  }

  @Test func `every weight of the authors is read or known to be unused`() throws {
    let fixture = try AuthorsFixture()
    let file = try fixture.file("weights")
    let weights = AuthorsWeights(file, fixture.sizes)
    let model = try fixture.model(.zeros([1, fixture.sizes.textWidth]), sharing: .ownImage)
    let names = model.store.parameters.flatMap(\.parts) + model.store.buffers.map(\.name)
    let read = Set(names.compactMap { weights.place($0)?.key })
    let unread = file.names.filter { name in
      // Tables that follow from the sizes, a counter, and the routers of blocks that are not routed.
      !read.contains(name) && !name.hasSuffix("relative_position_index")
        && !name.hasSuffix("attn_mask")
        && !name.hasSuffix("num_batches_tracked") && !name.contains(".blocks.0.mm_")
    }
    #expect(unread == [])
  }
}
