import Determinism
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Fetches one file over HTTP so that a stop loses nothing and a wrong file never takes the place of a right one.
///
/// Bytes go to `<path>.part`, which a later call continues with a range request if the server still has the same file
/// (by its `ETag`). The finished file's length and SHA-256 are compared before it is renamed into place.
public struct Download: Sendable {
  public let address: String
  public let path: String
  /// 64 hexadecimal digits. Nil: the digest that the hub states for large files, if it does (`X-Linked-Etag`).
  public let sha256: String?
  /// Seconds without a byte after which the connection counts as lost.
  public let patience: Double

  public init(address: String, path: String, sha256: String? = nil, patience: Double = 60) {
    self.address = address
    self.path = path
    self.sha256 = sha256
    self.patience = patience
  }

  private var part: String { "\(path).part" }
  private var tag: String { "\(path).part.etag" }

  /// Fetches the file, or what of it is missing.
  /// - Parameter progress: bytes that are there, and all if the server says; called on another thread.
  /// - Returns: the SHA-256 of the file.
  /// - Throws: `Failure(.missingInput)` if the server does not have it, `Failure(.io)` if the connection or the disk
  ///   fails; then a later call continues. `Failure(.badInput)` for a wrong digest; then nothing is kept.
  @discardableResult
  public func fetch(progress: @escaping @Sendable (Int, Int?) -> Void = { _, _ in }) throws
    -> String
  {
    try makeFolder()
    let transfer = try transfer(resuming: true, progress)
    let digest: String
    do {
      digest = try verified(transfer)
    } catch let failure as Failure
      where failure.kind == .badInput && transfer.start > 0 && sha256 == nil
    {
      digest = try verified(try self.transfer(resuming: false, progress))  // the part was of something else
    }
    guard rename(part, path) == 0 else {
      throw failure(.io, "cannot rename: \(String(cString: strerror(errno)))")
    }
    unlink(tag)
    return digest
  }

  private func verified(_ transfer: Transfer) throws -> String {
    let (digest, bytes) = try SourceFingerprint.digest(part)
    if let total = transfer.total, bytes != total {
      throw failure(
        .io, "expected \(total) bytes, found \(bytes); run the same command again, it continues")
    }
    if try isWebPage(part) {
      unlink(part)
      unlink(tag)
      throw failure(.badInput, "it sends a web page instead of the file; does it ask for an account? nothing was kept")
    }
    if let expected = sha256 ?? transfer.statedDigest, digest != expected {
      unlink(part)
      unlink(tag)
      throw failure(
        .badInput,
        "expected SHA-256 \(expected), found \(digest); nothing was kept, download it again")
    }
    return digest
  }

  private func transfer(
    resuming: Bool, _ progress: @escaping @Sendable (Int, Int?) -> Void
  ) throws -> Transfer {
    guard let url = URL(string: address), Transfer.isSafe(url) else {
      throw Failure(.usage, "\(address): expected an address that begins with https://, or one on this machine")
    }
    var status = stat()
    let there = resuming && stat(part, &status) == 0 ? Int(status.st_size) : 0
    let known = (try? InputFile.read(tag)).map { String(decoding: $0, as: UTF8.self) }
    let start = known == nil ? 0 : there
    let descriptor = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw failure(.io, "cannot write: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    let transfer = Transfer(
      url: url, descriptor: descriptor, start: start, knownTag: known, tagPath: tag,
      progress: progress)
    transfer.run(patience: patience)
    switch transfer.outcome {
    case .done?: break
    case .changed?:
      // Once: a request for all of it that is answered by a part, or by "no such part", would be so again.
      guard start > 0 else { throw failure(.io, "asked for the whole file, the server answered with a part of it") }
      return try self.transfer(resuming: false, progress)
    case .refused(let why)?:
      if start == 0 { unlink(part) }
      throw failure(.badInput, why)
    case .status(let code)?:
      if start == 0 { unlink(part) }
      let hint =
        code == 401 || code == 403
        ? "it asks for an account; accept its terms on the hub" : "is the name right?"
      throw failure(
        code == 404 || code == 401 || code == 403 ? .missingInput : .io,
        "the server answered \(code); \(hint)")
    case .lost(let why)?: throw failure(.io, "\(why); run the same command again, it continues")
    case nil: throw failure(.internal, "the transfer ended without an outcome")
    }
    guard fsync(descriptor) == 0 else {
      throw failure(.io, "cannot write: \(String(cString: strerror(errno)))")
    }
    return transfer
  }

  /// Whether a file begins as HTML does; none of a checkpoint's files does.
  private func isWebPage(_ path: String) throws -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    let start = String(decoding: try handle.read(upToCount: 256) ?? Data(), as: UTF8.self)
    let text = TextLines.trimmed(start.replacing("\u{FEFF}", with: "")).lowercased()
    return text.hasPrefix("<!doctype html") || text.hasPrefix("<html")
  }

  private func makeFolder() throws {
    let folder = (path as NSString).deletingLastPathComponent
    guard !folder.isEmpty else { return }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(.io, "\(folder): cannot make the folder: \(error.localizedDescription)")
    }
  }

  private func failure(_ kind: Failure.Kind, _ what: String) -> Failure {
    Failure(kind, "\(path): from \(address): \(what)")
  }
}
