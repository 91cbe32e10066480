import Determinism
import Encoders
import Foundation
import ImageFiles
import Images
import NN
import Pickle
import Published
import Reporting
import TestSupport
import Testing
import Text
import Training

/// Something that reads bytes from outside, with good inputs to start from.
struct OutsideReader: Sendable, CustomTestStringConvertible {
  let name: String
  let seeds: @Sendable () throws -> [[UInt8]]
  /// What has to lie beside the input.
  var prepare: @Sendable (_ folder: String) throws -> Void = { _ in }
  /// Reads the input, which also lies at `folder/input`.
  let read: @Sendable (_ input: [UInt8], _ folder: String) throws -> Void

  var testDescription: String { name }

  static let all: [OutsideReader] = media + tensors + texts + published

  private static let media = [
    OutsideReader(name: "JPEG", seeds: { try files("images/files", ".jpg") }) { input, _ in try image(input) },
    OutsideReader(name: "PNG", seeds: { try files("images/files", ".png") }) { input, _ in try image(input) },
    OutsideReader(name: "WAVE", seeds: { try files("published/mustard/audio", ".wav") }) { input, _ in
      _ = try WaveFile(bytes: input, source: "fuzz").resampled()
    },
    OutsideReader(name: "run-length masks", seeds: { [Array("04`01000O10".utf8), Array("52203".utf8)] }) { input, _ in
      _ = try MaskRuns(height: 24, width: 32, text: String(decoding: input, as: UTF8.self), source: "fuzz").mask
    },
  ]

  private static let tensors =
    [
      OutsideReader(
        name: "safetensors", seeds: { try files("optimizer", ".safetensors") + files("batch_norm", ".safetensors") }
      ) {
        _, folder in
        let file = try SafetensorsFile(path: "\(folder)/input")
        for name in file.names { _ = (try? file.tensor(name), try? file.integers(name)) }
      },
      OutsideReader(name: "pickles", seeds: { try pickles() }) { input, _ in
        _ = try PickleReader.parse(input, source: "fuzz")
      },
      OutsideReader(name: "pickles of tensors", seeds: { try pickles() + [torchPickle] }) { input, _ in
        _ = try PickleReader.parse(input, source: "fuzz", readsTensors: true)
      },
      OutsideReader(name: "pytorch_model.bin", seeds: { [torchArchive] }) { _, folder in
        let file = try TorchFile(path: "\(folder)/input")
        for name in file.names { _ = try? file.tensor(name) }
      },
    ] + ["vit", "swin", "bert", "longformer", "gpt2", "wav2vec2"].map(checkpoint)

  private static let texts = [
    OutsideReader(name: "JSON", seeds: { try files("published/refcoco", ".json") + files("tokenizers", ".json") }) {
      input, _ in
      guard String(validating: input, as: UTF8.self) != nil else { return }
      _ = try JSONParser.parse(input, file: "fuzz")
    },
    tokenizer("vocab.txt", of: "bert", beside: ["tokenizer_config.json"]),
    tokenizer("vocab.json", of: "gpt2", beside: ["merges.txt"]),
    tokenizer("merges.txt", of: "gpt2", beside: ["vocab.json"]),
    tokenizer("tokenizer.json", of: "gpt2", beside: []),
    OutsideReader(
      name: "goldens", seeds: { [try golden("fig-1-motivation.json"), try golden("theorem-1-global-prompt.json")] }
    ) {
      input, _ in _ = try Golden.decode(Data(input), path: "fuzz")
    },
    OutsideReader(name: "paper.json", seeds: { [try golden("paper.json")] }) { input, _ in
      _ = try PaperResults.decode(Data(input), path: "fuzz")
    },
    OutsideReader(name: "behaviour.json", seeds: { [Array(try golden("behaviour.json").prefix(4000))] }) { _, folder in
      _ = try Behaviour.read("\(folder)/input")
    },
    OutsideReader(
      name: "decisions of runs",
      seeds: { [try InputFile.read("\(root)/Golden/runs/\(firstRun)/predictions.safetensors")] },
      prepare: { folder in
        try FileManager.default.createDirectory(atPath: "\(folder)/runs/\(firstRun)", withIntermediateDirectories: true)
        try write(
          try InputFile.read("\(root)/Golden/runs/\(firstRun)/run.json"), to: "\(folder)/runs/\(firstRun)/run.json")
      }
    ) { input, folder in
      try write(input, to: "\(folder)/runs/\(firstRun)/predictions.safetensors")
      let store = RunStore(folder: folder, shipped: nil)
      for record in try store.records() { _ = try store.load(record.key) }
    },
    OutsideReader(
      name: "records of runs",
      seeds: {
        let runs = root + "/Golden/runs"
        return try FileManager.default.contentsOfDirectory(atPath: runs).sorted().prefix(5).map {
          try InputFile.read("\(runs)/\($0)/run.json")
        }
      },
      prepare: { folder in
        try FileManager.default.createDirectory(atPath: "\(folder)/runs/0", withIntermediateDirectories: true)
      }
    ) { input, folder in
      try write(input, to: "\(folder)/runs/0/run.json")
      _ = try RunStore(folder: folder, shipped: nil).records()
    },
  ]

