import Foundation
import Testing

private let id = "table-2-prompt-types"
private let source = "Table2PromptTypes.swift"

/// Which files a command writes.
@Suite(.serialized) struct ReportFileTests {
  @Test func `run writes the files of its experiment and the overviews, and changes nothing that agrees`() throws {
    let command = try Command("one")
    let shipped = try command.files("Reports")
    // Pages that another command would have to make again.
    let other = "\(command.project)/Reports/fig-9-tsne.md"
    try "edited".write(toFile: other, atomically: true, encoding: .utf8)
    try FileManager.default.removeItem(atPath: "\(command.project)/Reports/\(id).md")
    #expect(try command.mope("run", id, "--progress", "none").code == 0)
    var found = try command.files("Reports")
    #expect(found["fig-9-tsne.md"] == Data("edited".utf8))
    found["fig-9-tsne.md"] = shipped["fig-9-tsne.md"]
    #expect(found == shipped)

    try command.edit(source, "Here the seven subsets", with: "Here seven subsets")
    #expect(try command.mope("run", id, "--progress", "none").code == 0)
    let after = try command.files("Reports")
    let changed = after.keys.filter { after[$0] != shipped[$0] }.sorted()
    #expect(changed == ["fig-9-tsne.md", "index.html", "\(id).md"])
  }

  @Test func `overviews that were lost are made again from stored results, and the other pages stay`() throws {
    let command = try Command("lost")
    let flags = ["--tier", "smoke", "--seeds", "0", "--progress", "none"]
    #expect(try command.run(["run", id, "table-4-modularity"] + flags).code == 3)
    let written = try command.files(".mope/reports/smoke")
    #expect(written["table-4-modularity.md"] != nil)
    try FileManager.default.removeItem(atPath: "\(command.project)/.mope/reports/smoke/README.md")
    let other = "\(command.project)/.mope/reports/smoke/table-4-modularity.md"
    try "edited".write(toFile: other, atomically: true, encoding: .utf8)
    #expect(try command.run(["run", id] + flags).code == 3)
    var found = try command.files(".mope/reports/smoke")
    #expect(found["table-4-modularity.md"] == Data("edited".utf8))
    found["table-4-modularity.md"] = written["table-4-modularity.md"]
    #expect(found == written)
  }

  @Test(arguments: [["--seeds", "0..1"], ["--seeds", "0"], ["--runs", "MoPE*"]])
  func `a part of the runs does not replace the pages of the repository`(_ part: [String]) throws {
    let command = try Command("part")
    let shipped = try command.files("Reports")
    let result = try command.run(["run", id, "--progress", "none"] + part)
    #expect(result.errors.contains(".mope/reports/mini"))
    #expect(try command.files("Reports") == shipped)
    let found = try command.files(".mope/reports/mini")
    #expect(found["\(id).md"] != nil && found["README.md"] != nil && found["index.html"] != nil)
    #expect(found.keys.allSatisfy { $0.hasPrefix(id) || ["README.md", "claims.md", "index.html"].contains($0) })
    _ = try command.run(["run", id, "--progress", "none", "-o", "Reports"] + part)
    if part[0] == "--seeds" { #expect(try command.files("Reports") != shipped) }
  }

  @Test func `prose needs no build, code does`() throws {
    let command = try Command("prose")
    try command.edit(source, " Here the seven", with: " A paragraph that was not compiled.\n\n Here the seven")
    #expect(try command.mope("run", id, "--progress", "none").code == 0)
    let page = try String(contentsOfFile: "\(command.project)/Reports/\(id).md", encoding: .utf8)
    #expect(page.contains("A paragraph that was not compiled."))
    #expect(page.contains("checked 34 of 34"))

    try command.edit(source, "notebook.compare(", with: "notebook.compare( ")
    let result = try command.mope("run", id, "--progress", "none")
    #expect(result.code == 78)
    #expect(result.errors.contains(source) && result.errors.contains("rebuild"))
  }

  @Test func `plan calls a run new that nobody has asked for`() throws {
    let result = try Command("plan").mope("plan", id, "--data-seed", "7")
    #expect(result.code == 0)
    #expect(result.output.contains("\n    new\n"))
    #expect(!result.output.contains("→"))
  }
}
