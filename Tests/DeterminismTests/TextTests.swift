import Determinism
import Foundation
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

@Suite struct PortableExpTests {
  @Test func `agrees with the C library to two units in the last place`() {
    var random = RandomStream(seed: 11)
    for _ in 0..<20_000 {
      let x = random.uniform(-700, 700)
      let expected = exp(x)
      #expect(abs(portableExp(x) - expected) <= 2 * expected.ulp)
    }
  }

  @Test func `has the right limits`() {
    #expect(portableExp(0) == 1)
    #expect(portableExp(-1000) == 0 && portableExp(-.infinity) == 0)
    #expect(portableExp(1000) == .infinity && portableExp(709.5).isFinite)
    #expect(portableExp(.nan).isNaN)
    // Below the normal range, where steps are 5e-324.
    #expect(abs(portableExp(-740) - exp(-740)) <= 2 * Double.leastNonzeroMagnitude)
  }
}

@Suite struct ScientificTests {
  @Test func `numbers of any size are short`() {
    #expect(scientific(3.14e-17) == "3.1e-17")
    #expect(scientific(-250) == "-2.5e2")
    #expect(scientific(9.99) == "1.0e1")
    #expect(scientific(0) == "0")
    #expect(scientific(1, 3) == "1.000e0")
  }
}
