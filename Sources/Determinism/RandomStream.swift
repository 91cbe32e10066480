/// A named, counter-based source of random numbers, the same on every machine.
///
/// A stream is a key and a position. Deriving a child by name or number depends on the key alone, so
/// what one part of the program draws never changes what another part sees, and a training step is
/// resumed by deriving the same child again: there is no state to save.
///
///     var noise = RandomStream(seed: 3).stream("routing noise").stream(step)
///     let x = noise.normal()
///
/// The generator is SplitMix64 (Steele, Lea, Flood 2014): an odd increment followed by a bijective
/// finaliser. Only integer arithmetic and correctly rounded `Double` operations are used, never the
/// platform's `log` or `cos`, so that sequences are equal bit for bit everywhere.
public struct RandomStream: Hashable, Sendable {
  /// Identifies the stream; children are derived from it.
  public let key: UInt64
  private var position: UInt64 = 0

  public init(seed: UInt64) { key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }

  private init(key: UInt64) { self.key = key }

  /// The child stream of this name. It does not depend on what was drawn before.
  public func stream(_ name: String) -> RandomStream {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a, 64 bit
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return RandomStream(key: Self.mix(key ^ Self.mix(hash)))
  }

  /// The child stream of this number.
  public func stream(_ index: Int) -> RandomStream {
    let word = UInt64(bitPattern: Int64(index))
    return RandomStream(key: Self.mix(key &+ Self.mix(word ^ 0xD6E8_FEB8_6659_FD93)))
  }

  /// 64 uniformly distributed bits.
  public mutating func bits() -> UInt64 {
    position &+= 1
    return Self.mix(key &+ position &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(bits() >> 11) * 0x1p-53 }

  /// Uniform in [lower, upper).
  public mutating func uniform(_ lower: Double, _ upper: Double) -> Double {
    lower + (upper - lower) * uniform()
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// Uniform in 0 ..< `count`, without bias (Lemire 2019).
  public mutating func integer(below count: Int) -> Int {
    require(count > 0, "integer(below:): expected a positive count, found \(count)")
    let range = UInt64(count)
    let threshold = (0 &- range) % range
    while true {
      let product = bits().multipliedFullWidth(by: range)
      if product.low >= threshold { return Int(product.high) }
    }
  }

  /// One of `items`, each equally likely.
  public mutating func pick<Items: RandomAccessCollection>(_ items: Items) -> Items.Element {
    items[items.index(items.startIndex, offsetBy: integer(below: items.count))]
  }

  /// Normally distributed with mean 0 and standard deviation 1 (Marsaglia's polar method).
  public mutating func normal() -> Double {
    while true {
      let x = uniform(-1, 1)
      let y = uniform(-1, 1)
      let s = x * x + y * y
      if s > 0 && s < 1 { return x * (-2 * portableLog(s) / s).squareRoot() }
    }
  }

  /// A uniformly random order of 0 ..< `count` (Fisher–Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
    return order
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Natural logarithm of a positive, finite `x` to about 1e-15, from correctly rounded operations only.
///
/// `x = m·2ᵉ` with m in [√½, √2); `log m = 2 artanh((m−1)/(m+1))` as a power series.
public func portableLog(_ x: Double) -> Double {
  require(x > 0 && x.isFinite, "portableLog: expected a positive finite number, found \(x)")
  var mantissa = x.significand
  var exponent = Double(x.exponent)
  if mantissa > 1.414_213_562_373_095_1 {
    mantissa /= 2
    exponent += 1
  }
  let t = (mantissa - 1) / (mantissa + 1)  // |t| ≤ 0.1716, t²¹ ≈ 1e-16
  let square = t * t
  var sum = 0.0
  for n in stride(from: 21, through: 1, by: -2) { sum = sum * square + 1 / Double(n) }
  return 2 * t * sum + exponent * 0.693_147_180_559_945_3
}