  private static let published = [
    dataset(.snliVE, "snli-ve/snli_ve_train.jsonl"), dataset(.food101Titles, "food-101/texts/train_titles.csv"),
    dataset(.mmIMDB, "mm-imdb/split.json"), dataset(.refCOCO, "refcoco/instances.json"),
    dataset(.refCOCO, "refcoco/refs(unc).p"), dataset(.vqaV2, "vqa-v2/v2_mscoco_train2014_annotations.json"),
    dataset(.mustard, "mustard/data/sarcasm_data.json"),
    dataset(.snliVE, "skip.txt", seed: "# none\nsnli-ve/Flickr30K/x.jpg\n"),
    OutsideReader(
      name: "prepared records",
      seeds: { [try InputFile.read(try prepared("fuzz-seed") + "/snli-ve/manifest.json")] },
      prepare: { folder in
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.copyItem(atPath: try prepared("fuzz-seed"), toPath: folder)
      }
    ) { input, folder in
      try write(input, to: "\(folder)/snli-ve/manifest.json")
      _ = PublishedCard(try PublishedStore(data: Fixture("published").folder, folder: folder).load(.snliVE)).markdown
    },
  ]

  // MARK: Kinds of readers

  private static func image(_ input: [UInt8]) throws {
    _ = try DecodedImage(Data(input), name: "fuzz", limits: DecodingLimits(pixels: 200_000, fileBytes: 1 << 20))
  }

  /// A checkpoint whose configuration is spoiled: what is accepted is built.
  private static func checkpoint(_ name: String) -> OutsideReader {
    OutsideReader(
      name: "\(name)'s config.json", seeds: { try files(name, "config.json") },
      prepare: {
        try write(try InputFile.read("\(Fixture(name).folder)/model.safetensors"), to: "\($0)/model.safetensors")
      }
    ) { input, folder in
      try write(input, to: "\(folder)/config.json")
      _ = try PretrainedEncoder(CheckpointFolder(path: folder))
    }
  }

  /// A tokenizer's folder in which one file is spoiled; with what is left of it a text is cut.
  private static func tokenizer(_ file: String, of name: String, beside others: [String]) -> OutsideReader {
    OutsideReader(
      name: "\(name)'s \(file)", seeds: { try files("tokenizers/\(name)", file) },
      prepare: { folder in
        for other in others {
          let source = "\(Fixture("tokenizers/\(name)").folder)/\(other)"
          guard FileManager.default.fileExists(atPath: source) else { continue }
          try write(try InputFile.read(source), to: "\(folder)/\(other)")
        }
      }
    ) { input, folder in
      try write(input, to: "\(folder)/\(file)")
      _ = try loadTokenizer(folder: folder).encode("A tiny café, naïve \u{1F600} 42!", maximumLength: 16)
    }
  }

