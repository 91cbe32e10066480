import Determinism

/// `value` with `digits` decimals, or in scientific form where that would overflow `fixed`.
public func numberText(_ value: Double, _ digits: Int) -> String {
  value.magnitude < 1e9 || !value.isFinite ? fixed(value, min(digits, 9)) : "\(value)"
}

/// `value` with its sign always shown: "+1.20", "-0.30".
public func signedText(_ value: Double, _ digits: Int) -> String {
  let text = numberText(value, digits)
  return value > 0 && !text.hasPrefix("+") ? "+\(text)" : text
}

/// A number as the paper prints it: "62.1" stands for everything from 62.05 to 62.15.
public struct PrintedNumber: Hashable, Sendable {
  public let text: String
  public let value: Double
  /// How many decimals are printed.
  public let digits: Int

  /// Nil when the text is not a plain decimal number.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let value = Double(text), value.isFinite, parts.count <= 2 else { return nil }
    let digits = parts.count == 2 ? parts[1].count : 0
    guard text.allSatisfy({ $0.isNumber || $0 == "." || $0 == "-" }), digits <= 9 else {
      return nil
    }
    self.text = text
    self.value = value
    self.digits = digits
  }

  /// Every value that would have been printed like this.
  public var range: Interval {
    var unit = 1.0
    for _ in 0..<digits { unit /= 10 }
    return Interval(value - unit / 2, value + unit / 2)
  }
}
