import Foundation

/// Reads files of the world: regular files only, so that a pipe or a device never stops or floods the program, and never
/// a Git LFS pointer in place of what it points to.
public enum InputFile {
  /// All bytes of a file.
  /// - Throws: `Failure(.missingInput)`, `Failure(.io)`, or `Failure(.badInput)` for what is no file of at most `limit` bytes.
  public static func read(_ path: String, limit: Int = .max) throws -> [UInt8] {
    try withDescriptor(path) { descriptor, size in
      guard size <= limit else { throw tooLong(path, size, limit) }
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
      try bytes.withUnsafeBytes { try refusePointer($0, path) }
      return bytes
    }
  }

  /// All bytes of a file, mapped into memory: what is not looked at is not read.
  public static func map(_ path: String) throws -> Data {
    try withDescriptor(path) { _, size in
      let data: Data
      do { data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) } catch {
        throw Failure(.io, "\(path): cannot read: \(error.localizedDescription)")
      }
      try data.withUnsafeBytes { try refusePointer($0, path) }
      return data
    }
  }

  /// Hands the file to `body` in pieces of at most a megabyte.
  public static func forEachPiece(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try withDescriptor(path) { descriptor, _ in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
      defer { buffer.deallocate() }
      var isFirst = true
      while true {
        let got = Foundation.read(descriptor, buffer.baseAddress!, buffer.count)
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw failure(path) }
        if got == 0 { return }
        let piece = UnsafeRawBufferPointer(rebasing: buffer[..<got])
        if isFirst { try refusePointer(piece, path) }
        isFirst = false
        try body(piece)
      }
    }
  }

  /// All bytes of standard input, which may be a pipe.
  /// - Throws: `Failure(.io)`, or `Failure(.badInput)` beyond `limit` bytes, as of an endless device.
  public static func readStandardInput(limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = Foundation.read(STDIN_FILENO, &buffer, buffer.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw failure("standard input") }
      if got == 0 { return bytes }
      bytes += buffer[..<got]
      guard bytes.count <= limit else { throw tooLong("standard input", bytes.count, limit) }
    }
  }

  /// The lines of a text: without their ends (LF or CR LF), without a byte order mark at the start, and without an empty one
  /// behind the last end. Lines are cut in bytes: to `String`, CR LF is one character and no line's end.
  public static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
  }

  private static func withDescriptor<Value>(
    _ path: String, _ body: (_ descriptor: Int32, _ size: Int) throws -> Value
  ) throws -> Value {
    // A pipe that nobody writes to would be waited for.
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw Failure(.missingInput, "\(path): no such file") }
      throw failure(path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw Failure(.badInput, "\(path): expected a file, found a \(isFolder ? "folder" : "pipe or device")")
    }
    return try body(descriptor, Int(status.st_size))
  }

  private static func refusePointer(_ bytes: UnsafeRawBufferPointer, _ path: String) throws {
    guard bytes.count < 1024, bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8) else { return }
    throw Failure(
      .badInput,
      "\(path): a Git LFS pointer in place of the file; fetch the file itself: git lfs pull, or download it again")
  }

  private static func tooLong(_ path: String, _ size: Int, _ limit: Int) -> Failure {
    Failure(.badInput, "\(path): expected at most \(limit) bytes, found \(size)")
  }

  private static func failure(_ path: String) -> Failure {
    Failure(.io, "\(path): cannot read: \(String(cString: strerror(errno)))")
  }
}
