import Foundation
import TestSupport
import Testing

/// `mope run --tier paper` on tiny copies of the published data, with tiny networks in the papers' layout.
@Suite(.serialized) struct PaperTierCommandTests {
  private let flags = [
    "--tier", "paper", "--data", "data", "--weights", "weights", "--seeds", "0", "--progress",
    "none",
  ]

  private func command(_ name: String) throws -> Command {
    let command = try Command("paper-\(name)")
    try FileManager.default.copyItem(
      atPath: "\(Command.root)/Tests/Fixtures/published", toPath: "\(command.project)/data")
    try TinyCheckpoints.write(to: "\(command.project)/weights")
    return command
  }

  // Slow, some seconds: 60 trainings.
  @Test func `Table 1 runs from published files to its report`() throws {
    let command = try command("table")
    let result = try command.run(["run", "table-1-main"] + flags)
    #expect(result.code == 4, "\(result.errors)")
    #expect(result.errors.contains("other networks than the published"))
    let report = try String(
      contentsOfFile: "\(command.project)/.mope/reports/paper/table-1-main.md", encoding: .utf8)
    #expect(report.contains("**Nothing is judged**"))
    #expect(report.contains("73.59 ± 0.15 (V1)"))  // MoPE k=16 stands beside the papers' row on Swin-B
    #expect(report.contains("73.47 ± 0.11 (V1)"))  // and MoPE k=4 beside theirs on ViT-B
    #expect(report.contains("tier `paper`"))
    let runs = try FileManager.default.contentsOfDirectory(atPath: "\(command.project)/.mope/runs")
    #expect(runs.count == 60)

    let again = try command.run(["run", "table-1-main"] + flags)
    #expect(again.code == 4)
    let after = try String(
      contentsOfFile: "\(command.project)/.mope/reports/paper/table-1-main.md", encoding: .utf8)
    #expect(after == report)
    #expect(try command.run(["accept", "table-1-main"] + flags.dropLast(2)).code == 4)
  }

  @Test(arguments: [
    ("table-6-ris", 6, "RefCOCO val mIoU"), ("fig-10-ris-qualitative", 6, "IoU > 0.5"),
    ("fig-11-vqa-routing", 3, "answer given the question"),
    ("table-7-mustard", 6, "MUStARD accuracy"),
  ]) func `every dataset runs from published files to its report`(
    _ id: String, _ count: Int, _ shown: String
  ) throws {
    let command = try command(id)
    let result = try command.run(["run", id] + flags)
    #expect(result.code == 4, "\(result.errors)")
    let report = try String(
      contentsOfFile: "\(command.project)/.mope/reports/paper/\(id).md", encoding: .utf8)
    #expect(report.contains("**Nothing is judged**"))
    #expect(report.contains(shown))
    let runs = try FileManager.default.contentsOfDirectory(atPath: "\(command.project)/.mope/runs")
    #expect(runs.count == count)
  }

  // Slow, some ten seconds: every run of every table and figure.
  @Test func `the whole paper tier runs on a slice of published files`() throws {
    let command = try command("whole-tier")
    let result = try command.run(["run", "--limit", "4"] + flags)
    #expect(result.code == 4, "\(result.errors.suffix(2000))")
    let listed = try command.run(["list", "--json"] + flags.dropLast(2))
    let reports = try FileManager.default.contentsOfDirectory(
      atPath: "\(command.project)/.mope/reports/paper")
    #expect(reports.contains("table-4-modularity.md") && reports.contains("fig-6-data-scaling.md"))
    #expect(listed.output.contains("check-mapper-sharing"))
    for experiment in ["check-interaction", "check-stand-ins", "search-learning-rates"] {
      #expect(!listed.output.contains(experiment))
    }
    let named = try command.run(["run", "check-interaction"] + flags)
    #expect(named.code == 78)
    #expect(named.errors.contains("which the paper tier does not have"))
  }

  @Test func `a dry run trains a slice of chosen runs and decides nothing`() throws {
    let command = try command("dry")
    let result = try command.run(
      ["run", "table-1-main", "--limit", "2", "--runs", "MoPE k=4*"] + flags)
    #expect(result.code == 4, "\(result.errors)")
    #expect(result.errors.contains("a dry run on 2 examples of each split decides nothing"))
    let runs = try FileManager.default.contentsOfDirectory(atPath: "\(command.project)/.mope/runs")
    #expect(runs.count == 6)  // on ViT and on Swin
    // Checkpoints that chosen runs do not need need not be there.
    try FileManager.default.removeItem(atPath: "\(command.project)/weights/vit-large-21k")
    let without = try command.run(
      ["run", "table-1-main", "--limit", "2", "--runs", "MoPE k=4*"] + flags)
    #expect(without.code == 4, "\(without.errors)")
    let none = try command.run(["run", "table-1-main", "--runs", "no such run"] + flags)
    #expect(none.code == 5)
    #expect(none.errors.contains("matches none of 60 runs"))
  }

  @Test func `Food-101 with its titles trains where the pages are not to be had`() throws {
    let command = try command("titles")
    try FileManager.default.removeItem(atPath: "\(command.project)/data/food-101/texts_txt")
    let one = ["run", "table-1-main", "--runs", "MoPE k=4*Food-101*"] + flags
    let pages = try command.run(one)
    #expect(pages.code == 66)
    #expect(pages.errors.contains("needs the page texts; published at"))
    let titles = try command.run(one + ["--titles"])
    #expect(titles.code == 4, "\(titles.errors)")
    #expect(titles.errors.contains("texts of Food-101 are titles"))
    #expect(try command.mope("run", "table-1-main", "--titles").code == 64)
  }

