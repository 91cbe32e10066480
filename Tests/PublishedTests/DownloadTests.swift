import Determinism
import Foundation
import Published
import TestSupport
import Testing

@Suite(.serialized) struct DownloadTests {
  private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

  private func target(_ name: String) throws -> String {
    let path = try temporaryPath("download-\(name)/file.bin")
    try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    return path
  }

  private func stored(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { Array($0) }
  }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: (path as NSString).deletingLastPathComponent
    ).sorted()
  }

  @Test func `a file arrives whole, with its digest`() throws {
    let server = try FileServer(.init(content: content))
    defer { server.stop() }
    let path = try target("whole")
    let download = Download(
      address: server.address("file"), path: path, sha256: ContentHash.of(content), patience: 5)
    #expect(try download.fetch() == ContentHash.of(content))
    #expect(stored(path) == content)
    #expect(try names(path) == ["file.bin"])
  }

  @Test func `an interrupted download continues where it stopped`() throws {
    let server = try FileServer(.init(content: content, cutAfter: 100_000))
    defer { server.stop() }
    let path = try target("resume")
    let download = Download(
      address: server.address("file"), path: path, sha256: ContentHash.of(content), patience: 5)
    let found = failure { try download.fetch() }
    #expect(found?.kind == .io)
    #expect(found?.description.contains("it continues") == true)
    #expect(stored(path) == nil)
    let part = try #require(stored("\(path).part")).count
    #expect(part > 0 && part <= 100_000)
    server.change { $0.cutAfter = nil }
    try download.fetch()
    #expect(stored(path) == content)
    #expect(server.ranges == ["", "bytes=\(part)-"])
    #expect(try names(path) == ["file.bin"])
  }

  @Test func `a file that changed on the server is not joined to the old part`() throws {
    let server = try FileServer(.init(content: content, cutAfter: 100_000))
    defer { server.stop() }
    let path = try target("changed")
    let download = Download(address: server.address("file"), path: path, patience: 5)
    _ = failure { try download.fetch() }
    let other = content.map { ~$0 }
    server.change { behaviour in
      behaviour.cutAfter = nil
      behaviour.content = other
      behaviour.tag = "\"2\""
    }
    try download.fetch()
    #expect(stored(path) == other)
  }

  @Test func `a wrong digest is refused and nothing is kept`() throws {
    let server = try FileServer(.init(content: content))
    defer { server.stop() }
    let path = try target("digest")
    let found = failure {
      try Download(
        address: server.address("file"), path: path, sha256: ContentHash.of("x"), patience: 5
      ).fetch()
    }
    #expect(found?.kind == .badInput)
    #expect(found?.description.contains("expected SHA-256 \(ContentHash.of("x"))") == true)
    #expect(try names(path).isEmpty)
  }

  @Test func `the digest that the hub states on a redirection is compared`() throws {
    let right = FileServer.Behaviour(
      content: content, headers: ["X-Linked-Etag: \"\(ContentHash.of(content))\""], redirects: true)
    let server = try FileServer(right)
    defer { server.stop() }
    let path = try target("hub")
    try Download(address: server.address("first/file"), path: path, patience: 5).fetch()
    #expect(stored(path) == content)
    server.change { $0.headers = ["X-Linked-Etag: \"\(ContentHash.of("other"))\""] }
    let other = try target("hub-wrong")
    #expect(
      failure {
        try Download(address: server.address("first/file"), path: other, patience: 5).fetch()
      }?.kind == .badInput)
  }

  @Test
  func `a file that is not there, an account that is asked for, and no server are told apart`()
    throws
  {
    let server = try FileServer(.init(content: content, status: "404 Not Found"))
    let path = try target("missing")
    let download = Download(address: server.address("file"), path: path, patience: 5)
    #expect(failure { try download.fetch() }?.kind == .missingInput)
    server.change { $0.status = "401 Unauthorized" }
    #expect(
      failure { try download.fetch() }?.description.contains("it asks for an account") == true)
    server.change { $0.status = "503 Busy" }
    #expect(failure { try download.fetch() }?.kind == .io)
    server.stop()
    #expect(failure { try download.fetch() }?.kind == .io)
    #expect(stored(path) == nil)
    #expect(
      failure { try Download(address: "file:///etc/passwd", path: path).fetch() }?.kind == .usage)
  }
}
