import Determinism
import Pickle
import Published
import Testing

@Suite struct PickleTests {
  private func parse(_ digits: String) throws -> PickleValue {
    try PickleReader.parse(bytes(digits), source: "test")
  }

  private func pairs(_ value: PickleValue) -> [PickleValue.Pair] {
    if case .dictionary(let pairs) = value { pairs } else { [] }
  }

  private func value(_ name: String, _ dictionary: PickleValue) -> PickleValue? {
    pairs(dictionary).first { $0.key == .text(name) }?.value
  }

  @Test func `protocols 0 to 4 give the same value`() throws {
    let values = try PublishedFixture.reference().pickles.data.map(parse)
    #expect(values.count == 5)
    #expect(values.dropFirst().allSatisfy { $0 == values[0] })
    let first = values[0]
    #expect(value("text", first) == .text("café 中 😀\n'\"\\"))
    let numbers = [0, 1, -1, 255, 256, 65535, 65536, -70000, 1 << 40, -(1 << 62)]
    #expect(value("numbers", first) == .list(numbers.map { .integer($0) }))
    #expect(value("floats", first) == .list([.float(0.5), .float(-1e300)]))
    #expect(value("constants", first) == .list([.none, .bool(true), .bool(false)]))
    #expect(value("pair", first) == .list([.integer(1), .text("a")]))
    #expect(value("empty", first) == .list([.list([]), .list([]), .dictionary([])]))
    let shared = PickleValue.list([.text("shared"), .integer(1)])
    let nested = value("nested", first).flatMap { value("a", $0) }.flatMap { value("b", $0) }
    #expect(nested == .list([shared, shared]))
    #expect(value("many", first) == .list((0..<1200).map { .integer($0) }))
  }

  @Test func `protocol 5 is read, with its byte arrays`() throws {
    let pickle = bytes(try #require(try PublishedFixture.reference().pickles.data.last))
    #expect(Array(pickle.prefix(2)) == [0x80, 4])
    let expected = try PickleReader.parse(pickle, source: "test")
    #expect(try PickleReader.parse([0x80, 5] + pickle.dropFirst(2), source: "test") == expected)
    let array = try PickleReader.parse([0x80, 5, 0x96, 2, 0, 0, 0, 0, 0, 0, 0, 7, 9, 0x2E], source: "test")
    #expect(array == .bytes([7, 9]))
    #expect(failure { _ = try PickleReader.parse([0x80, 6, 0x4E, 0x2E], source: "test") }?.kind == .badInput)
    #expect(failure { _ = try PickleReader.parse([0x80, 5, 0x97, 0x2E], source: "test") }?.kind == .badInput)
  }

  @Test func `ordered dictionaries and sets are data`() throws {
    let pickles = try PublishedFixture.reference().pickles
    for digits in pickles.ordered {
      #expect(pairs(try parse(digits)).map(\.key) == [.text("b"), .text("a")])
    }
    for digits in pickles.sets { #expect(try parse(digits) == .list([.integer(3)])) }
  }

  @Test func `texts of Python 2 are read`() throws {
    guard case .list(let items) = try parse(try PublishedFixture.reference().pickles.python2),
      let first = items.first
    else {
      Issue.record("no list")
      return
    }
    #expect(value("sent", first) == .text("café 'x'"))
    #expect(value("id", first) == .integer(7))
    #expect(value("flag", first) == .bool(true))
    #expect(value("big", first) == .integer(12))
    #expect(value("u", first) == .text("中"))
  }

  @Test func `code is refused in every protocol, with the instruction, its offset and the name`()
    throws
  {
    let code = try PublishedFixture.reference().pickles.code
    #expect(code.count == 20)
    for pickle in code {
      let found = failure { _ = try parse(pickle.bytes) }
      #expect(found?.kind == .badInput)
      let text = found?.description ?? ""
      #expect(
        text.contains("is refused") && text.contains("test: byte "), "\(pickle.what): \(text)")
      if pickle.what == "system" { #expect(text.contains("posix.system"), "\(text)") }
      if pickle.what == "eval" { #expect(text.contains(".eval"), "\(text)") }
    }
  }

  @Test func `every instruction for objects is refused by name`() {
    let forbidden: [(UInt8, String)] = [
      (0x62, "BUILD"), (0x69, "INST"), (0x6F, "OBJ"), (0x81, "NEWOBJ"), (0x92, "NEWOBJ_EX"),
      (0x50, "PERSID"),
      (0x51, "BINPERSID"), (0x82, "EXT1"), (0x83, "EXT2"), (0x84, "EXT4"),
    ]
    for (code, name) in forbidden {
      let found = failure { _ = try PickleReader.parse([0x80, 2, code, 0x2E], source: "test") }
      #expect(found?.description.contains("test: byte 2: \(name) is refused") == true, "\(name)")
    }
    let global = failure {
      _ = try PickleReader.parse(Array("cbuiltins\nexec\n.".utf8), source: "test")
    }
    #expect(global?.description.contains("byte 0: GLOBAL of builtins.exec is refused") == true)
    let call = failure { _ = try PickleReader.parse(Array("](lR.".utf8), source: "test") }
    #expect(call?.description.contains("REDUCE is refused") == true)
  }

  @Test func `a pickle cut anywhere is bad input, never a crash`() throws {
    for digits in try PublishedFixture.reference().pickles.data {
      let whole = bytes(digits)
      for length in stride(from: 0, to: whole.count, by: 61) {
        #expect(
          failure { _ = try PickleReader.parse(Array(whole[..<length]), source: "cut") }?.kind
            == .badInput)
      }
    }
  }

  @Test func `values that contain themselves, nest without end or multiply are refused`() {
    let itself: [UInt8] = Array("]q\u{0}h\u{0}a.".utf8)
    #expect(failure { _ = try PickleReader.parse(itself, source: "test") }?.kind == .badInput)
    var deep: [UInt8] = Array("]q\u{0}".utf8)
    for _ in 0..<200_000 { deep += Array("]h\u{0}aq\u{0}".utf8) }
    #expect(
      failure { _ = try PickleReader.parse(deep + [0x2E], source: "test") }?.kind == .badInput)
    // Ten copies of ten copies, ninety times over.
    var many: [UInt8] = Array("]q\u{0}".utf8)
    for _ in 0..<90 {
      many += Array("](".utf8)
      for _ in 0..<10 { many += Array("h\u{0}".utf8) }
      many += Array("eq\u{0}".utf8)
    }
    #expect(
      failure { _ = try PickleReader.parse(many + [0x2E], source: "test") }?.kind == .badInput)
  }
}
