import Determinism
import Foundation
import TestSupport
import Testing

private let id = "table-2-prompt-types"

/// Replaces the golden of an experiment by an edited one.
private func editGolden(
  _ command: Command, _ edit: (inout [String: Any], inout [[String: Any]]) -> Void
) throws {
  let url = URL(fileURLWithPath: "\(command.project)/Golden/\(id).json")
  var golden = try #require(
    try JSONSerialization.jsonObject(with: try Data(contentsOf: url)) as? [String: Any])
  var cells = try #require(golden["cells"] as? [[String: Any]])
  edit(&golden, &cells)
  golden["cells"] = cells
  try JSONSerialization.data(withJSONObject: golden, options: [.sortedKeys, .prettyPrinted]).write(to: url)
}

/// What the program says and ends with when something is wrong. Each test has a copy of the goldens to spoil.
@Suite(.serialized) struct ExitCodeTests {
  @Test func `check is green on what ships`() throws {
    let result = try Command("green").mope("check", id)
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("checked 34 of 34"))
  }

  @Test func `a golden value moved by twice its tolerance is red, and the cell is named`() throws {
    let command = try Command("moved")
    try editGolden(command) { _, cells in
      guard
        let place = cells.firstIndex(where: {
          $0["row"] as? String == "pm" && $0["column"] as? String == "snli-ve:accuracy"
        })
      else { return }
      var values = cells[place]["values"] as? [String: Double] ?? [:]
      values["0"]? += 0.1  // two steps of an accuracy on 2000 samples; the same class allows none
      cells[place]["values"] = values
    }
    let result = try command.mope("check", id)
    #expect(result.code == 1)
    #expect(result.output.contains("pm | snli-ve:accuracy"))
  }

  @Test func `a cell that the golden does not have waits for accept`() throws {
    let new = try Command("new-cell")
    try editGolden(new) { _, cells in cells.remove(at: 0) }
    let result = try new.mope("check", id)
    #expect(result.code == 3)
    #expect(result.output.contains("+ new: \(id) | ps | snli-ve:accuracy"))
  }

  @Test func `a metric that vanished leaves something undecided`() throws {
    let vanished = try Command("vanished")
    try editGolden(vanished) { _, cells in
      var cell = cells[0]
      cell["column"] = "snli-ve:f1"
      cells.append(cell)
    }
    let result = try vanished.mope("check", id)
    #expect(result.code == 4)
    #expect(result.output.contains("snli-ve:f1"))
  }

  @Test func `NaN in a golden is refused, and the cell is named`() throws {
    let command = try Command("nan")
    let path = "\(command.project)/Golden/\(id).json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let number = try #require(text.firstRange(of: /"0" : [0-9.]+/))
    try text.replacingCharacters(in: number, with: "\"0\" : NaN")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try command.mope("check", id).code == 65)
  }

  @Test func `a golden that is not JSON is bad input`() throws {
    let command = try Command("broken")
    try "{".write(toFile: "\(command.project)/Golden/\(id).json", atomically: true, encoding: .utf8)
    let result = try command.mope("check", id)
    #expect(result.code == 65)
    #expect(result.errors.contains("Golden/\(id).json"))
  }

  @Test func `an unknown experiment matches nothing, and a near one is suggested`() throws {
    let result = try Command("unknown").mope("check", "table-2-prompt-tipes")
    #expect(result.code == 5)
    #expect(result.errors.contains("did you mean \(id)?"))
  }

  @Test func `an unknown flag is a usage error`() throws {
    #expect(try Command("flag").mope("check", "--colour-of-the-sky").code == 64)
    #expect(try Command("flag").mope("run", "--seeds", "3..1").code == 64)
    #expect(try Command("flag").mope("run", "--jobs", "0").code == 64)
  }

  @Test func `help and version end well`() throws {
    #expect(try Command("help").mope("--help").code == 0)
    #expect(try Command("help").mope("--version").output == "0.1.0\n")
    #expect(try Command("help").mope("run", "--help").code == 0)
  }

  @Test func `encoder weights that are cut short are bad input, and missing ones are named`() throws {
    let command = try Command("weights")
    let manager = FileManager.default
    let encoders = "\(command.project)/Golden/encoders"
    try manager.removeItem(atPath: encoders)
    let missing = try command.mope("check", id)
    #expect(missing.code == 66)
    #expect(missing.errors.contains("mope pretrain"))

    try manager.copyItem(atPath: "\(Command.root)/Golden/encoders", toPath: encoders)
    let path = "\(encoders)/vit-mini/model.safetensors"
    let whole = try #require(manager.contents(atPath: path))
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
    let cut = try command.mope("run", id, "--seeds", "0", "--progress", "none")
    #expect(cut.code == 65)
    #expect(cut.errors.contains("vit-mini/model.safetensors"))
  }

  @Test func `a number edited in a report is red`() throws {
    let command = try Command("report")
    let path = "\(command.project)/Reports/\(id).md"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let digit = try #require(text.lastIndex(where: { $0.isNumber }))
    let other: Character = text[digit] == "7" ? "8" : "7"
    try text.replacingCharacters(in: digit...digit, with: String(other))
      .write(toFile: path, atomically: true, encoding: .utf8)
    let result = try command.mope("check")
    #expect(result.code == 1)
    #expect(result.errors.contains("\(id).md"))
  }

  @Test func `accept refuses where CI is set`() throws {
    let result = try Command("ci").run(["accept", id], environment: ["CI": "true"])
    #expect(result.code == 78)
  }

  @Test func `answers are JSON on request`() throws {
    let command = try Command("json")
    for verb in ["list", "plan", "check"] {
      let result = try command.mope(verb, id, "--json")
      #expect(result.code == 0, "\(verb): \(result.errors)")
      let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
      #expect(object is [Any], "\(verb)")
    }
  }

  @Test func `without its font no page is drawn`() throws {
    let command = try Command("no-fonts")
    let folder = try temporaryPath("no-fonts")
    try AtomicFile.write("<fontconfig><dir>\(folder)/none</dir></fontconfig>", to: "\(folder)/fonts.conf")
    let before = try command.files("Reports")
    let result = try command.mope(
      "run", "fig-2-architecture", "--progress", "none", environment: ["FONTCONFIG_FILE": "\(folder)/fonts.conf"])
    #expect(result.code == 78, "\(result.errors)")
    #expect(result.errors.contains("font DejaVu Sans") && result.errors.contains("install fonts-dejavu-core"))
    #expect(try command.files("Reports") == before)
  }

  @Test func `git is asked about this checkout, and what it says against it is shown`() throws {
    let command = try Command("git")
    func git(_ arguments: String...) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["git", "-C", command.project, "-c", "user.name=a", "-c", "user.email=a@b"] + arguments
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    let none = try command.mope("accept", "fig-2-architecture")
    #expect(none.code == 78 && none.errors.contains("not a git repository"), "\(none.errors)")
    try git("init", "-q")
    try git("add", "Golden")
    try git("commit", "-q", "-m", "a")
    let astray = ["GIT_DIR": "\(command.project)/elsewhere", "GIT_INDEX_FILE": "/dev/null"]
    let same = try command.mope("diff", "HEAD", "Golden", environment: astray)
    #expect(same.code == 0, "\(same.errors)")
    #expect(try command.mope("accept", "fig-2-architecture", environment: astray).code == 0)
    let unknown = try command.mope("diff", "no-such-commit", "Golden")
    #expect(unknown.code == 66 && unknown.errors.contains("no-such-commit"), "\(unknown.errors)")
  }
}
