import Determinism
import Foundation

/// Reads pickle files of pure data, protocols 0 to 4, without ever running what they say.
///
/// A pickle is a program that may import and call anything. This reader knows the instructions that build numbers,
/// texts, lists, tuples, sets and dictionaries. Every instruction that imports, calls or builds an object is refused by
/// name, except the empty containers of `PickleContainer`, which are made here and not by Python.
/// (Python's `pickletools` documents the instructions.)
public struct PickleReader {
  private let source: String
  private let bytes: [UInt8]
  private var i = 0
  private var stack: [PickleNode] = []
  private var memo: [Int: PickleNode] = [:]
  /// Every node, so that a long chain of them can be taken apart without recursion.
  private var nodes: [PickleNode] = []

  private init(_ bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  /// The value of a file.
  /// - Throws: `Failure(.missingInput)`; `Failure(.badInput)` that names the instruction and its offset.
  public static func read(_ path: String) throws -> PickleValue {
    try parse(try SourceBytes.read(path), source: path)
  }

  /// The value that these bytes are.
  public static func parse(_ bytes: [UInt8], source: String) throws -> PickleValue {
    var reader = PickleReader(bytes, source: source)
    defer { for node in reader.nodes { node.content = .mark } }
    return try reader.run()
  }

  // MARK: Instructions

  private mutating func run() throws -> PickleValue {
    while true {
      let offset = i
      let code = try byte(offset)
      guard let instruction = PickleInstruction(rawValue: code) else {
        let name = PickleInstruction.forbidden(code)
        throw refusal(
          name ?? "an unknown instruction 0x\(String(code, radix: 16))", offset,
          name == nil
            ? "is this a pickle of protocol 0 to 4?"
            : "it would import, call or build an object; only data is read: get the file from its publisher, or save it "
              + "again as lists and dictionaries")
      }
      if instruction == .stop { return try result(offset) }
      if try !pushScalar(instruction, offset), try !gather(instruction, offset) {
        try manage(instruction, offset)
      }
    }
  }

  private mutating func result(_ offset: Int) throws -> PickleValue {
    guard i == bytes.count else {
      throw failure(
        offset, "expected the end of the file after the value, found \(bytes.count - i) more bytes")
    }
    guard stack.count == 1 else {
      throw failure(offset, "expected one value, found \(stack.count)")
    }
    var budget = 1_000_000 + 4 * bytes.count
    guard let value = stack[0].finished(&budget, depth: 0) else {
      throw failure(
        offset,
        "expected data, found a value that contains itself, is nested too deeply, or is too large")
    }
    return value
  }

  /// Numbers, texts and constants.
  private mutating func pushScalar(_ instruction: PickleInstruction, _ offset: Int) throws -> Bool {
    switch instruction {
    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .int:
      let text = try line(offset)
      if text == "00" || text == "01" {
        push(.bool(text == "01"))
      } else {
        push(.integer(try integer(text, offset)))
      }
    case .long:
      let text = try line(offset)
      push(.integer(try integer(text.hasSuffix("L") ? String(text.dropLast()) : text, offset)))
    case .binInt: push(.integer(Int(Int32(truncatingIfNeeded: try little(4, offset)))))
    case .binInt1: push(.integer(try little(1, offset)))
    case .binInt2: push(.integer(try little(2, offset)))
    case .long1: push(.integer(try longInteger(try little(1, offset), offset)))
    case .long4: push(.integer(try longInteger(try little(4, offset), offset)))
    case .float:
      let text = try line(offset)
      guard let number = Double(text) else {
        throw failure(offset, "expected a number, found \"\(text)\"")
      }
      push(.float(number))
    case .binFloat:
      let raw = try take(8, offset)
      push(.float(Double(bitPattern: raw.reduce(0) { $0 << 8 | UInt64($1) })))
    case .string: push(.text(try quoted(try line(offset), offset)))
    case .binString: push(.text(decoded(try take(try little(4, offset), offset))))
    case .shortBinString: push(.text(decoded(try take(try little(1, offset), offset))))
    case .unicode: push(.text(try rawUnicode(try lineBytes(offset), offset)))
    case .binUnicode: push(.text(try utf8(try take(try little(4, offset), offset), offset)))
    case .shortBinUnicode: push(.text(try utf8(try take(try little(1, offset), offset), offset)))
    case .binUnicode8: push(.text(try utf8(try take(try little(8, offset), offset), offset)))
    case .binBytes: push(.bytes(Array(try take(try little(4, offset), offset))))
    case .shortBinBytes: push(.bytes(Array(try take(try little(1, offset), offset))))
    case .binBytes8: push(.bytes(Array(try take(try little(8, offset), offset))))
    default: return false
    }
    return true
  }

  /// Lists, tuples, dictionaries and sets.
  private mutating func gather(_ instruction: PickleInstruction, _ offset: Int) throws -> Bool {
    switch instruction {
    case .emptyList, .emptyTuple, .emptySet: stack.append(make(.list([])))
    case .emptyDictionary: stack.append(make(.dictionary([])))
    case .list, .tuple, .frozenSet: stack.append(make(.list(try takeMarked(offset))))
    case .dictionary: stack.append(make(.dictionary(try pairs(try takeMarked(offset), offset))))
    case .tuple1: stack.append(make(.list(try takeTop(1, offset))))
    case .tuple2: stack.append(make(.list(try takeTop(2, offset))))
    case .tuple3: stack.append(make(.list(try takeTop(3, offset))))
    case .append: try extend(try takeTop(1, offset), offset)
    case .appends, .addItems: try extend(try takeMarked(offset), offset)
    case .setItem: try insert(try takeTop(2, offset), offset)
    case .setItems: try insert(try takeMarked(offset), offset)
    default: return false
    }
    return true
  }

  /// The stack, the memo, and the few names that are allowed.
  private mutating func manage(_ instruction: PickleInstruction, _ offset: Int) throws {
    switch instruction {
    case .protocolVersion:
      let version = try little(1, offset)
      guard version <= 4 else {
        throw failure(offset, "expected protocol 0 to 4, found \(version)")
      }
    case .frame: _ = try little(8, offset)
    case .mark: stack.append(make(.mark))
    case .pop: _ = try takeTop(1, offset, allowsMark: true)
    case .popMark: _ = try takeMarked(offset)
    case .duplicate:
      let top = try takeTop(1, offset)
      stack += top + top
    case .put: try remember(try integer(try line(offset), offset), offset)
    case .binPut: try remember(try little(1, offset), offset)
    case .longBinPut: try remember(try little(4, offset), offset)
    case .memoize: try remember(memo.count, offset)
    case .get: try recall(try integer(try line(offset), offset), offset)
    case .binGet: try recall(try little(1, offset), offset)
    case .longBinGet: try recall(try little(4, offset), offset)
    case .global:
      let module = try line(offset)
      try pushContainer("\(module).\(try line(offset))", "GLOBAL", offset)
    case .stackGlobal:
      let names = try takeTop(2, offset).map { node -> String in
        guard case .value(.text(let text)) = node.content else {
          throw failure(offset, "STACK_GLOBAL: expected two names, found other values")
        }
        return text
      }
      try pushContainer(names.joined(separator: "."), "STACK_GLOBAL", offset)
    case .reduce: try fillContainer(offset)
    default: throw failure(offset, "\(instruction): an instruction without a rule")
    }
  }

  private mutating func pushContainer(_ name: String, _ instruction: String, _ offset: Int) throws {
    guard let container = PickleContainer(rawValue: name) else {
      throw refusal(
        "\(instruction) of \(name)", offset,
        "it would import code; only data is read: get the file from its publisher, or save it again as lists and "
          + "dictionaries")
    }
    stack.append(make(.container(container)))
  }

  /// `OrderedDict()`, `OrderedDict(pairs)`, `set(list)`: the call is done here.
  private mutating func fillContainer(_ offset: Int) throws {
    let parts = try takeTop(2, offset)
    guard case .container(let container) = parts[0].content else {
      throw refusal("REDUCE", offset, "it would call something that is no container of data")
    }
    guard case .list(let arguments) = parts[1].content, arguments.count <= 1 else {
      throw failure(offset, "REDUCE of \(container.rawValue): expected at most one argument")
    }
    var items: [PickleNode] = []
    if let argument = arguments.first {
      guard case .list(let nodes) = argument.content else {
        throw failure(offset, "REDUCE of \(container.rawValue): expected a list")
      }
      items = nodes
    }
    guard container == .orderedDictionary else {
      stack.append(make(.list(items)))
      return
    }
    let flat = try items.flatMap { item -> [PickleNode] in
      guard case .list(let pair) = item.content, pair.count == 2 else {
        throw failure(offset, "REDUCE of \(container.rawValue): expected pairs")
      }
      return pair
    }
    stack.append(make(.dictionary(try pairs(flat, offset))))
  }

  // MARK: Stack and memo

  private mutating func push(_ value: PickleValue) { stack.append(make(.value(value))) }

  private mutating func make(_ content: PickleNode.Content) -> PickleNode {
    let node = PickleNode(content)
    nodes.append(node)
    return node
  }

  private mutating func takeTop(_ count: Int, _ offset: Int, allowsMark: Bool = false) throws
    -> [PickleNode]
  {
    guard stack.count >= count else {
      throw failure(offset, "expected \(count) values before this, found \(stack.count)")
    }
    let top = Array(stack.suffix(count))
    for node in top where !allowsMark {
      if case .mark = node.content {
        throw failure(offset, "expected \(count) values before this, found a mark")
      }
    }
    stack.removeLast(count)
    return top
  }

  private mutating func takeMarked(_ offset: Int) throws -> [PickleNode] {
    let mark = stack.lastIndex { if case .mark = $0.content { true } else { false } }
    guard let mark else { throw failure(offset, "expected a mark before this, found none") }
    let marked = Array(stack[(mark + 1)...])
    stack.removeLast(stack.count - mark)
    return marked
  }

  private func pairs(_ nodes: [PickleNode], _ offset: Int) throws -> [(
    key: PickleNode, value: PickleNode
  )] {
    guard nodes.count % 2 == 0 else {
      throw failure(offset, "expected keys with values, found \(nodes.count) items")
    }
    return stride(from: 0, to: nodes.count, by: 2).map { (nodes[$0], nodes[$0 + 1]) }
  }

  private mutating func extend(_ nodes: [PickleNode], _ offset: Int) throws {
    guard let node = stack.last, case .list(var list) = node.content else {
      throw failure(offset, "expected a list or set to add to")
    }
    node.content = .mark  // so that the array is not copied
    list += nodes
    node.content = .list(list)
  }

  private mutating func insert(_ nodes: [PickleNode], _ offset: Int) throws {
    guard let node = stack.last, case .dictionary(var dictionary) = node.content else {
      throw failure(offset, "expected a dictionary to add to")
    }
    node.content = .mark
    dictionary += try pairs(nodes, offset)
    node.content = .dictionary(dictionary)
  }

  private mutating func remember(_ index: Int, _ offset: Int) throws {
    guard let top = stack.last else {
      throw failure(offset, "expected a value to remember, found none")
    }
    memo[index] = top
  }

  private mutating func recall(_ index: Int, _ offset: Int) throws {
    guard let node = memo[index] else {
      throw failure(offset, "expected a remembered value \(index), found none")
    }
    stack.append(node)
  }
}

// MARK: Bytes

extension PickleReader {
  private mutating func byte(_ offset: Int) throws -> UInt8 {
    guard i < bytes.count else {
      throw failure(offset, "expected another instruction, found the end; is the file complete?")
    }
    i += 1
    return bytes[i - 1]
  }

