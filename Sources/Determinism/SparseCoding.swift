/// A value that is stored by its departures from the default.
///
/// A stored run names what it chose, not what it left alone. So an option that is added later, with today's behaviour
/// as its default, changes the text of no earlier run.
public protocol SparselyCodable: Codable {
  /// The value whose fields are left out.
  init()
  /// Every field that may depart from the default, each once.
  static var codedFields: [CodedField<Self>] { get }
}

extension SparselyCodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: FieldName.self)
    let standard = Self()
    for field in Self.codedFields { try field.encode(self, standard, &container) }
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
}

/// One field of a sparsely coded value.
public struct CodedField<Root> {
  public let name: String
  let encode: (Root, Root, inout KeyedEncodingContainer<FieldName>) throws -> Void
  let decode: (inout Root, KeyedDecodingContainer<FieldName>) throws -> Void

  public init<Value: Codable & Equatable>(_ name: String, _ path: WritableKeyPath<Root, Value>) {
    self.name = name
    let key = FieldName(stringValue: name)
    encode = { value, standard, container in
      guard value[keyPath: path] != standard[keyPath: path] else { return }
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
