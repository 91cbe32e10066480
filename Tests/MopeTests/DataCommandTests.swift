import Foundation
import Testing

/// `mope data` and `mope weights` on tiny copies of the published datasets.
@Suite(.serialized) struct DataCommandTests {
  /// A project with a copy of the datasets in `data`.
  private func command(_ name: String) throws -> Command {
    let command = try Command("data-\(name)")
    try FileManager.default.copyItem(
      atPath: "\(Command.root)/Tests/Fixtures/published", toPath: "\(command.project)/data")
    return command
  }

  private func replace(_ path: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(
      toFile: path, atomically: true, encoding: .utf8)
  }

  @Test func `check, prepare and card work on all datasets, and preparing again changes nothing`()
    throws
  {
    let command = try command("all")
    let check = try command.mope("data", "check", "data")
    #expect(check.code == 0, "\(check.errors)")
    #expect(check.output.contains("SNLI-VE (snli-ve): complete"))
    #expect(check.output.contains("terms: MIT for the annotations"))

    let first = try command.mope("data", "prepare", "data")
    #expect(first.code == 0, "\(first.errors)")
    #expect(first.output.contains("SNLI-VE: prepared: train 4, validation 2, test 2; skipped 2"))
    let second = try command.mope("data", "prepare", "data")
    #expect(
      second.output == first.output.replacingOccurrences(of: ": prepared:", with: ": unchanged:"))

