import Text
import Testing

@Suite struct TokenizerTestsScalars {
  @Test func `every scalar has the classes the reference gives it`() throws {
    let text = try String(contentsOfFile: TokenizerFixtures.scalarClasses, encoding: .utf8)
    let runs = try text.split(separator: "\n").map { line in
      let fields = line.split(separator: " ")
      return (start: try #require(UInt32(fields[0], radix: 16)), letters: fields[1])
    }
    #expect(runs.count > 1000)
    var wrong: [String] = []
    for (i, run) in runs.enumerated() {
      let end = i + 1 < runs.count ? runs[i + 1].start : 0x11_0000
      let expected = expectedClasses(run.letters)
      for scalar in run.start..<end where Unicode.Scalar(scalar) != nil {
        let found = ScalarClasses.of(scalar)
        if found != expected {
          wrong.append("U+\(String(scalar, radix: 16)): \(found), expected \(expected)")
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count) wrong, such as \(wrong.prefix(5))")
  }

  /// The letters of `scalar-classes.txt`. Both references have the same white space, so S comes
  /// with W.
  private func expectedClasses(_ letters: Substring) -> ScalarClasses {
    var classes: ScalarClasses = []
    for letter in letters {
      switch letter {
      case "L": classes.insert(.letter)
      case "N": classes.insert(.number)
      case "W": classes.insert(.whitespace)
      case "P": classes.insert(.punctuation)
      case "U": classes.insert(.unclean)
      case "A": classes.insert(.accent)
      case "C": classes.insert(.chinese)
      default: break
      }
    }
    return classes
  }
}
