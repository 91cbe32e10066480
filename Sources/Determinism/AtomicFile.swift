import Foundation

/// Writes whole files so that a reader, or a crash, sees either the old content or the new one.
public enum AtomicFile {
  /// Writes to a temporary file beside `path`, flushes it to the disk, and renames it into place.
  /// Parent folders are made.
  /// - Throws: `Failure(.io)`; the old content, if any, is untouched.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    try makeFolder(of: path)
    let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("cannot create", temporary) }
    do {
      defer { close(descriptor) }
      var offset = 0
      while offset < bytes.count {
        let written = Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw failure("cannot write", path) }
        offset += written
      }
      guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure("cannot finish writing", path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  public static func write(_ text: String, to path: String) throws {
    var copy = text
    try copy.withUTF8 { try write(UnsafeRawBufferPointer($0), to: path) }
  }

  /// Makes the folder that a file is to be in.
  static func makeFolder(of path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    guard !folder.isEmpty else { return }
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw Failure(.io, "\(folder): cannot make the folder: \(error.localizedDescription)")
    }
  }

  static func failure(_ what: String, _ path: String) -> Failure {
    Failure(.io, "\(path): \(what): \(String(cString: strerror(errno))); is the disk full or read-only?")
  }
}
