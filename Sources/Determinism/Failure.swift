/// A mistake of the world (a file, a flag, a full disk) with the exit code the program ends with.
///
/// `description` says where, what was expected, what was found, and what to do.
public struct Failure: Error, CustomStringConvertible, Equatable, Sendable {
  /// Exit codes, after sysexits.h where one fits.
  public enum Kind: Int32, Sendable, CaseIterable {
    /// A golden value or a claim failed.
    case checkFailed = 1
    /// A run crashed or could not finish.
    case runFailed = 2
    /// New values wait for `mope accept`.
    case waiting = 3
    /// Missing, stale, or too few seeds.
    case undecided = 4
    /// The selection matched nothing.
    case noMatch = 5
    case usage = 64
    /// Bad or corrupt input.
    case badInput = 65
    /// An input that is not there.
    case missingInput = 66
    /// A defect of this program.
    case `internal` = 70
    case io = 74
    case configuration = 78
    /// Stopped by the user; state was saved.
    case interrupted = 130
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
