import Determinism

/// A value of a JSON file and where it stands, so that every mistake can name its entry.
package struct JSONEntry: Sendable {
  package let file: String
  /// Names and numbers from the top, such as `model.merges[3]`; empty at the top.
  package let path: String
  package let value: JSONValue

  package init(file: String, path: String, value: JSONValue) {
    self.file = file
    self.path = path
    self.value = value
  }

  /// The member called `name`; nil if it is missing or null.
  package func optional(_ name: String) throws -> JSONEntry? {
    guard case .object(let members) = value else { throw failure("an object") }
    let found = members.filter { $0.name.utf8.elementsEqual(name.utf8) }
    if found.count > 1 { throw failure("one member \"\(name)\"", found: "\(found.count)") }
    guard let member = found.first, member.value != .null else { return nil }
    return JSONEntry(
      file: file, path: path.isEmpty ? name : "\(path).\(name)", value: member.value)
  }

  /// The member called `name`, which must be there and not null.
  package func required(_ name: String) throws -> JSONEntry {
    guard let entry = try optional(name) else {
      throw failure("a member \"\(name)\"", found: "none")
    }
    return entry
  }

  /// All members in the order of the file.
  package func members() throws -> [(name: String, entry: JSONEntry)] {
    guard case .object(let members) = value else { throw failure("an object") }
    return members.map { member in
      let path = path.isEmpty ? member.name : "\(path).\(member.name)"
      return (member.name, JSONEntry(file: file, path: path, value: member.value))
    }
  }

  package func elements() throws -> [JSONEntry] {
    guard case .array(let elements) = value else { throw failure("an array") }
    return elements.enumerated().map { index, element in
      JSONEntry(file: file, path: "\(path)[\(index)]", value: element)
    }
  }

  package func string() throws -> String {
    guard case .string(let string) = value else { throw failure("a string") }
    return string
  }

  package func bool() throws -> Bool {
    guard case .bool(let bool) = value else { throw failure("true or false") }
    return bool
  }

  /// A token id, or another whole number from 0 to 2³¹ − 2.
  package func id() throws -> Int32 {
    guard case .number(let number) = value, let id = Int32(exactly: number), id >= 0, id < .max
    else { throw failure("a whole number from 0") }
    return id
  }

  /// A failure at this entry. `found` is the value itself if it is short.
  package func failure(_ expected: String, found: String? = nil) -> Failure {
    let place = path.isEmpty ? file : "\(file): \(path)"
    return Failure(.badInput, "\(place): expected \(expected), found \(found ?? summary)")
  }

  private var summary: String {
    switch value {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
    case .string(let string): "\"\(string)\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}
