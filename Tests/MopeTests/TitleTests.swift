import Foundation
import TestSupport
import Testing

/// Runs are told apart, and chosen, by their titles.
@Suite struct TitleTests {
  private struct Entry: Decodable {
    let run: String
  }

  private func planned(_ command: Command, _ pattern: String) throws -> [String] {
    let result = try command.mope("plan", "table-2-prompt-types", "--tier", "smoke", "--json", "--runs", pattern)
    #expect(result.code == 0, "\(result.errors)")
    return try JSONDecoder().decode([Entry].self, from: Data(result.output.utf8)).map(\.run)
  }

  @Test func `every title chooses its run and no other, brackets too`() throws {
    let command = try Command("titles-of-runs")
    let all = try planned(command, "*seed 0")
    #expect(all.count == 21 && Set(all).count == 21)
    for title in all.filter({ $0.contains("SNLI-VE") }) { #expect(try planned(command, title) == [title]) }
    #expect(try planned(command, "[Ps] *seed 0").count == 3)
    let none = try command.mope("plan", "table-2-prompt-types", "--tier", "smoke", "--runs", "no such run")
    #expect(none.code == 5)
  }

  @Test func `every planned run of a tier has a title of its own`() throws {
    let command = try Command("unique-titles")
    for tier in ["smoke", "mini"] {
      let result = try command.mope("plan", "--tier", tier, "--retrain", "--json")
      let titles = try JSONDecoder().decode([Titled].self, from: Data(result.output.utf8))
      let byExperiment = Dictionary(grouping: titles, by: \.experiment)
      #expect(titles.count > 1000)
      for (experiment, runs) in byExperiment { #expect(Set(runs.map(\.run)).count == runs.count, "\(experiment)") }
    }
  }

  private struct Titled: Decodable {
    let experiment: String
    let run: String
  }
}
