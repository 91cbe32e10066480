import Determinism
import Foundation
import TestSupport
import Testing

/// Every reader of outside bytes on damaged inputs: it may refuse, with words and the right exit code, and nothing else.
///
/// `MOPE_FUZZ_SECONDS` says how long all readers together may take (40), `MOPE_FUZZ_SEED` which inputs are made (0),
/// `MOPE_FUZZ_CASE` with which number they begin (0). An input that ends
/// the process lies in the folder of the reader, `input`, beneath the temporary folder of the tests.
@Suite(.serialized) struct FuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let seconds = environment["MOPE_FUZZ_SECONDS"].flatMap(Double.init) ?? 40
  private static let first = environment["MOPE_FUZZ_CASE"].flatMap(Int.init) ?? 0
  private static let seed = environment["MOPE_FUZZ_SEED"].flatMap(UInt64.init) ?? 0
  /// What is no endless loop and no flood of memory.
  private static let patience = Duration.seconds(10)
  private static let expected: Set<Failure.Kind> = [.badInput, .missingInput, .configuration]

  @Test(arguments: OutsideReader.all) func `damage is refused in words`(_ reader: OutsideReader) throws {
    let folder = try temporaryPath("fuzz-\(reader.name.map { $0.isLetter ? String($0) : "-" }.joined())")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try reader.prepare(folder)
    let seeds = try reader.seeds()
    try #require(!seeds.isEmpty)
    func run(_ input: [UInt8]) throws {
      try OutsideReader.write(input, to: "\(folder)/input")
      try reader.read(input, folder)
    }
    let clock = ContinuousClock()
    let end = clock.now + .seconds(Self.seconds / Double(OutsideReader.all.count))
    let stream = RandomStream(seed: Self.seed).stream(reader.name)
    var (count, refused) = (Self.first, 0)
    repeat {
      var random = stream.stream(count)
      let start = seeds[random.integer(below: seeds.count)]
      let input = Mutation.applied(to: start, other: seeds[random.integer(below: seeds.count)], &random)
      let begin = clock.now
      var complaint: String?
      do { try run(input) } catch let failure as Failure {
        refused += 1
        if !Self.expected.contains(failure.kind) { complaint = "\(failure.kind)" }
        if failure.description.isEmpty || failure.description.utf8.count > 20_000 {
          complaint = "not a message to read"
        }
        complaint = complaint.map { "\($0): \(failure.description.prefix(500))" }
      } catch { complaint = "not a failure with an exit code: \(error)" }
      if clock.now - begin > Self.patience { complaint = "took \(clock.now - begin)" }
      if let complaint { Issue.record("\(reader.name), case \(count) of seed \(Self.seed): \(complaint)") }
      count += 1
    } while clock.now < end
    print("fuzz: \(reader.name): \(count - Self.first) inputs, \(refused) refused")
    #expect(
      refused > 0 || count - Self.first < 100, "\(reader.name): nothing was refused in \(count - Self.first) inputs")
  }
}
