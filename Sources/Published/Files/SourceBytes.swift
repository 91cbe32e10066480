import Determinism
import Foundation

/// Reads files whole or in pieces, with the messages of this module.
enum SourceBytes {
  /// All bytes of a file.
  /// - Throws: `Failure(.missingInput)` or `Failure(.io)`.
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = try open(path)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.badInput, "\(path): expected a file, found a folder or a device")
    }
    let size = Int(status.st_size)
    var problem: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Foundation.read(descriptor, buffer.baseAddress! + count, size - count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { problem = failure(path) }
        if got <= 0 { break }
        count += got
      }
    }
    if let problem { throw problem }
    return bytes
  }

  /// Hands the file to `body` in pieces of at most a megabyte.
  static func forEachPiece(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let descriptor = try open(path)
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let got = Foundation.read(descriptor, buffer.baseAddress!, buffer.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw failure(path) }
      if got == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
    }
  }

  private static func open(_ path: String) throws -> Int32 {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw Failure(.missingInput, "\(path): no such file") }
      throw failure(path)
    }
    return descriptor
  }

  private static func failure(_ path: String) -> Failure {
    Failure(.io, "\(path): cannot read: \(String(cString: strerror(errno)))")
  }
}
