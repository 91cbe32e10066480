import Determinism
import Foundation
import Testing

@Suite struct InputFileTests {
  private func path(_ name: String) -> String {
    let path = NSTemporaryDirectory() + "mope-input-\(getpid())-\(name)"
    unlink(path)
    return path
  }

  /// What each way to read a file says of it.
  private func failures(_ path: String) -> [Failure?] {
    [
      #expect(throws: Failure.self) { try InputFile.read(path) },
      #expect(throws: Failure.self) { try InputFile.map(path) },
      #expect(throws: Failure.self) { try InputFile.forEachPiece(of: path) { _ in } },
    ]
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe without a writer and an endless device are refused, not waited for`()
    throws
  {
    let pipe = path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    for place in [pipe, "/dev/zero"] {
      for failure in failures(place) {
        #expect(failure?.kind == .badInput)
        #expect(failure?.description.contains("expected a file, found a pipe or device") == true)
      }
    }
    for failure in failures("/tmp") { #expect(failure?.description.contains("found a folder") == true) }
    for failure in failures("/no/such/file") { #expect(failure?.kind == .missingInput) }
  }

  @Test func `a Git LFS pointer is called what it is`() throws {
    let pointer = path("pointer")
    try AtomicFile.write(
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 440449768\n",
      to: pointer)
    for failure in failures(pointer) {
      #expect(failure?.kind == .badInput)
      #expect(failure?.description.contains("a Git LFS pointer in place of the file") == true)
    }
  }

  @Test func `what is read is what is there, in whole, mapped and in pieces`() throws {
    let file = path("bytes")
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try bytes.withUnsafeBytes { try AtomicFile.write($0, to: file) }
    #expect(try InputFile.read(file) == bytes)
    #expect(try Array(InputFile.map(file)) == bytes)
    var pieces: [UInt8] = []
    try InputFile.forEachPiece(of: file) { pieces += $0 }
    #expect(pieces == bytes)
    #expect(throws: Failure.self) { try InputFile.read(file, limit: 2_999_999) }
  }

  @Test func `lines end with LF or CR LF, and a byte order mark is no part of the first`() {
    func lines(_ text: String) -> [String] {
      InputFile.lines(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(lines("A.\r\nB.\r\nC.\r\n") == ["A.", "B.", "C."])
    #expect(lines("A\n\nC") == ["A", "", "C"])
    #expect(lines("\u{FEFF}A\nB\n") == ["A", "B"])
    #expect(lines("a\rb\u{2028}c\u{85}") == ["a\rb\u{2028}c\u{85}"])
    #expect(lines("") == [])
  }

  @Test func `texts that only look equal are two keys, in the order of their bytes`() {
    let composed = Verbatim("caf\u{E9}")
    let decomposed = Verbatim("cafe\u{301}")
    #expect(composed.text == decomposed.text)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect([composed, decomposed].sorted() == [decomposed, composed])
  }
}
