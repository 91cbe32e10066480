/// A value that is stored by its departures from a base that never changes.
///
/// A stored run names what it chose, not what it left alone. So an option that is added later, with today's behaviour
/// as its base, changes the text of no earlier run. The base is a matter of the file format; what a tier takes where an
/// experiment says nothing is decided before, and is written wherever it is not the base.
public protocol SparselyCodable: Codable {
  /// The base: the value whose fields are left out.
  init()
  /// Every stored property, each once (a test holds the list against the properties).
  static var codedFields: [CodedField<Self>] { get }
}

extension SparselyCodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: FieldName.self)
    let base = Self()
    for field in Self.codedFields { try field.encode(self, base, &container) }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: FieldName.self)
    self.init()
    let known = Set(Self.codedFields.map(\.name))
    if let other = container.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) {
      throw DecodingError.dataCorrupted(
        .init(codingPath: container.codingPath, debugDescription: "\(other): no such field"))
    }
    for field in Self.codedFields { try field.decode(&self, container) }
  }

  /// The fields in which this value differs from another, for titles: "gating topOne".
  public func departures(from other: Self, except left: Set<String> = []) -> [String] {
    Self.codedFields.filter { !left.contains($0.name) && $0.differs(self, other) }
      .map { "\($0.name) \($0.text(self))" }
  }
}

/// One field of a sparsely coded value.
public struct CodedField<Root> {
  public let name: String
  let encode: (Root, Root, inout KeyedEncodingContainer<FieldName>) throws -> Void
  let decode: (inout Root, KeyedDecodingContainer<FieldName>) throws -> Void
  let differs: (Root, Root) -> Bool
  let text: (Root) -> String

  /// - Parameter isAlwaysWritten: also where it is the base's, for a reader's sake.
  public init<Value: Codable & Equatable>(
    _ name: String, _ path: WritableKeyPath<Root, Value>, isAlwaysWritten: Bool = false
  ) {
    self.name = name
    let key = FieldName(stringValue: name)
    differs = { $0[keyPath: path] != $1[keyPath: path] }
    text = { "\($0[keyPath: path])".replacing("Optional(", with: "(") }
    encode = { value, base, container in
      guard isAlwaysWritten || value[keyPath: path] != base[keyPath: path] else { return }
      try container.encode(value[keyPath: path], forKey: key)
    }
    decode = { value, container in
      guard let found = try container.decodeIfPresent(Value.self, forKey: key) else { return }
      value[keyPath: path] = found
    }
  }
}

/// The name of a field as a coding key.
public struct FieldName: CodingKey {
  public let stringValue: String
  public var intValue: Int? { nil }
  public init(stringValue: String) { self.stringValue = stringValue }
  public init?(intValue: Int) { nil }
}
