import Foundation

/// Text as BERT sees it: cleaned, Chinese characters set apart, accents stripped, lower-cased.
///
/// The steps and their order are those of `BertNormalizer` in the `tokenizers` library.
struct BertNormalizer: Equatable, Sendable {
  /// Removes control characters, and makes all white space U+0020.
  var cleansText = true
  /// Puts a space on either side of every Chinese character.
  var spacesChinese = true
  /// Decomposes canonically (NFD) and removes the marks of category Mn.
  var stripsAccents = true
  var lowercases = true

  /// The normalised text, as UTF-8.
  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count + text.count / 8)
    var run: [UInt8] = []  // scalars that decomposition may change or reorder
    var i = 0
    while i < text.count {
      let scalar = nextScalar(text, &i)
      let classes = ScalarClasses.of(scalar)
      if cleansText {
        if classes.contains(.unclean) { continue }
        if classes.contains(.whitespace) {
          if !run.isEmpty { finish(&run, into: &result) }
          result.append(0x20)
          continue
        }
      }
      if spacesChinese && classes.contains(.chinese) {
        if !run.isEmpty { finish(&run, into: &result) }
        result.append(0x20)
        append(scalar, to: &run)
        finish(&run, into: &result)
        result.append(0x20)
      } else if stripsAccents && Self.mayDecompose(scalar) {
        append(scalar, to: &run)
      } else {
        if !run.isEmpty { finish(&run, into: &result) }
        appendLowercased(scalar, to: &result)
      }
    }
    if !run.isEmpty { finish(&run, into: &result) }
    return result
  }

  /// False for scalars that are their own decomposition and let no mark pass: the frequent ones,
  /// and U+11938, which is newer than the reference's tables.
  @inline(__always)
  private static func mayDecompose(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0..<0xC0, 0x2010...0x2027, 0x4E00...0x9FFF, 0x1_1938: false
    default: true
    }
  }

  private func finish(_ run: inout [UInt8], into result: inout [UInt8]) {
    var text = String(decoding: run, as: UTF8.self)
    run.removeAll(keepingCapacity: true)
    if stripsAccents { text = text.decomposedStringWithCanonicalMapping }
    for scalar in text.unicodeScalars
    where !(stripsAccents && ScalarClasses.of(scalar.value).contains(.accent)) {
      appendLowercased(scalar.value, to: &result)
    }
  }

  @inline(__always)
  private func appendLowercased(_ scalar: UInt32, to result: inout [UInt8]) {
    if scalar < 0x80 {
      let isUpper = lowercases && scalar >= 0x41 && scalar <= 0x5A
      result.append(UInt8(isUpper ? scalar | 0x20 : scalar))
    } else if lowercases, let properties = Unicode.Scalar(scalar)?.properties {
      result.append(contentsOf: properties.lowercaseMapping.utf8)
    } else {
      append(scalar, to: &result)
    }
  }
}
