/// Under which circumstances the numbers of a report were made.
public struct RunContext: Hashable, Sendable {
  /// "smoke", "mini" or "paper".
  public let tier: String
  /// Which draw of the stand-in data.
  public let dataSeed: Int
  /// Names machines on which equal seeds give equal bits: kernel, threads, library versions.
  public let environmentClass: String
  /// The training seeds of this run, in order.
  public let seeds: [Int]
  /// Why nothing is judged: "a dry run on 8 examples of each split"; nil where it is.
  public let reservation: String?

  public init(
    tier: String, dataSeed: Int, environmentClass: String, seeds: [Int], reservation: String? = nil
  ) {
    self.reservation = reservation
    self.tier = tier
    self.dataSeed = dataSeed
    self.environmentClass = environmentClass
    self.seeds = seeds
  }

  /// Whether claims may be judged; the smoke tier's few samples decide nothing.
  public var decidesClaims: Bool { tier != "smoke" && reservation == nil }

  /// What a command line needs to make these numbers again.
  public var flags: String {
    var words = "--tier \(tier)"
    if !seeds.isEmpty { words += " --seeds \(seedText)" }
    words += " --data-seed \(dataSeed)"
    return tier == "paper" ? "\(words) --data DIR --weights DIR" : words
  }

  /// "0..3" for 0, 1, 2, 3; otherwise the numbers separated by commas.
  public var seedText: String {
    let sorted = seeds.sorted()
    guard let first = sorted.first, let last = sorted.last else { return "none" }
    if sorted.count > 1 && sorted == Array(first...last) { return "\(first)..\(last)" }
    return sorted.map { String($0) }.joined(separator: ",")
  }
}
