import Foundation

/// Something that one process or thread does at a time, until the lock is released by going away. A process that ends in any
/// way releases it, too.
public final class FileLock {
  private let descriptor: Int32

  /// Waits until the lock is free.
  /// - Parameters:
  ///   - path: of an empty file, which stays.
  ///   - waiting: called ten times a second meanwhile; what it throws ends the wait.
  /// - Throws: `Failure(.io)` if the file cannot be made.
  public init(_ path: String, waiting: () throws -> Void = {}) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(.io, "\(path): cannot write: \(String(cString: strerror(errno)))")
    }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        // A file system without locks: whoever shares one does without.
        break
      }
      do { try waiting() } catch {
        close(descriptor)
        throw error
      }
      usleep(100_000)
    }
  }

  deinit { close(descriptor) }
}
