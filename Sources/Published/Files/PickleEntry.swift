import Determinism
import Pickle

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
    case .storage, .tensor: "a tensor"
    }
  }
}