  private mutating func take(_ count: Int, _ offset: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - i else {
      throw failure(
        offset, "expected \(count) more bytes, found \(bytes.count - i); is the file complete?")
    }
    i += count
    return bytes[(i - count)..<i]
  }

  private mutating func little(_ count: Int, _ offset: Int) throws -> Int {
    let raw = try take(count, offset)
    let value = raw.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let integer = Int(exactly: value) else {
      throw failure(offset, "the length \(value) is too large")
    }
    return integer
  }

  private mutating func longInteger(_ count: Int, _ offset: Int) throws -> Int {
    guard count <= 8 else {
      throw failure(offset, "expected an integer of at most 8 bytes, found \(count)")
    }
    guard count > 0 else { return 0 }
    let raw = try take(count, offset)
    let value = raw.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let unused = UInt64(64 - 8 * count)
    return Int(Int64(bitPattern: value << unused) >> Int64(unused))
  }

  private mutating func lineBytes(_ offset: Int) throws -> ArraySlice<UInt8> {
    guard let end = bytes[i...].firstIndex(of: 0x0A) else {
      throw failure(
        offset, "expected the end of a line, found the end of the file; is the file complete?")
    }
    defer { i = end + 1 }
    return bytes[i..<end]
  }

  private mutating func line(_ offset: Int) throws -> String {
    let raw = try lineBytes(offset)
    return decoded(raw.last == 0x0D ? raw.dropLast() : raw)
  }

