import Encoders
import Foundation
import Published
import TestSupport
import Testing

@Suite struct WeightsTests {
  @Test func `the listed encoders have the published numbers of parameters`() throws {
    let counts = Dictionary(
      uniqueKeysWithValues: PublishedWeights.all.map { ($0.name, $0.parameterCount) })
    // The sums of their layers' sizes.
    #expect(counts["swin-base-22k"] == 86_743_224)
    #expect(counts["swin-base-384-22k"] == 86_878_584)
    #expect(counts["vit-base-21k"] == 85_798_656)
    #expect(counts["bert-base"] == 108_891_648)
    #expect(counts["gpt2"] == 124_439_808)
  }

  @Test func `names and repositories are different, and addresses name the revision`() throws {
    let all = PublishedWeights.all
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(Set(all.map(\.repository)).count == all.count)
    let swin = try #require(all.first { $0.name == "swin-base-384-22k" })
    #expect(
      swin.address(swin.files[1])
        == "https://huggingface.co/microsoft/swin-base-patch4-window12-384-in22k/resolve/refs%2Fpr%2F1/model.safetensors"
    )
  }

  /// A folder of checkpoints with one small encoder of the fixtures under the name of a listed one.
  private func folder(_ name: String, holding fixture: String) throws -> String {
    let root = try temporaryPath("weights-\(name)")
    try? FileManager.default.removeItem(atPath: root)
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: Fixture(fixture).folder, toPath: "\(root)/\(name)")
    return root
  }

  private func small(_ fixture: String, _ configuration: EncoderConfiguration) -> PublishedWeights {
    let files = ["config.json", "model.safetensors"].map {
      PublishedWeights.File(name: $0, sha256: nil, isOptional: false)
    }
    return PublishedWeights(
      name: "small", repository: "nobody/small", revision: "main", files: files,
      expected: configuration, use: "tests",
      hint: nil)
  }

  @Test func `another size than the listed one is wrong, and the field is named`() throws {
    let root = try folder("vit-base-21k", holding: "vit")
    let weights = try #require(PublishedWeights.all.first { $0.name == "vit-base-21k" })
    guard case .wrong(let reason) = weights.check(in: root).state else {
      Issue.record("not seen")
      return
    }
    #expect(reason.contains("vit-base-21k/config.json"))
    #expect(
      reason.contains("expected") && reason.contains("is it google/vit-base-patch16-224-in21k?"))
  }

  @Test func `a complete folder is good; one without weights, or cut short, is not`() throws {
    let root = try folder("small", holding: "vit")
    let weights = small("vit", try EncoderConfiguration(file: "\(root)/small/config.json"))
    guard case .good(let parameters) = weights.check(in: root).state else {
      Issue.record("\(weights.check(in: root).state)")
      return
    }
    #expect(parameters > 1000)
    let path = "\(root)/small/model.safetensors"
    let whole = try #require(FileManager.default.contents(atPath: path))
    try whole.dropLast(8).write(to: URL(fileURLWithPath: path))
    guard case .wrong(let reason) = weights.check(in: root).state else {
      Issue.record("not seen")
      return
    }
    #expect(reason.contains("model.safetensors"))
    try FileManager.default.removeItem(atPath: path)
    #expect(weights.check(in: root).state == .incomplete(missing: ["model.safetensors"]))
    #expect(weights.check(in: "\(root)/none").state == .absent)
  }
}