  @Test func `plan predicts hours, memory and disk here and on 64 cores`() throws {
    let command = try command("plan")
    let paper = ["--tier", "paper", "--data", "data", "--weights", "weights"]
    let plan = try command.run(["plan", "table-1-main", "--runs", "MoPE*", "-q"] + paper)
    #expect(plan.code == 0, "\(plan.errors)")
    #expect(plan.output.contains("64 cores of this speed"))
    #expect(plan.output.contains("all 36 runs"))
    #expect(plan.output.contains("Disk:"))
    #expect(!plan.output.contains("Experiment alone"))
    let all = try command.run(["plan", "--runs", "MoPE k=4*", "-q"] + paper)
    let alone = all.output.split(separator: "\n").drop { !$0.hasPrefix("Experiment alone") }
    #expect(alone.contains { $0.hasPrefix("table-1-main  ") && $0.contains(" 24 ") })
    #expect(alone.contains { $0.hasPrefix("table-6-ris  ") && $0.contains(" 8 ") })
    #expect(try command.run(["list", "table-1-main"] + paper).output.contains("missing"))
    #expect(plan.output.contains("(mope run -j 16 --threads 3)"))
    _ = try command.run(["run", "table-1-main", "--runs", "MoPE k=4*IMDB*"] + flags)
    let rest = try command.run(["plan", "table-1-main", "--runs", "MoPE k=4*", "--seeds", "0", "-q"] + paper)
    #expect(rest.output.hasPrefix("2 runs are stored and not in the table."))
    let none = try command.run(["plan", "table-1-main", "--runs", "MoPE k=4*IMDB*", "--seeds", "0"] + paper)
    #expect(none.output == "all 2 runs are stored: nothing to train\n")
    #expect(try command.run(["plan", "table-1-main", "--runs", "nothing"] + paper).code == 5)
  }

  @Test func `options of the paper tier are asked for there, and refused elsewhere`() throws {
    let command = try command("usage")
    let missing = try command.mope("run", "table-1-main", "--tier", "paper")
    #expect(missing.code == 64)
    #expect(missing.errors.contains("expected --data DIR and --weights DIR"))
    #expect(try command.mope("run", "table-1-main", "--limit", "4").code == 64)
    #expect(try command.run(["run", "table-1-main", "--limit", "1"] + flags).code == 64)
    let nowhere = try command.mope(
      "run", "table-1-main", "--tier", "paper", "--data", "nowhere", "--weights", "weights")
    #expect(nowhere.code == 66)
  }

  @Test func `missing data, missing checkpoints and broken images end with 66 and 65`() throws {
    let command = try command("bad")
    let one = ["run", "table-1-main", "--runs", "MoPE k=4*MM-IMDB*"] + flags
    let image = "\(command.project)/data/mm-imdb/dataset/0012349.jpeg"
    try "no image".write(toFile: image, atomically: true, encoding: .utf8)
    let broken = try command.run(one)
    #expect(broken.code == 65)
    #expect(broken.errors.contains("0012349.jpeg"))
    try FileManager.default.removeItem(atPath: image)
    let absent = try command.run(one)
    #expect(absent.code == 66)
    try FileManager.default.removeItem(atPath: "\(command.project)/weights/bert-base")
    let weights = try command.run(one)
    #expect(weights.code == 66)
    #expect(weights.errors.contains("bert-base"))
  }

  /// One run, and two of which either may be the one that is killed.
  @Test(arguments: [("MoPE k=4 (ViT)*MM-IMDB*", 1), ("MoPE k=4*MM-IMDB*", 2)])
  func `a run killed inside goes on and ends with the same bits`(
    _ pattern: String, _ count: Int
  ) throws {
    // By key: the copies of the data have other dates, and the runs the same keys.
    func bits(_ command: Command) throws -> [String: Data?] {
      let folder = "\(command.project)/.mope/runs"
      return Dictionary(
        uniqueKeysWithValues: try FileManager.default.contentsOfDirectory(atPath: folder).map {
          ($0, FileManager.default.contents(atPath: "\(folder)/\($0)/tensors.safetensors"))
        })
    }
    let one =
      ["run", "table-1-main", "--runs", pattern, "--checkpoint-seconds", "0"] + flags
    let whole = try command("whole")
    _ = try whole.run(one)
    let killed = try command("killed")
    let unfinished = "\(killed.project)/.mope/unfinished"
    var wasInside = false
    for attempt in 0..<8 where !wasInside {
      let process = try killed.start(one)
      let start = Date.now
      while process.isRunning && Date.now < start + 30 {
        let left = (try? FileManager.default.contentsOfDirectory(atPath: unfinished)) ?? []
        if left.contains(where: { $0.hasSuffix(".safetensors") }) { break }
        Thread.sleep(forTimeInterval: 0.001)
      }
      Thread.sleep(forTimeInterval: 0.002 * Double(attempt))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let left = (try? FileManager.default.contentsOfDirectory(atPath: unfinished)) ?? []
      wasInside = left.contains { $0.hasSuffix(".safetensors") }
      if !wasInside { try? FileManager.default.removeItem(atPath: "\(killed.project)/.mope/runs") }
    }
    #expect(wasInside, "no kill landed inside of the run: the test has shown nothing")
    let resumed = try killed.run(one)
    #expect(resumed.code == 4, "\(resumed.errors)")
    #expect(try bits(whole).count == count)
    #expect(try bits(killed).count == count)
    #expect(try bits(killed) == bits(whole))
  }
}
