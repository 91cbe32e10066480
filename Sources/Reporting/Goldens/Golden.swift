import Determinism
import Foundation

/// The accepted numbers of one experiment: a value per cell and seed, with computed tolerances.
///
/// Stored as `Golden/<experiment>.json`; changed by `mope accept` only.
public struct Golden: Codable, Hashable, Sendable {
  /// A number with the reason why it is that number.
  public struct Bound: Codable, Hashable, Sendable {
    public let value: Double
    public let reason: String

    public init(_ value: Double, _ reason: String) {
      self.value = value
      self.reason = reason
    }
  }

  /// How far the same seed goes on other machines.
  public struct Spread: Codable, Hashable, Sendable {
    public let value: Double
    /// The environment classes it was measured against; empty where it is one step of the metric.
    public let measuredAgainst: [String]

    public init(_ value: Double, measuredAgainst: [String]) {
      self.value = value
      self.measuredAgainst = measuredAgainst
    }

    var reason: String {
      measuredAgainst.isEmpty
        ? "not measured yet: one step of the metric" : "measured against \(measuredAgainst.joined(separator: "; "))"
    }

    private enum CodingKeys: CodingKey { case value, measuredAgainst, reason }

    /// Goldens of earlier commits have the classes in a sentence, all in one.
    public init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      value = try fields.decode(Double.self, forKey: .value)
      let sentence = try fields.decodeIfPresent(String.self, forKey: .reason)
      measuredAgainst =
        try fields.decodeIfPresent([String].self, forKey: .measuredAgainst)
        ?? sentence?.wholeMatch(of: /measured against (.+)/).map { [String($0.1)] } ?? []
    }

    public func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(value, forKey: .value)
      if !measuredAgainst.isEmpty { try fields.encode(measuredAgainst, forKey: .measuredAgainst) }
    }
  }

  /// How far a later value may be from this one.
  public struct Tolerance: Codable, Hashable, Sendable {
    /// Same seed, same environment class.
    public var sameSeed: Bound
    /// Same seed, other environment class: the spread measured under other kernels.
    public var kernelSpread: Spread
    /// The metric's smallest step; half of it widens every tolerance but the first.
    public var resolution: Bound

    public init(sameSeed: Bound, kernelSpread: Spread, resolution: Bound) {
      self.sameSeed = sameSeed
      self.kernelSpread = kernelSpread
      self.resolution = resolution
    }
  }

  public struct Cell: Codable, Hashable, Sendable {
    public let row: String
    public let column: String
    public let unit: String
    /// The value of each seed.
    public let values: [Int: Double]
    public var tolerance: Tolerance

    public init(
      row: String, column: String, unit: String, values: [Int: Double], tolerance: Tolerance
    ) {
      self.row = row
      self.column = column
      self.unit = unit
      self.values = values
      self.tolerance = tolerance
    }

    public var key: Measurements.Key { Measurements.Key(row, column) }
    /// The values in the order of their seeds.
    public var ordered: [Double] { values.sorted { $0.key < $1.key }.map(\.value) }
  }

  public let experiment: String
  public let tier: String
  public let dataSeed: Int
  public let environmentClass: String
  /// When and at which commit the values were accepted; not compared.
  public let date: String
  public let commit: String
  public let cells: [Cell]
  /// The accepted verdict of each claim, by its sentence.
  public let verdicts: [String: Verdict]

  public init(
    experiment: String, tier: String, dataSeed: Int, environmentClass: String, date: String,
    commit: String, cells: [Cell], verdicts: [String: Verdict]
  ) {
    self.experiment = experiment
    self.tier = tier
    self.dataSeed = dataSeed
    self.environmentClass = environmentClass
    self.date = date
    self.commit = commit
    self.cells = cells
    self.verdicts = verdicts
  }

  /// The cell of this row and column; nil when none was accepted.
  public subscript(key: Measurements.Key) -> Cell? { cells.first { $0.key == key } }
}

extension Golden {
  /// The golden stored in a file; nil when there is no such file.
  /// - Throws: `Failure(.badInput)` naming the file and the entry.
  public static func read(_ path: String) throws -> Golden? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.io, "\(path): cannot be read")
    }
    return try decode(data, path: path)
  }

  /// The golden in these bytes, checked.
  public static func decode(_ data: Data, path: String) throws -> Golden {
    let golden: Golden
    do { golden = try JSONDecoder().decode(Golden.self, from: data) } catch {
      throw Failure(
        .badInput,
        "\(path): expected a golden, found \(describe(error)); restore it from version control")
    }
    try golden.validate(path: path)
    return golden
  }

  /// The bytes of the file: sorted keys, one entry a line, a newline at the end.
  public func encoded() throws -> Data {
    try validate(path: "Golden/\(experiment).json")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do { return try encoder.encode(self) + Data("\n".utf8) } catch {
      throw Failure(.internal, "\(experiment): cannot encode the golden: \(error)")
    }
  }

  /// Throws for what JSON cannot rule out: negative tolerances, no values, a cell given twice.
  private func validate(path: String) throws {
    var seen = Set<Measurements.Key>()
    for cell in cells {
      func fail(_ found: String) -> Failure {
        Failure(.badInput, "\(path): \(cell.row) | \(cell.column): \(found)")
      }
      guard seen.insert(cell.key).inserted else { throw fail("the cell is given twice") }
      guard !cell.values.isEmpty else { throw fail("expected a value per seed, found none") }
      for (seed, value) in cell.values.sorted(by: { $0.key < $1.key }) where !value.isFinite {
        throw fail("expected a finite value, found \(value) for seed \(seed)")
      }
      let tolerance = cell.tolerance
      let bounds = [
        ("sameSeed", tolerance.sameSeed.value, tolerance.sameSeed.reason),
        ("kernelSpread", tolerance.kernelSpread.value, tolerance.kernelSpread.reason),
        ("resolution", tolerance.resolution.value, tolerance.resolution.reason),
      ]
      for (name, value, reason) in bounds {
        guard value >= 0 && value.isFinite else {
          throw fail("expected a tolerance of 0 or more, found \(name) \(value)")
        }
        guard !reason.isEmpty else { throw fail("the tolerance \(name) has no reason") }
      }
      guard cell.tolerance.resolution.value > 0 else {
        throw fail("expected a positive resolution, found 0")
      }
    }
  }
}

/// A decoding error as one line that names the entry.
func describe(_ error: any Error) -> String {
  func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "the top level" : path.map(\.stringValue).joined(separator: ".")
  }
  return switch error {
  case DecodingError.keyNotFound(let key, let context):
    "no \"\(key.stringValue)\" in \(place(context.codingPath))"
  case DecodingError.typeMismatch(let type, let context):
    "something else than \(type) at \(place(context.codingPath))"
  case DecodingError.valueNotFound(let type, let context):
    "nothing where a \(type) belongs, at \(place(context.codingPath))"
  case DecodingError.dataCorrupted(let context):
    "text that is not valid at \(place(context.codingPath)): \(context.debugDescription)"
  default: "\(error)"
  }
}
