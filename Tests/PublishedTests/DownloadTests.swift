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

  @Test(.timeLimit(.minutes(1)), arguments: ["416 Range Not Satisfiable", "206 Partial Content"])
  func `a server that answers a request for all with a part is asked once`(_ status: String) throws {
    let server = try FileServer(.init(content: content, status: status))
    defer { server.stop() }
    let found = failure { try Download(address: server.address("file"), path: try target("part"), patience: 5).fetch() }
    #expect(found?.kind == .io)
    #expect(found?.description.contains("asked for the whole file, the server answered with a part of it") == true)
    #expect(server.ranges == [""])
  }

  @Test(.timeLimit(.minutes(1))) func `what nobody vouches for on the way is refused`() throws {
    let path = try target("plain")
    let plain = failure { try Download(address: "http://example.org/config.json", path: path).fetch() }
    #expect(plain?.kind == .usage)
    #expect(plain?.description.contains("expected an address that begins with https://") == true)
    let server = try FileServer(.init(content: content, redirects: true, location: "http://example.org/file"))
    defer { server.stop() }
    let redirected = failure { try Download(address: server.address("first/file"), path: path, patience: 5).fetch() }
    #expect(redirected?.kind == .badInput)
    #expect(redirected?.description.contains("it redirects to http://example.org/file, which is not https") == true)
    server.change { $0.location = "/first/file" }
    let endless = failure { try Download(address: server.address("first/file"), path: path, patience: 5).fetch() }
    #expect(endless?.description.contains("it redirects without end") == true)
    #expect(try names(path).isEmpty)
  }

  @Test func `a web page in place of a file is not kept, whether it says what it is or not`() throws {
    let page = Array(" \n<!DOCTYPE html><html><title>Sign in</title></html>".utf8)
    for headers in [["Content-Type: text/html; charset=utf-8"], []] {
      let server = try FileServer(.init(content: page, headers: headers))
      defer { server.stop() }
      let path = try target("page")
      let found = failure { try Download(address: server.address("config.json"), path: path, patience: 5).fetch() }
      #expect(found?.kind == .badInput)
      #expect(found?.description.contains("it sends a web page instead of the file") == true)
      #expect(try names(path).isEmpty)
    }
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
