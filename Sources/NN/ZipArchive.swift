import Determinism
import Foundation

/// The files of a zip archive that holds them as they are, without compression, as `torch.save` writes it.
struct ZipArchive {
  let source: String
  private let data: Data
  /// Where each file's bytes are.
  private var places: [String: Range<Int>] = [:]

  /// - Throws: `Failure(.badInput)` for an archive that is cut short, contradicts itself, or has compressed files.
  init(_ data: Data, source: String) throws {
    self.data = data
    self.source = source
    var (count, offset) = try directory()
    for _ in 0..<count {
      guard number(offset, 4) == 0x0201_4B50, let method = number(offset + 10, 2), var size = number(offset + 24, 4),
        let nameLength = number(offset + 28, 2), let extraLength = number(offset + 30, 2),
        let commentLength = number(offset + 32, 2), var header = number(offset + 42, 4),
        let name = bytes(offset + 46, nameLength).flatMap({ String(validating: $0, as: UTF8.self) })
      else { throw bad("an entry of its directory is cut short") }
      try readLarge(offset + 46 + nameLength, extraLength, &size, &header)
      guard method == 0 else { throw bad("\(name): compressed; save it again with torch.save") }
      guard number(header, 4) == 0x0403_4B50, let localName = number(header + 26, 2),
        let localExtra = number(header + 28, 2),
        case let start = header + 30 + localName + localExtra, size <= data.count, start <= data.count - size
      else { throw bad("\(name): its bytes are not there") }
      guard places.updateValue(start..<start + size, forKey: name) == nil else {
        throw bad("\(name): the name occurs twice")
      }
      offset += 46 + nameLength + extraLength + commentLength
    }
  }

  var names: [String] { places.keys.sorted() }

  /// Where the bytes of a file are in the archive; nil if there is none of this name.
  func place(_ name: String) -> Range<Int>? { places[name] }

  /// How many entries its directory has, and where it begins. It is named at the end, before a comment.
  private func directory() throws -> (count: Int, offset: Int) {
    guard data.count >= 22 else { throw bad("too short") }
    for end in stride(from: data.count - 22, through: max(0, data.count - 22 - 0xFFFF), by: -1)
    where number(end, 4) == 0x0605_4B50 {
      guard var count = number(end + 10, 2), var offset = number(end + 16, 4) else { break }
      if count == 0xFFFF || offset == 0xFFFF_FFFF {
        guard end >= 20, number(end - 20, 4) == 0x0706_4B50, let large = number(end - 12, 8),
          number(large, 4) == 0x0606_4B50,
          let largeCount = number(large + 32, 8), let largeOffset = number(large + 48, 8)
        else { break }
        (count, offset) = (largeCount, largeOffset)
      }
      guard count <= data.count / 46 else { break }
      return (count, offset)
    }
    throw bad("expected a directory at its end, found none")
  }

  /// Sizes of 4 GiB and more stand in an extra field, those that the entry says are there, in order.
  private func readLarge(_ start: Int, _ length: Int, _ size: inout Int, _ header: inout Int) throws {
    guard size == 0xFFFF_FFFF || header == 0xFFFF_FFFF else { return }
    var i = start
    while i + 4 <= start + length, let kind = number(i, 2), let count = number(i + 2, 2) {
      if kind == 1 {
        var place = i + 4
        if size == 0xFFFF_FFFF {
          guard let large = number(place, 8) else { break }
          size = large
          place += 16  // then the size in the archive, which is the same
        }
        if header == 0xFFFF_FFFF {
          guard let large = number(place, 8) else { break }
          header = large
        }
        return
      }
      i += 4 + count
    }
    throw bad("an entry of its directory lacks its size")
  }

  private func bytes(_ offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0, count <= data.count, offset <= data.count - count else { return nil }
    return Array(data[data.startIndex + offset..<data.startIndex + offset + count])
  }

  /// A little-endian number; nil where the file ends before, or where it is beyond all sizes.
  private func number(_ offset: Int, _ count: Int) -> Int? {
    bytes(offset, count).flatMap { Int(exactly: $0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
  }

  private func bad(_ what: String) -> Failure {
    Failure(.badInput, "\(source): \(what); is the file complete and written by torch.save?")
  }
}
