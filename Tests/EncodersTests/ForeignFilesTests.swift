import Autograd
import Determinism
import Encoders
import Foundation
import NN
import TestSupport
import Testing

/// A fixture's configuration and tensors.
private func stored(_ fixture: String) throws -> (config: Data, tensors: [(name: String, tensor: Tensor)]) {
  let stored = Fixture(fixture)
  let file = try stored.file("model.safetensors")
  return (
    try Data(contentsOf: URL(fileURLWithPath: "\(stored.folder)/config.json")),
    try file.names.map { ($0, try file.require($0)) }
  )
}

private func folder(_ name: String, _ config: Data, _ write: (String) throws -> Void) throws -> String {
  let path = try temporaryPath("foreign-\(name)")
  try? FileManager.default.removeItem(atPath: path)
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try config.write(to: URL(fileURLWithPath: "\(path)/config.json"))
  try write(path)
  return path
}

/// Whether a folder holds the same encoder as a fixture, within one rounding where a weight was taken apart.
private func expectEqual(_ path: String, _ fixture: String, tolerance: Float = 0) throws {
  let found = try PretrainedEncoder(CheckpointFolder(path: path)).store.parameters
  let expected = try PretrainedEncoder(CheckpointFolder(path: Fixture(fixture).folder)).store.parameters
  #expect(found.map(\.name) == expected.map(\.name))
  for (a, b) in zip(found, expected) {
    #expect(zip(a.value.values, b.value.values).allSatisfy { abs($0 - $1) <= tolerance }, "\(a.name)")
  }
}

/// Checkpoints as the reference tools write and read them.
@Suite struct ForeignFilesTests {
  @Test func `a tensor that is stored once under another name is found by its alias`() throws {
    let (config, tensors) = try stored("gpt2")
    let path = try folder("alias", config) { path in
      let renamed = tensors.map { ($0.name == "wte.weight" ? "lm_head.weight" : "transformer.\($0.name)", $0.tensor) }
      try SafetensorsWriter.write(
        renamed, metadata: ["format": "pt", "transformer.wte.weight": "lm_head.weight"], to: "\(path)/model.safetensors"
      )
    }
    try expectEqual(path, "gpt2")
  }

  @Test func `a task's head beside the encoder's own names is left out`() throws {
    for (fixture, head) in [("bert", "classifier.weight"), ("gpt2", "score.weight"), ("vit", "classifier.bias")] {
      let (config, tensors) = try stored(fixture)
      let path = try folder("head-\(fixture)", config) {
        try SafetensorsWriter.write(tensors + [(head, .zeros([2, 3]))], to: "\($0)/model.safetensors")
      }
      try expectEqual(path, fixture)
    }
  }

  @Test func `a convolution whose weight has no norm beside it is taken apart`() throws {
    let (config, tensors) = try stored("wav2vec2")
    let place = "encoder.pos_conv_embed.conv."
    let gain = try #require(tensors.first { $0.name.hasPrefix(place) && $0.tensor.shape[0] == 1 })
    let direction = try #require(
      tensors.first { $0.name.hasPrefix(place) && $0.tensor.rank == 3 && $0.name != gain.name })
    let width = gain.tensor.shape[2]
    var squares = [Double](repeating: 0, count: width)
    for (i, value) in direction.tensor.values.enumerated() { squares[i % width] += Double(value * value) }
    let fused = direction.tensor.values.enumerated().map { i, value in
      value * gain.tensor.values[i % width] / Float(squares[i % width].squareRoot())
    }
    let path = try folder("fused", config) {
      let others = tensors.filter { $0.name != gain.name && $0.name != direction.name }
      try SafetensorsWriter.write(
        others + [("\(place)weight", Tensor(fused, direction.tensor.shape))], to: "\($0)/model.safetensors")
    }
    let sounds = Tensor((0..<400).map { sin(Float($0) / 7) }, [1, 400])
    func states(_ path: String) throws -> Tensor {
      var inputs = EncoderInputs(source: "test")
      inputs.inputValues = sounds
      return try PretrainedEncoder(CheckpointFolder(path: path))(inputs).lastHiddenState
    }
    // The product of norm and direction is rounded another way.
    #expect(try #require(largestDifference(states(path), states(Fixture("wav2vec2").folder))) < 1e-5)
  }

  @Test func `pytorch_model bin is the same encoder, whatever stands beside it in the pickle`() throws {
    let (config, tensors) = try stored("bert")
    let path = try folder("torch", config) {
      try Data(TorchArchive.bytes(tensors.map { ("bert.\($0.name)", $0.tensor) }))
        .write(to: URL(fileURLWithPath: "\($0)/pytorch_model.bin"))
    }
    try expectEqual(path, "bert")
  }

  @Test func `views of a storage are read with their strides, and one that lies outside is refused`() throws {
    let path = try temporaryPath("views.bin")
    func open(_ view: TorchArchive.View) throws -> TorchFile {
      try Data(TorchArchive.bytes([("a", Tensor([0, 1, 2, 3, 4, 5], [6]))], view: view)).write(
        to: URL(fileURLWithPath: path))
      return try TorchFile(path: path)
    }
    let transposed = try open(.init(offset: 0, shape: [3, 2], strides: [1, 3]))
    #expect(try transposed.tensor("a")?.values == [0, 3, 1, 4, 2, 5])
    #expect(try open(.init(offset: 4, shape: [2], strides: [1])).tensor("a")?.values == [4, 5])
    for view in [
      TorchArchive.View(offset: 5, shape: [2], strides: [1]), .init(offset: 0, shape: [3, 3], strides: [1, 1]),
      .init(offset: 0, shape: [2], strides: [6]), .init(offset: 7, shape: [1], strides: [1]),
      .init(offset: 0, shape: [1 << 40, 1 << 40], strides: [0, 0]),
    ] {
      let failure = #expect(throws: Failure.self) { try open(view) }
      #expect(failure?.kind == .badInput)
    }
  }

  @Test func `code in pytorch_model bin is refused by name, and an archive cut anywhere is bad input`() throws {
    let path = try temporaryPath("code.bin")
    func failure(_ bytes: [UInt8]) throws -> Failure? {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return #expect(throws: Failure.self) { try TorchFile(path: path) }
    }
    let code = Array("cposix\nsystem\n(X".utf8) + [2, 0, 0, 0] + Array("lstR.".utf8)
    #expect(
      try failure(TorchArchive.zip([("a/data.pkl", code)]))?.description.contains("GLOBAL of posix.system is refused")
        == true)
    #expect(try failure(Array("\u{80}legacy".utf8))?.description.contains("PyTorch before 1.6 is not read") == true)
    #expect(try failure(TorchArchive.zip([("a/version", [51])]))?.description.contains("data.pkl") == true)
    let whole = TorchArchive.bytes([("a", Tensor([1, 2], [2]))])
    for length in stride(from: 2, to: whole.count, by: 7) {
      #expect(try failure(Array(whole[..<length]))?.kind == .badInput, "\(length)")
    }
  }
}

