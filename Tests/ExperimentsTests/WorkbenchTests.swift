import Laboratory
import Reporting
import Testing
import Training

@Suite struct WorkbenchTests {
  private func workbench(_ tier: Tier) -> Workbench {
    Workbench(purpose: .plan, tier: tier, seeds: [0], dataSeed: 1)
  }

  @Test func `a caption counts the examples of the stand-ins that are drawn`() throws {
    let mini = workbench(.mini)
    let choices = [mini.data(.snliVE), mini.data(.mmIMDB)]
    #expect(try mini.standInCount(choices) == "2000 ")
    #expect(try mini.standInCount(choices, of: .train) == "8000 to 12000 ")
    #expect(try mini.standInCount([mini.data(.refCOCO)], of: .pairs, examples: 2) == "500 ")
    let smoke = workbench(.smoke)
    #expect(try smoke.standInCount([smoke.data(.snliVE)]) == "32 ")
  }

  @Test func `published data are not counted in captions, and not at all while runs are planned`() throws {
    let paper = workbench(.paper)
    #expect(try paper.standInCount([paper.data(.snliVE)]) == "")
    #expect(try paper.count(paper.data(.snliVE), of: .train) == nil)
  }

  @Test func `an experiment reads what another one's golden accepts`() throws {
    let golden = Golden(
      experiment: "table-1-main", tier: "mini", dataSeed: 1, environmentClass: "", date: "", commit: "",
      cells: [], verdicts: [:])
    let bench = Workbench(purpose: .plan, tier: .mini, seeds: [0], dataSeed: 1) {
      $0 == golden.experiment ? golden : nil
    }
    #expect(try bench.golden("table-1-main") == golden)
    #expect(try bench.golden("table-2-prompt-types") == nil)
    #expect(try workbench(.mini).golden("table-1-main") == nil)
  }
}
