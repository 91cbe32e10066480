/// What the reference tokenizers take a Unicode scalar for.
///
/// Their Unicode tables are frozen: BERT's at version 8 (the Rust crate `unicode_categories`),
/// GPT-2's at version 16 (Oniguruma). Scalars that came later are unassigned to them, and nine have
/// changed category since. `Tests/Fixtures/tokenizers/scalar-classes.txt` holds their answer for
/// every scalar.
package struct ScalarClasses: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// GPT-2: `\p{L}`.
  package static let letter = Self(rawValue: 1)
  /// GPT-2: `\p{N}`.
  package static let number = Self(rawValue: 2)
  /// Both: the property White_Space.
  package static let whitespace = Self(rawValue: 4)
  /// BERT: ASCII that is neither letter, digit, space nor control, and all of category P.
  package static let punctuation = Self(rawValue: 8)
  /// BERT: removed by cleaning: NUL, U+FFFD, categories Cc, Cf and Co; not tab, newline and return.
  package static let unclean = Self(rawValue: 16)
  /// BERT: category Mn, removed when accents are stripped.
  package static let accent = Self(rawValue: 32)
  /// BERT: a Chinese character, which becomes a word of its own.
  package static let chinese = Self(rawValue: 64)

  /// The classes of a scalar.
  @inline(__always)
  package static func of(_ scalar: UInt32) -> Self {
    scalar < 0x1_0000 ? Self(rawValue: basicPlane[Int(scalar)]) : computed(scalar)
  }

  private static let basicPlane: [UInt8] = (0..<0x1_0000).map { computed($0).rawValue }

  private static func computed(_ value: UInt32) -> Self {
    guard let scalar = Unicode.Scalar(value) else { return [] }  // a surrogate: never in a String
    let properties = scalar.properties
    let version = properties.age?.major ?? .max
    let category = properties.generalCategory
    var classes: Self = []
    if version <= 16 {
      switch category {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        classes.insert(.letter)
      case .decimalNumber, .letterNumber, .otherNumber: classes.insert(.number)
      default: break
      }
    }
    if properties.isWhitespace { classes.insert(.whitespace) }
    if isPunctuation(value, category, version) { classes.insert(.punctuation) }
    if isUnclean(value, category, version) { classes.insert(.unclean) }
    if isAccent(value, category, version) { classes.insert(.accent) }
    if isChinese(value) { classes.insert(.chinese) }
    return classes
  }

  private static func isPunctuation(
    _ scalar: UInt32, _ category: Unicode.GeneralCategory, _ version: Int
  ) -> Bool {
    switch scalar {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    case 0x166D, 0x1_11C9: return true  // were Po in version 8
    default: break
    }
    switch category {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return version <= 8
    default: return false
    }
  }

  private static func isUnclean(
    _ scalar: UInt32, _ category: Unicode.GeneralCategory, _ version: Int
  ) -> Bool {
    if scalar == 9 || scalar == 10 || scalar == 13 { return false }
    if scalar == 0xFFFD { return true }
    switch category {
    case .control, .privateUse: return true
    case .format: return version <= 8
    default: return false
    }
  }

  private static func isAccent(
    _ scalar: UInt32, _ category: Unicode.GeneralCategory, _ version: Int
  ) -> Bool {
    switch scalar {
    case 0x1734, 0x1171E: return true  // were Mn in version 8
    case 0x1885, 0x1886, 0xA9BD, 0x1_11C9: return false  // were not
    default: return category == .nonspacingMark && version <= 8
    }
  }

  /// The blocks that BERT's authors listed (`_is_chinese_char` in their `tokenization.py`).
  private static func isChinese(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x2_0000...0x2_A6DF, 0x2_A700...0x2_B73F,
      0x2_B740...0x2_B81F, 0x2_B920...0x2_CEAF, 0xF900...0xFAFF, 0x2_F800...0x2_FA1F:
      true
    default: false
    }
  }
}
