import Determinism

/// Reads pickle files of pure data, protocols 0 to 5, without ever running what they say.
///
/// A pickle is a program that may import and call anything. This reader knows the instructions that build numbers,
/// texts, lists, tuples, sets and dictionaries. Every instruction that imports, calls or builds an object is refused by
/// name, except the empty containers of `PickleContainer`, which are made here and not by Python.
/// (Python's `pickletools` documents the instructions.)
///
/// In what `torch.save` writes tensors are calls, too. Asked for, the reader takes those few for what they stand for.
public struct PickleReader {
  private let readsTensors: Bool
  private var cursor: PickleCursor
  private var stack: [PickleNode] = []
  private var memo: [Int: PickleNode] = [:]
  /// Every node, so that a long chain of them can be taken apart without recursion.
  private var nodes: [PickleNode] = []

  private init(_ bytes: [UInt8], source: String, readsTensors: Bool) {
    self.readsTensors = readsTensors
    cursor = PickleCursor(bytes, source: source)
  }

  /// The value of a file.
  /// - Throws: `Failure(.missingInput)`; `Failure(.badInput)` that names the instruction and its offset.
  public static func read(_ path: String) throws -> PickleValue {
    try parse(try InputFile.read(path), source: path)
  }

  /// The value that these bytes are.
  /// - Parameter readsTensors: whether tensors of `torch.save` are values.
  public static func parse(_ bytes: [UInt8], source: String, readsTensors: Bool = false) throws -> PickleValue {
    var reader = PickleReader(bytes, source: source, readsTensors: readsTensors)
    defer { for node in reader.nodes { node.content = .mark } }
    return try reader.run()
  }

  // MARK: Instructions

