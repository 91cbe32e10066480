extension GoldenComparison {
  /// One comparison for each claim, and for each accepted claim that is not made any more.
  ///
  /// A claim that is not reproduced is a finding, not a failure; a verdict that is not the accepted
  /// one is. At the smoke tier nothing is judged and nothing compared.
  public func compare(claims: [Claim]) -> [CellComparison] {
    guard context.decidesClaims else { return [] }
    let sentences = claims.map(\.sentence)
    let gone = (golden?.verdicts.keys.sorted() ?? []).filter { !sentences.contains($0) }
    return claims.map(compare)
      + gone.map {
        CellComparison(Self.key($0), .missing, "the golden has this claim, the run did not make it")
      }
  }

  private func compare(_ claim: Claim) -> CellComparison {
    let key = Self.key(claim.sentence)
    let judgement = claim.judgement
    switch judgement.verdict {
    case .notRun: return CellComparison(key, .notRun, judgement.reason)
    case .tooFewSeeds: return CellComparison(key, .tooFewSeeds, judgement.reason)
    case .reproduced, .directionOnly, .withinNoise, .notReproduced: break
    }
    guard let golden else {
      return CellComparison(key, .new, "no accepted verdict yet; look at it, then: mope accept")
    }
    guard let accepted = golden.verdicts[claim.sentence] else {
      return CellComparison(key, .new, "the golden has no verdict for this claim yet; look at it, then: mope accept")
    }
    let found =
      "accepted \(accepted.rawValue), found \(judgement.verdict.rawValue) (\(judgement.text))"
    if golden.tier != context.tier || golden.dataSeed != context.dataSeed {
      return CellComparison(
        key, .stale, "accepted for tier \(golden.tier), data seed \(golden.dataSeed): \(found)")
    }
    if accepted == judgement.verdict { return CellComparison(key, .agrees, "") }
    let seeds = Set(golden.cells.flatMap(\.values.keys))
    if !seeds.isEmpty && seeds != Set(context.seeds) {
      let numbers = seeds.sorted().map { String($0) }.joined(separator: ",")
      return CellComparison(key, .stale, "accepted with seeds \(numbers): \(found)")
    }
    return CellComparison(key, .differs, found)
  }

  private static func key(_ sentence: String) -> Measurements.Key {
    Measurements.Key("claim", sentence)
  }
}
