import Foundation
import Synchronization

/// A small HTTP server on loopback that serves one file, with ranges and with faults on request.
final class FileServer: Sendable {
  struct Behaviour: Sendable {
    var content: [UInt8]
    var tag = "\"1\""
    /// Bytes of the body after which the connection is closed; nil serves all.
    var cutAfter: Int?
    var status: String?
    var headers: [String] = []
    var redirects = false
    /// Where it redirects to.
    var location = "/second/file"
  }

  let port: UInt16
  private let listener: Int32
  private let state: Mutex<Behaviour>
  private let seen = Mutex<[String]>([])

  init(_ behaviour: Behaviour) throws {
    state = Mutex(behaviour)
    let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    listener = opened
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(opened, raw, size) == 0 && listen(opened, 8) == 0
          && getsockname(opened, raw, &size) == 0
      }
    }
    guard bound else { throw CocoaError(.fileReadUnknown) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(opened, nil, nil)
        if connection < 0 { return }
        serve(connection)
        close(connection)
      }
    }
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  func change(_ edit: @Sendable (inout Behaviour) -> Void) { state.withLock { edit(&$0) } }

  /// Range headers of the requests, "" for a request without one.
  var ranges: [String] { seen.withLock { $0 } }

  func address(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

  private func serve(_ connection: Int32) {
    var request = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !request.contains("\r\n\r\n") {
      let got = read(connection, &buffer, buffer.count)
      if got <= 0 { return }
      request += String(decoding: buffer[..<got], as: UTF8.self)
    }
    let behaviour = state.withLock { $0 }
    let lines = request.components(separatedBy: "\r\n")
    if behaviour.redirects, lines[0].contains("/first/") {
      let headers = behaviour.headers.map { "\($0)\r\n" }.joined()
      send(
        connection,
        Array(
          "HTTP/1.1 302 Found\r\nLocation: \(behaviour.location)\r\n\(headers)Content-Length: 0\r\n\r\n".utf8
        ))
      return
    }
    let range =
      lines.first { $0.lowercased().hasPrefix("range:") }.map {
        $0.dropFirst(6).filter { $0 != " " }
      } ?? ""
    seen.withLock { $0.append(range) }
    if let status = behaviour.status {
      send(
        connection,
        Array("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8))
      return
    }
    let start = range.isEmpty ? 0 : Int(range.filter(\.isNumber)) ?? 0
    let body = Array(behaviour.content[min(start, behaviour.content.count)...])
    let status =
      range.isEmpty ? "200 OK" : body.isEmpty ? "416 Range Not Satisfiable" : "206 Partial Content"
    var head =
      "HTTP/1.1 \(status)\r\nETag: \(behaviour.tag)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n"
    if !range.isEmpty {
      head +=
        "Content-Range: bytes \(start)-\(behaviour.content.count - 1)/\(behaviour.content.count)\r\n"
    }
    if !behaviour.redirects { head += behaviour.headers.map { "\($0)\r\n" }.joined() }
    send(connection, Array((head + "\r\n").utf8) + body.prefix(behaviour.cutAfter ?? body.count))
  }

  private func send(_ connection: Int32, _ bytes: [UInt8]) {
    var offset = 0
    while offset < bytes.count {
      let sent = bytes.withUnsafeBytes {
        Foundation.send(
          connection, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
      }
      if sent <= 0 { return }
      offset += sent
    }
    shutdown(connection, Int32(SHUT_WR))
    var rest = [UInt8](repeating: 0, count: 256)
    while read(connection, &rest, rest.count) > 0 {}
  }
}
