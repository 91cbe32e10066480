/// A text of data as a key: equal and ordered by its bytes.
///
/// To `String` é and e with an accent are equal, so that a dictionary would join what a file tells apart, and keep one of the
/// two by chance.
public struct Verbatim: Hashable, Comparable, Sendable {
  public let text: String

  public init(_ text: String) { self.text = text }

  public static func == (a: Verbatim, b: Verbatim) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  public static func < (a: Verbatim, b: Verbatim) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

  public func hash(into hasher: inout Hasher) {
    var copy = text
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
