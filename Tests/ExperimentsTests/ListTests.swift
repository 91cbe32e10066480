import Experiments
import Foundation
import Laboratory
import Reporting
import Testing
import Training

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().path

@Suite struct ListTests {
  @Test func `every file in Experiments is listed`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(root)/Experiments")
      .filter { $0.hasSuffix(".swift") && $0 != "Experiments.swift" }
    #expect(Set(files) == Set((allExperiments + draftExperiments).map(\.info.source)))
  }

  @Test(arguments: allExperiments + draftExperiments)
  func `the program holds an experiment's text as it was compiled`(_ experiment: Experiment) throws {
    let text = try String(contentsOfFile: "\(root)/Experiments/\(experiment.info.source)", encoding: .utf8)
    #expect(experiment.compiledText == text, "\(experiment.info.source): list it in Sources/CNotebooks/notebooks.c")
  }

  @Test func `ids are unique`() {
    let ids = (allExperiments + draftExperiments).map(\.info.id)
    #expect(Set(ids).count == ids.count)
  }

  @Test(arguments: allExperiments.map(\.info.id))
  func `an experiment has a golden and a report`(_ id: String) {
    let manager = FileManager.default
    #expect(manager.fileExists(atPath: "\(root)/Golden/\(id).json"))
    #expect(manager.fileExists(atPath: "\(root)/Reports/\(id).md"))
  }

  @Test(arguments: allExperiments.map(\.info.id))
  func `a golden file is as the program writes it`(_ id: String) throws {
    let path = "\(root)/Golden/\(id).json"
    #expect(try Golden.read(path)?.encoded() == FileManager.default.contents(atPath: path))
  }
}