/// What `torch.save` writes, by hand: an `OrderedDict` with an attribute, in a zip without compression.
private enum TorchArchive {
  struct View {
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  static func bytes(_ tensors: [(name: String, tensor: Tensor)], view: View? = nil) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { [UInt8(ascii: "X")] + little(text.utf8.count, 4) + Array(text.utf8) }
    func number(_ value: Int) -> [UInt8] { [0x8A, 8] + little(value, 8) }  // LONG1
    func tuple(_ values: [Int]) -> [UInt8] { Array("(".utf8) + values.flatMap(number) + Array("t".utf8) }
    let dictionary = Array("ccollections\nOrderedDict\n)R".utf8)
    var pickle: [UInt8] = [0x80, 2] + dictionary + Array("(".utf8)
    var files: [(String, [UInt8])] = []
    for (key, (name, tensor)) in tensors.enumerated() {
      var strides = [Int](repeating: 1, count: tensor.rank)
      for i in (0..<max(0, tensor.rank - 1)).reversed() { strides[i] = strides[i + 1] * tensor.shape[i + 1] }
      let view = view ?? View(offset: 0, shape: tensor.shape, strides: strides)
      pickle += text(name) + Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + text("storage")
      pickle +=
        Array("ctorch\nFloatStorage\n".utf8) + text("\(key)") + text("cpu") + number(tensor.count) + Array("tQ".utf8)
      pickle += number(view.offset) + tuple(view.shape) + tuple(view.strides) + [0x89] + dictionary + Array("tR".utf8)
      files.append(
        ("model/data/\(key)", tensor.values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }))
    }
    pickle += Array("u}".utf8) + text("_metadata") + dictionary + Array("sb.".utf8)
    return zip([("model/data.pkl", pickle), ("model/byteorder", Array("little".utf8))] + files)
  }

  static func zip(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in files {
      let sizes = little(0, 4) + little(bytes.count, 4) + little(bytes.count, 4) + little(name.utf8.count, 2)
      let common = little(0, 2) + little(0, 2) + little(0, 4) + sizes  // flags, method, time, checksum (not looked at)
      directory += Array("PK\u{1}\u{2}".utf8) + little(0, 2) + little(0, 2) + common + little(0, 2) + little(0, 2)
      directory += little(0, 2) + little(0, 2) + little(0, 4) + little(archive.count, 4) + Array(name.utf8)
      archive += Array("PK\u{3}\u{4}".utf8) + little(0, 2) + common + little(0, 2) + Array(name.utf8) + bytes
    }
    let end = little(0, 4) + little(files.count, 2) + little(files.count, 2) + little(directory.count, 4)
    return archive + directory + Array("PK\u{5}\u{6}".utf8) + end + little(archive.count, 4) + little(0, 2)
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
