import Determinism
import Testing

@Suite struct TextTests {
  @Test func `fixed numbers round half to even and keep their zeros`() {
    #expect(fixed(1.25, 1) == "1.2")
    #expect(fixed(-0.04, 1) == "0.0")
    #expect(fixed(-2.5, 2) == "-2.50")
    #expect(fixed(62.1, 1) == "62.1")
    #expect(fixed(7, 0) == "7")
    #expect(fixed(.nan, 1) == "NaN")
  }

  @Test func `thousands are grouped`() {
    #expect(grouped(1_607_923) == "1\u{202F}607\u{202F}923")
    #expect(grouped(12) == "12")
  }

  @Test func `the hash is SHA-256`() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  // FIPS 180-2
    #expect(ContentHash.of("abc") == expected)
  }
}
