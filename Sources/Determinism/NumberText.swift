/// `value` with exactly `digits` decimals, rounded half to even on the exact binary value; "NaN", "∞", "−∞"
/// otherwise. The minus sign is "-" and negative zero prints as zero.
///
/// Works on integers, so the text is the same with every C library and locale.
public func fixed(_ value: Double, _ digits: Int) -> String {
  require(digits >= 0 && digits <= 15, "fixed: expected 0 to 15 digits, found \(digits)")
  guard value.isFinite else { return value.isNaN ? "NaN" : (value > 0 ? "∞" : "-∞") }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = (value.magnitude * scale).rounded(.toNearestOrEven)
  require(scaled < 0x1p63, "fixed: \(value) is too large to print with \(digits) decimals")
  let whole = UInt64(scaled)
  let unit = UInt64(scale)
  let sign = value < 0 && whole > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(whole)" }
  let fraction = String(whole % unit)
  let padding = String(repeating: "0", count: digits - fraction.count)
  return "\(sign)\(whole / unit).\(padding)\(fraction)"
}

/// `count` with thousands separated by a thin space, as in "1 607 923".
public func grouped(_ count: Int) -> String {
  let digits = String(count.magnitude)
  var text = ""
  for (i, digit) in digits.enumerated() {
    if i > 0 && (digits.count - i) % 3 == 0 { text += "\u{202F}" }
    text.append(digit)
  }
  return (count < 0 ? "-" : "") + text
}

/// `value` with `digits` decimals and a power of ten, as in "3.1e-17"; "0" for zero.
///
/// For numbers whose size is the message. The last digit may be off by one: powers of ten are multiplied up.
public func scientific(_ value: Double, _ digits: Int = 1) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : fixed(value, 0) }
  var mantissa = value.magnitude
  var exponent = 0
  while mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  while mantissa < 1 {
    mantissa *= 10
    exponent -= 1
  }
  var text = fixed(mantissa, digits)
  if text.hasPrefix("10") {
    text = fixed(1, digits)
    exponent += 1
  }
  return "\(value < 0 ? "-" : "")\(text)e\(exponent)"
}