  private mutating func run() throws -> PickleValue {
    while true {
      let offset = cursor.i
      let code = try cursor.byte(offset)
      if readsTensors, try takeTensorPart(code, offset) { continue }
      guard let instruction = PickleInstruction(rawValue: code) else {
        let name = PickleInstruction.forbidden(code)
        throw cursor.refusal(
          name ?? "an unknown instruction 0x\(String(code, radix: 16))", offset,
          name == nil
            ? "is this a pickle of protocol 0 to 5?"
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
    guard cursor.left == 0 else {
      throw cursor.failure(
        offset, "expected the end of the file after the value, found \(cursor.left) more bytes")
    }
    guard stack.count == 1 else {
      throw cursor.failure(offset, "expected one value, found \(stack.count)")
    }
    var budget = 1_000_000 + 4 * cursor.i
    guard let value = stack[0].finished(&budget, depth: 0) else {
      throw cursor.failure(
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
      let text = try cursor.line(offset)
      if text == "00" || text == "01" {
        push(.bool(text == "01"))
      } else {
        push(.integer(try cursor.integer(text, offset)))
      }
    case .long:
      let text = try cursor.line(offset)
      push(
        .integer(try cursor.integer(text.hasSuffix("L") ? String(text.dropLast()) : text, offset)))
    case .binInt: push(.integer(Int(Int32(truncatingIfNeeded: try cursor.little(4, offset)))))
    case .binInt1: push(.integer(try cursor.little(1, offset)))
    case .binInt2: push(.integer(try cursor.little(2, offset)))
    case .long1: push(.integer(try cursor.longInteger(try cursor.little(1, offset), offset)))
    case .long4: push(.integer(try cursor.longInteger(try cursor.little(4, offset), offset)))
    case .float:
      let text = try cursor.line(offset)
      guard let number = Double(text) else {
        throw cursor.failure(offset, "expected a number, found \"\(text)\"")
      }
      push(.float(number))
    case .binFloat:
      let raw = try cursor.take(8, offset)
      push(.float(Double(bitPattern: raw.reduce(0) { $0 << 8 | UInt64($1) })))
    case .string: push(.text(try cursor.quoted(try cursor.line(offset), offset)))
    case .binString:
      push(.text(cursor.decoded(try cursor.take(try cursor.little(4, offset), offset))))
    case .shortBinString:
      push(.text(cursor.decoded(try cursor.take(try cursor.little(1, offset), offset))))
    case .unicode: push(.text(try cursor.rawUnicode(try cursor.lineBytes(offset), offset)))
    case .binUnicode:
      push(.text(try cursor.utf8(try cursor.take(try cursor.little(4, offset), offset), offset)))
    case .shortBinUnicode:
      push(.text(try cursor.utf8(try cursor.take(try cursor.little(1, offset), offset), offset)))
    case .binUnicode8:
      push(.text(try cursor.utf8(try cursor.take(try cursor.little(8, offset), offset), offset)))
    case .binBytes: push(.bytes(Array(try cursor.take(try cursor.little(4, offset), offset))))
    case .shortBinBytes: push(.bytes(Array(try cursor.take(try cursor.little(1, offset), offset))))
    case .binBytes8, .byteArray8: push(.bytes(Array(try cursor.take(try cursor.little(8, offset), offset))))
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
      let version = try cursor.little(1, offset)
      guard version <= 5 else {
        throw cursor.failure(offset, "expected protocol 0 to 5, found \(version)")
      }
    case .frame: _ = try cursor.little(8, offset)
    case .mark: stack.append(make(.mark))
    case .pop: _ = try takeTop(1, offset, allowsMark: true)
    case .popMark: _ = try takeMarked(offset)
    case .duplicate:
      let top = try takeTop(1, offset)
      stack += top + top
    case .put: try remember(try cursor.integer(try cursor.line(offset), offset), offset)
    case .binPut: try remember(try cursor.little(1, offset), offset)
    case .longBinPut: try remember(try cursor.little(4, offset), offset)
    case .memoize: try remember(memo.count, offset)
    case .get: try recall(try cursor.integer(try cursor.line(offset), offset), offset)
    case .binGet: try recall(try cursor.little(1, offset), offset)
    case .longBinGet: try recall(try cursor.little(4, offset), offset)
    case .global:
      let module = try cursor.line(offset)
      try pushContainer("\(module).\(try cursor.line(offset))", "GLOBAL", offset)
    case .stackGlobal:
      let names = try takeTop(2, offset).map { node -> String in
        guard case .value(.text(let text)) = node.content else {
          throw cursor.failure(offset, "STACK_GLOBAL: expected two names, found other values")
        }
        return text
      }
      try pushContainer(names.joined(separator: "."), "STACK_GLOBAL", offset)
    case .reduce: try fillContainer(offset)
    default: throw cursor.failure(offset, "\(instruction): an instruction without a rule")
    }
  }

  private mutating func pushContainer(_ name: String, _ instruction: String, _ offset: Int) throws {
    if readsTensors, Self.isTensorName(name) {
      stack.append(make(.torch(name)))
      return
    }
    guard let container = PickleContainer(rawValue: name) else {
      throw cursor.refusal(
        "\(instruction) of \(name)", offset,
        "it would import code; only data is read: get the file from its publisher, or save it again as lists and "
          + "dictionaries")
    }
    stack.append(make(.container(container)))
  }

  /// `OrderedDict()`, `OrderedDict(pairs)`, `set(list)`: the call is done here.
  private mutating func fillContainer(_ offset: Int) throws {
    let parts = try takeTop(2, offset)
    if case .torch(let name) = parts[0].content, case .list(let arguments) = parts[1].content {
      stack.append(try tensor(name, arguments, offset))
      return
    }
    guard case .container(let container) = parts[0].content else {
      throw cursor.refusal("REDUCE", offset, "it would call something that is no container of data")
    }
    guard case .list(let arguments) = parts[1].content, arguments.count <= 1 else {
      throw cursor.failure(offset, "REDUCE of \(container.rawValue): expected at most one argument")
    }
    var items: [PickleNode] = []
    if let argument = arguments.first {
      guard case .list(let nodes) = argument.content else {
        throw cursor.failure(offset, "REDUCE of \(container.rawValue): expected a list")
      }
      items = nodes
    }
    guard container == .orderedDictionary else {
      stack.append(make(.list(items)))
      return
    }
    let flat = try items.flatMap { item -> [PickleNode] in
      guard case .list(let pair) = item.content, pair.count == 2 else {
        throw cursor.failure(offset, "REDUCE of \(container.rawValue): expected pairs")
      }
      return pair
    }
    stack.append(make(.dictionary(try pairs(flat, offset))))
  }

  // MARK: Tensors

  private static func isTensorName(_ name: String) -> Bool {
    ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter"].contains(name)
      || name.hasPrefix("torch.") && name.hasSuffix("Storage") && name.count { $0 == "." } == 1
  }

  /// The instructions that only tensors need: the place of a storage, and attributes of a dictionary, which are passed over.
  private mutating func takeTensorPart(_ code: UInt8, _ offset: Int) throws -> Bool {
    switch code {
    case 0x51:  // BINPERSID
      guard case .list(let parts) = try takeTop(1, offset)[0].content, parts.count == 5,
        case .value(.text("storage")) = parts[0].content, case .torch(let type) = parts[1].content,
        case .value(.text(let key)) = parts[2].content, case .value(.integer(let count)) = parts[4].content, count >= 0
      else { throw cursor.failure(offset, "BINPERSID: expected the place of a storage") }
      push(.storage(PickledStorage(type: String(type.dropFirst("torch.".count)), key: key, count: count)))
    case 0x62:  // BUILD
      let parts = try takeTop(2, offset)
      guard case .dictionary = parts[0].content, case .dictionary = parts[1].content else {
        throw cursor.refusal("BUILD", offset, "it would build an object that is no dictionary")
      }
      stack.append(parts[0])
    default: return false
    }
    return true
  }

  /// `_rebuild_tensor_v2(storage, offset, shape, strides, …)` or `_rebuild_parameter(tensor, …)`.
  private mutating func tensor(_ name: String, _ arguments: [PickleNode], _ offset: Int) throws -> PickleNode {
    if name.hasSuffix("_rebuild_parameter"), let first = arguments.first, case .value(.tensor) = first.content {
      return first
    }
    func integers(_ node: PickleNode) -> [Int]? {
      guard case .list(let nodes) = node.content else { return nil }
      let values = nodes.compactMap { node -> Int? in
        if case .value(.integer(let value)) = node.content, value >= 0 { value } else { nil }
      }
      return values.count == nodes.count ? values : nil
    }
    guard name.hasSuffix("_rebuild_tensor_v2"), arguments.count >= 4,
      case .value(.storage(let storage)) = arguments[0].content,
      case .value(.integer(let first)) = arguments[1].content, first >= 0, let shape = integers(arguments[2]),
      let strides = integers(arguments[3]), strides.count == shape.count
    else { throw cursor.failure(offset, "REDUCE of \(name): expected a storage, an offset, a shape and strides") }
    return make(.value(.tensor(PickledTensor(storage: storage, offset: first, shape: shape, strides: strides))))
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
      throw cursor.failure(offset, "expected \(count) values before this, found \(stack.count)")
    }
    let top = Array(stack.suffix(count))
    for node in top where !allowsMark {
      if case .mark = node.content {
        throw cursor.failure(offset, "expected \(count) values before this, found a mark")
      }
    }
    stack.removeLast(count)
    return top
  }

  private mutating func takeMarked(_ offset: Int) throws -> [PickleNode] {
    let mark = stack.lastIndex { if case .mark = $0.content { true } else { false } }
    guard let mark else { throw cursor.failure(offset, "expected a mark before this, found none") }
    let marked = Array(stack[(mark + 1)...])
    stack.removeLast(stack.count - mark)
    return marked
  }

  private func pairs(_ nodes: [PickleNode], _ offset: Int) throws -> [(
    key: PickleNode, value: PickleNode
  )] {
    guard nodes.count % 2 == 0 else {
      throw cursor.failure(offset, "expected keys with values, found \(nodes.count) items")
    }
    return stride(from: 0, to: nodes.count, by: 2).map { (nodes[$0], nodes[$0 + 1]) }
  }

  private mutating func extend(_ nodes: [PickleNode], _ offset: Int) throws {
    guard let node = stack.last, case .list(var list) = node.content else {
      throw cursor.failure(offset, "expected a list or set to add to")
    }
    node.content = .mark  // so that the array is not copied
    list += nodes
    node.content = .list(list)
  }

  private mutating func insert(_ nodes: [PickleNode], _ offset: Int) throws {
    guard let node = stack.last, case .dictionary(var dictionary) = node.content else {
      throw cursor.failure(offset, "expected a dictionary to add to")
    }
    node.content = .mark
    dictionary += try pairs(nodes, offset)
    node.content = .dictionary(dictionary)
  }

  private mutating func remember(_ index: Int, _ offset: Int) throws {
    guard let top = stack.last else {
      throw cursor.failure(offset, "expected a value to remember, found none")
    }
    memo[index] = top
  }

  private mutating func recall(_ index: Int, _ offset: Int) throws {
    guard let node = memo[index] else {
      throw cursor.failure(offset, "expected a remembered value \(index), found none")
    }
    stack.append(node)
  }
}
