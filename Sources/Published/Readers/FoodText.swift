import Determinism

/// Cleans the text of a web page or a title of UPMC Food-101, as MMBT's and PMF's conversion does.
public enum FoodText {
  private static let replaced = Set("<>/\\+=-_[]{}'\";:.,()*&^%$#@!~`".unicodeScalars)

  /// Marks become spaces, runs of two or more white spaces one space, then lower case, then no line ends.
  public static func cleaned(_ text: String) -> String {
    var spaced: [Unicode.Scalar] = []
    var run: [Unicode.Scalar] = []
    func endRun() {
      if run.count > 1 { spaced.append(" ") } else { spaced += run }
      run.removeAll(keepingCapacity: true)
    }
    for scalar in text.unicodeScalars {
      let scalar = replaced.contains(scalar) ? " " : scalar
      if scalar.properties.isWhitespace {
        run.append(scalar)
      } else {
        if !run.isEmpty { endRun() }
        spaced.append(scalar)
      }
    }
    endRun()
    var lower = String.UnicodeScalarView()
    for scalar in spaced {
      if scalar == "\n" {
        lower.append(" ")
      } else if scalar.isASCII {
        let isUpper = "A"..."Z" ~= scalar
        lower.append(isUpper ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
      } else {
        lower.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return String(lower)
  }
}