  private func integer(_ text: String, _ offset: Int) throws -> Int {
    guard let integer = Int(text) else {
      throw failure(
        offset, "expected a whole number of at most 8 bytes, found \"\(text.prefix(30))\"")
    }
    return integer
  }

  private func decoded(_ raw: ArraySlice<UInt8>) -> String {
    String(validating: raw, as: UTF8.self)
      ?? String(String.UnicodeScalarView(raw.map { Unicode.Scalar($0) }))
  }

  private func utf8(_ raw: ArraySlice<UInt8>, _ offset: Int) throws -> String {
    guard let text = String(validating: raw, as: UTF8.self) else {
      throw failure(offset, "expected UTF-8, found other bytes")
    }
    return text
  }

  /// A Python string literal of protocol 0: quotes and the escapes \\, \', \", \n, \t, \r, \xHH.
  private func quoted(_ text: String, _ offset: Int) throws -> String {
    let raw = Array(text.utf8)
    guard raw.count >= 2, let quote = raw.first, quote == raw.last, quote == 0x27 || quote == 0x22
    else {
      throw failure(offset, "expected a text in quotes, found \"\(text.prefix(30))\"")
    }
    var result: [UInt8] = []
    var k = 1
    while k < raw.count - 1 {
      guard raw[k] == UInt8(ascii: "\\") else {
        result.append(raw[k])
        k += 1
        continue
      }
      let next = raw[k + 1]
      k += 2
      switch next {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "\\"), 0x27, 0x22: result.append(next)
      case UInt8(ascii: "x"):
        guard k + 2 < raw.count,
          let code = UInt8(String(decoding: raw[k..<k + 2], as: UTF8.self), radix: 16)
        else {
          throw failure(offset, "expected two hexadecimal digits after \\x")
        }
        result.append(code)
        k += 2
      default: throw failure(offset, "the escape \\\(Unicode.Scalar(next)) is not known")
      }
    }
    return decoded(result[...])
  }