  /// A published dataset of which one file is spoiled.
  private static func dataset(_ kind: PublishedKind, _ file: String, seed: String? = nil) -> OutsideReader {
    OutsideReader(
      name: "\(kind.rawValue): \(file)",
      seeds: { [try seed.map { Array($0.utf8) } ?? InputFile.read("\(Fixture("published").folder)/\(file)")] },
      prepare: { folder in
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.copyItem(atPath: Fixture("published").folder, toPath: folder)
      }
    ) { input, folder in
      try write(input, to: "\(folder)/\(file)")
      _ = PublishedCard(try kind.reader.read(folder)).markdown
    }
  }

  // MARK: Files

  private static let firstRun =
    ((try? FileManager.default.contentsOfDirectory(atPath: root + "/Golden/runs")) ?? []).min() ?? "none"

  /// A folder with SNLI-VE in its prepared form.
  private static func prepared(_ name: String) throws -> String {
    let folder = try temporaryPath(name)
    try PublishedStore(data: Fixture("published").folder, folder: folder).prepare(.snliVE)
    return folder
  }

  static let root = URL(fileURLWithPath: Fixture("").folder).deletingLastPathComponent().deletingLastPathComponent()
    .path

  static func write(_ bytes: [UInt8], to path: String) throws {
    // In place, not atomically and not from an empty file, which file systems flush: this is done a million times, and what is
    // left after a crash is what is looked for.
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
    defer { close(descriptor) }
    let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    guard descriptor >= 0, written == bytes.count, ftruncate(descriptor, off_t(written)) == 0 else {
      throw Failure(.io, "\(path): cannot write")
    }
  }

  private static func golden(_ name: String) throws -> [UInt8] { try InputFile.read("\(root)/Golden/\(name)") }

  /// The files of a fixture whose names end so.
  private static func files(_ fixture: String, _ ending: String) throws -> [[UInt8]] {
    let folder = Fixture(fixture).folder
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { $0.hasSuffix(ending) }.map {
      try InputFile.read("\(folder)/\($0)")
    }.filter { $0.count < 1 << 18 }
  }

  private static func pickles() throws -> [[UInt8]] {
    struct Reference: Decodable {
      struct Pickles: Decodable { let data, ordered, sets: [String] }
      let pickles: Pickles
    }
    let reference = try JSONDecoder().decode(
      Reference.self, from: Data(try InputFile.read("\(Fixture("published").folder)/reference.json")))
    return (reference.pickles.data + reference.pickles.ordered + reference.pickles.sets).map { digits in
      let pairs = Array(digits.utf8)
      return stride(from: 0, to: pairs.count, by: 2).compactMap {
        UInt8(String(decoding: pairs[$0..<$0 + 2], as: UTF8.self), radix: 16)
      }
    }
  }

  private static let torchPickle: [UInt8] =
    [0x80, 2, 0x7D, 0x55, 1, 0x61]
    + Array("ctorch._utils\n_rebuild_tensor_v2\n((U\u{7}storagectorch\nFloatStorage\n".utf8)
    + Array("U\u{1}0U\u{3}cpuK\u{4}tQK\0(K\u{2}K\u{2}t(K\u{2}K\u{1}t".utf8) + [0x89] + Array("}tRs.".utf8)

  private static let torchArchive: [UInt8] = {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var (archive, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in [("a/data.pkl", torchPickle), ("a/data/0", [UInt8](repeating: 0x3F, count: 16))] {
      let common = little(0, 12) + little(bytes.count, 4) + little(bytes.count, 4) + little(name.utf8.count, 2)
      directory +=
        [0x50, 0x4B, 1, 2, 0, 0, 0, 0] + common.dropFirst(2) + little(0, 12) + little(archive.count, 4) + name.utf8
      archive += [0x50, 0x4B, 3, 4, 0, 0] + common.dropFirst(2) + little(0, 2) + name.utf8 + bytes
    }
    let end =
      little(0, 4) + little(2, 2) + little(2, 2) + little(directory.count, 4) + little(archive.count, 4) + little(0, 2)
    return archive + directory + [0x50, 0x4B, 5, 6] + end
  }()
}
