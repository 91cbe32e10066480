import Determinism

/// A value of a pickle file: data only.
public indirect enum PickleValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  /// A text; byte strings of Python 2 are read as UTF-8, or as Latin-1 if they are not.
  case text(String)
  case bytes([UInt8])
  /// A list, tuple, set or frozen set.
  case list([PickleValue])
  /// A dictionary, or an `OrderedDict`, in the order of the file.
  case dictionary([Pair])

  public struct Pair: Sendable, Equatable {
    public let key: PickleValue
    public let value: PickleValue
  }
}

/// A value of a pickle and where it is, for messages.
struct PickleEntry {
  let place: SourcePlace
  let value: PickleValue

  /// Elements of a list or tuple.
  func elements() throws -> [PickleEntry] {
    guard case .list(let elements) = value else {
      throw place.bad("expected a list, found \(kindName)")
    }
    return elements.enumerated().map { PickleEntry(place: inner("[\($0)]"), value: $1) }
  }

  /// The value of a dictionary's key.
  func required(_ name: String) throws -> PickleEntry {
    guard case .dictionary(let pairs) = value else {
      throw place.bad("expected a dictionary, found \(kindName)")
    }
    let found = pairs.filter {
      if case .text(let key) = $0.key { Verbatim(key) == Verbatim(name) } else { false }
    }
    guard found.count == 1, let pair = found.first else {
      throw place.bad("expected one key \"\(name)\", found \(found.count)")
    }
    return PickleEntry(place: inner(place.entry.isEmpty ? name : ".\(name)"), value: pair.value)
  }

  func text() throws -> String {
    guard case .text(let text) = value else {
      throw place.bad("expected a text, found \(kindName)")
    }
    return text
  }

  func integer() throws -> Int {
    guard case .integer(let integer) = value else {
      throw place.bad("expected a whole number, found \(kindName)")
    }
    return integer
  }

  private func inner(_ step: String) -> SourcePlace { SourcePlace(place.file, place.entry + step) }

  private var kindName: String {
    switch value {
    case .none: "None"
    case .bool: "a Boolean"
    case .integer: "a whole number"
    case .float: "a number"
    case .text: "a text"
    case .bytes: "bytes"
    case .list: "a list"
    case .dictionary: "a dictionary"
    }
  }
}