  /// Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX.
  private func rawUnicode(_ raw: ArraySlice<UInt8>, _ offset: Int) throws -> String {
    var scalars = String.UnicodeScalarView()
    var units: [UInt16] = []
    func flush() {
      scalars.append(contentsOf: String(decoding: units, as: UTF16.self).unicodeScalars)
      units = []
    }
    var k = raw.startIndex
    while k < raw.endIndex {
      let digits =
        raw[k] == UInt8(ascii: "\\") && k + 1 < raw.endIndex
        ? (raw[k + 1] == UInt8(ascii: "u") ? 4 : raw[k + 1] == UInt8(ascii: "U") ? 8 : 0) : 0
      guard digits > 0 else {
        units.append(UInt16(raw[k]))
        k += 1
        continue
      }
      guard k + 2 + digits <= raw.endIndex,
        let code = UInt32(
          String(decoding: raw[(k + 2)..<(k + 2 + digits)], as: UTF8.self), radix: 16)
      else { throw failure(offset, "expected \(digits) hexadecimal digits after \\u") }
      if code < 0x1_0000 {
        units.append(UInt16(code))
      } else {
        flush()
        guard let scalar = Unicode.Scalar(code) else {
          throw failure(offset, "expected a scalar, found \(code)")
        }
        scalars.append(scalar)
      }
      k += 2 + digits
    }
    flush()
    return String(scalars)
  }

  private func failure(_ offset: Int, _ what: String) -> Failure {
    Failure(.badInput, "\(source): byte \(offset): \(what)")
  }

  private func refusal(_ instruction: String, _ offset: Int, _ why: String) -> Failure {
    Failure(.badInput, "\(source): byte \(offset): \(instruction) is refused; \(why)")
  }
}