    let card = try command.mope("data", "card", "data", "mm-imdb")
    #expect(card.code == 0, "\(card.errors)")
    #expect(card.output.contains("| genre that no training film has | validation | 1 |"))
  }

  @Test func `what is missing is 66 with where it is published, an unknown dataset 5`() throws {
    let command = try command("missing")
    try FileManager.default.removeItem(atPath: "\(command.project)/data/snli-ve/snli_ve_dev.jsonl")
    let check = try command.mope("data", "check", "data", "snli-ve")
    #expect(check.code == 66)
    #expect(check.output.contains("✗ validation pairs: expected snli-ve/snli_ve_dev.jsonl"))
    #expect(check.output.contains("published at github.com/necla-ml/SNLI-VE"))
    #expect(try command.mope("data", "prepare", "data", "snli-ve").code == 66)
    #expect(try command.mope("data", "card", "data").code == 66)
    #expect(try command.mope("data", "check", "nowhere").code == 66)
    let unknown = try command.mope("data", "prepare", "data", "snli")
    #expect(unknown.code == 5)
    #expect(unknown.errors.contains("expected one of food-101"))
    #expect(try command.mope("data", "check").code == 64)
  }

  @Test func `every image is decoded on request, and the damaged ones are named`() throws {
    let command = try command("decode")
    let good = try command.mope("data", "check", "data", "--images")
    #expect(good.code == 0, "\(good.errors)")
    #expect(good.output.contains("SNLI-VE: 4 images decoded, 0 damaged"))
    let image = "\(command.project)/data/snli-ve/Flickr30K/flickr30k_images/10002456.jpg"
    let bytes = try #require(FileManager.default.contents(atPath: image))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: image))
    let bad = try command.mope("data", "check", "data", "snli-ve", "--images")
    #expect(bad.code == 65)
    #expect(bad.output.contains("10002456.jpg: expected a whole JPEG image, found damage"))
    #expect(bad.errors.contains("1 damaged files; fetch them again, or list them in data/skip.txt"))
    try "snli-ve/Flickr30K/flickr30k_images/10002456.jpg".write(
      toFile: "\(command.project)/data/skip.txt", atomically: true, encoding: .utf8)
    #expect(try command.mope("data", "check", "data", "snli-ve", "--images").code == 0)
  }

  @Test func `sounds are decoded on request, and overwritten pixels count as damage`() throws {
    let command = try command("sounds")
    let good = try command.mope("data", "check", "data", "--images")
    #expect(good.code == 0, "\(good.output)\(good.errors)")
    #expect(good.output.contains("sounds decoded, 0 damaged"))
    try Data().write(to: URL(fileURLWithPath: "\(command.project)/data/mustard/audio/1_60.wav"))
    let silent = try command.mope("data", "check", "data", "mustard", "--images")
    #expect(silent.code == 65)
    #expect(silent.output.contains("✗ data/mustard/audio/1_60.wav: expected a WAVE file"))

    let image = "\(command.project)/data/snli-ve/Flickr30K/flickr30k_images/10002456.jpg"
    var bytes = try #require(FileManager.default.contents(atPath: image))
    let scan = try #require(bytes.firstRange(of: [0xFF, 0xDA])).upperBound + 10
    for i in scan..<min(scan + 40, bytes.count - 2) { bytes[i] = 0x55 }
    try bytes.write(to: URL(fileURLWithPath: image))
    let overwritten = try command.mope("data", "check", "data", "snli-ve", "--images")
    #expect(overwritten.code == 65, "\(overwritten.output)")
    #expect(overwritten.output.contains("10002456.jpg: decoded with wrong pixels"))
    #expect(overwritten.output.contains("4 images decoded, 1 damaged"))
  }

  @Test func `bad input is 65 with file and line, and nothing is prepared`() throws {
    let command = try command("bad")
    try replace(
      "\(command.project)/data/snli-ve/snli_ve_test.jsonl", "\"gold_label\": \"neutral\"",
      "\"gold_label\" \"neutral\"")
    let result = try command.mope("data", "prepare", "data", "snli-ve")
    #expect(result.code == 65)
    #expect(result.errors.contains("data/snli-ve/snli_ve_test.jsonl: line 2, column"))
    #expect(!FileManager.default.fileExists(atPath: "\(command.project)/data/.prepared/snli-ve"))
  }

  /// Runs `mope data prepare data snli-ve` in a shell that first does `setup`.
  private func shell(_ command: Command, _ setup: String) throws -> (status: Int32, errors: String) {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "\(setup); exec \"$0\" data prepare data snli-ve", Command.program]
    process.currentDirectoryURL = URL(fileURLWithPath: command.project)
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": command.project]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test func `a full disk is 74 and leaves nothing at the final path; the next call prepares`()
    throws
  {
    let command = try command("full")
    // A hypothesis of 200 kB, and files of at most 100 kB: the write fails as on a full disk.
    let long = String(repeating: "word ", count: 40_000)
    try replace("\(command.project)/data/snli-ve/snli_ve_train.jsonl", "Nobody is there.", long)
    let records = "\(command.project)/data/.prepared/snli-ve/records-train.jsonl"
    let manifest = "\(command.project)/data/.prepared/snli-ve/manifest.json"

    let full = try shell(command, "ulimit -f 100; trap '' XFSZ")
    #expect(full.status == 74, "\(full.errors)")
    #expect(full.errors.contains("records-train.jsonl: cannot write"))
    #expect(!FileManager.default.fileExists(atPath: records))

    #expect(try command.mope("data", "prepare", "data", "snli-ve").code == 0)
    #expect(FileManager.default.fileExists(atPath: manifest))
    let names = try FileManager.default.contentsOfDirectory(
      atPath: "\(command.project)/data/.prepared/snli-ve")
    #expect(!names.contains { $0.hasSuffix(".tmp") })
  }

  @Test func `a preparation that is killed at any moment goes on when it is called again`() throws {
    let command = try command("killed")
    for milliseconds in [5, 20, 40, 60, 90] {
      let process = try command.start(["data", "prepare", "data"])
      Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // Whatever has a manifest is whole: card compares the digests.
      let card = try command.mope("data", "card", "data")
      #expect(card.code == 0 || card.errors.contains("nothing is prepared"), "\(card.errors)")
    }
    let last = try command.mope("data", "prepare", "data")
    #expect(last.code == 0, "\(last.errors)")
    #expect(try command.mope("data", "card", "data").code == 0)
  }

  @Test func `weights are listed, and checked by architecture`() throws {
    let command = try Command("weights-table")
    let list = try command.mope("weights", "list")
    #expect(list.code == 0)
    #expect(list.output.contains("huggingface.co/google-bert/bert-base-uncased at 86b5e0934494"))
    #expect(try command.mope("weights", "check", "nowhere").code == 66)
    try FileManager.default.createDirectory(
      atPath: "\(command.project)/weights", withIntermediateDirectories: true)
    #expect(try command.mope("weights", "check", "weights").code == 66)
    try FileManager.default.copyItem(
      atPath: "\(Command.root)/Tests/Fixtures/vit",
      toPath: "\(command.project)/weights/vit-base-21k")
    let wrong = try command.mope("weights", "check", "weights")
    #expect(wrong.code == 65)
    #expect(wrong.output.contains("is it google/vit-base-patch16-224-in21k?"))
    #expect(try command.mope("weights", "check", "weights", "bart").code == 5)
  }

  @Test func `a download from a server that is not there is 74 and leaves no file`() throws {
    let command = try Command("weights-download")
    let result = try command.mope(
      "weights", "download", "gpt2", "--to", "weights", "--site", "http://127.0.0.1:9", "--quiet")
    #expect(result.code == 74)
    #expect(!FileManager.default.fileExists(atPath: "\(command.project)/weights/gpt2/config.json"))
  }
}
