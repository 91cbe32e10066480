import CDigest

/// The SHA-256 of a sequence of bytes, as 64 lower-case hexadecimal digits.
///
/// Numbers are hashed by their bit patterns in little-endian order, texts as UTF-8 with their length,
/// so that two different sequences of `update` calls do not run together.
public struct ContentHash {
  private var context = SHA2_CTX()

  public init() { SHA256Init(&context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    SHA256Update(&context, base.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  public mutating func update(_ text: String) {
    update(text.utf8.count)
    var copy = text
    copy.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  public mutating func update(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { update($0) }
  }

  public mutating func update(_ values: [UInt8]) {
    update(values.count)
    values.withUnsafeBytes { update($0) }
  }

  public mutating func update(_ values: [Int32]) {
    update(values.count)
    values.withUnsafeBytes { update($0) }
  }

  /// The digest; the hash must not be used afterwards.
  public mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256Final(&digest, &context)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// The digest of one text's UTF-8 bytes alone, as `sha256sum` prints it.
  public static func of(_ text: String) -> String { of(Array(text.utf8)) }

  /// The digest of these bytes alone, as `sha256sum` prints it.
  public static func of(_ bytes: [UInt8]) -> String {
    var hash = ContentHash()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }
}
