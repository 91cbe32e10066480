import Determinism
import Foundation

/// Student's t distribution, central and shifted, from which intervals and power are computed.
///
/// The distribution function is the regularised incomplete beta function by Lentz's continued
/// fraction (Press et al. 2007, §6.4), accurate to about 1e-13; quantiles are found by bisection.
public struct StudentT: Sendable {
  /// One less than the number of observations, for a mean.
  public let degreesOfFreedom: Int

  public init(degreesOfFreedom: Int) {
    require(degreesOfFreedom >= 1, "StudentT: expected at least 1, found \(degreesOfFreedom)")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// P(T ≤ t).
  public func probability(below t: Double) -> Double {
    let v = Double(degreesOfFreedom)
    let tail = 0.5 * incompleteBeta(v / (v + t * t), v / 2, 0.5)
    return t > 0 ? 1 - tail : tail
  }

  /// The t with P(T ≤ t) = `probability`, for a probability strictly between 0 and 1.
  public func quantile(_ probability: Double) -> Double {
    require(
      probability > 0 && probability < 1, "quantile: expected 0 < p < 1, found \(probability)")
    if probability < 0.5 { return -quantile(1 - probability) }
    let tail = 1 - probability
    var upper = 1.0
    while self.tail(above: upper) > tail { upper *= 2 }
    return bisect(0, upper) { self.tail(above: $0) <= tail }
  }

  /// The power of the two-sided test at `level` when the true mean is `shift` standard errors.
  ///
  /// `(Z + shift) / S` with S² = χ²/ν is integrated over S by Simpson's rule with 1000 intervals.
  public func power(shift: Double, level: Double) -> Double {
    let v = Double(degreesOfFreedom)
    let critical = quantile(1 - level / 2)
    let logScale = log(2) + v / 2 * log(v / 2) - logGamma(v / 2)
    let upper = 1 + 12 / (2 * v).squareRoot()
    let count = 1000
    let width = upper / Double(count)
    var sum = 0.0
    for i in 0...count {
      let s = Double(i) * width
      let logPower = degreesOfFreedom == 1 ? 0 : (s > 0 ? (v - 1) * log(s) : -Double.infinity)
      let density = exp(logScale + logPower - v * s * s / 2)
      let weight = i == 0 || i == count ? 1.0 : (i % 2 == 1 ? 4.0 : 2.0)
      let rejected =
        normalProbability(shift - critical * s) + normalProbability(-shift - critical * s)
      sum += weight * density * rejected
    }
    return sum * width / 3
  }

  /// The shift in standard errors that the two-sided test at `level` detects with `power`.
  public func detectableShift(power: Double, level: Double) -> Double {
    var upper = 1.0
    while self.power(shift: upper, level: level) < power { upper *= 2 }
    return bisect(0, upper, steps: 50) { self.power(shift: $0, level: level) >= power }
  }

  private func tail(above t: Double) -> Double {
    let v = Double(degreesOfFreedom)
    return 0.5 * incompleteBeta(v / (v + t * t), v / 2, 0.5)
  }
}

/// The smallest point of `lower ... upper` where a condition that stays true once true becomes true.
private func bisect(
  _ lower: Double, _ upper: Double, steps: Int = 200, _ holds: (Double) -> Bool
) -> Double {
  var (low, high) = (lower, upper)
  for _ in 0..<steps {
    let middle = low + (high - low) / 2
    if holds(middle) { high = middle } else { low = middle }
  }
  return high
}

/// Φ(x), the standard normal distribution function.
private func normalProbability(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }

/// log Γ(x) for x > 0 (Lanczos 1964, g = 7, nine coefficients), relative error below 1e-14.
private func logGamma(_ x: Double) -> Double {
  let coefficients = [
    0.999_999_999_999_809_93, 676.520_368_121_885_1, -1259.139_216_722_402_8,
    771.323_428_777_653_13, -176.615_029_162_140_59, 12.507_343_278_686_905,
    -0.138_571_095_265_720_12, 9.984_369_578_019_571_6e-6, 1.505_632_735_149_311_6e-7,
  ]
  if x < 0.5 { return log(Double.pi / abs(sin(Double.pi * x))) - logGamma(1 - x) }
  var sum = coefficients[0]
  for i in 1..<coefficients.count { sum += coefficients[i] / (x - 1 + Double(i)) }
  let t = x + 6.5
  return 0.5 * log(2 * Double.pi) + (x - 0.5) * log(t) - t + log(sum)
}

/// Iₓ(a, b), the regularised incomplete beta function.
private func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
  if x <= 0 { return 0 }
  if x >= 1 { return 1 }
  let logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
  if x < (a + 1) / (a + b + 2) { return exp(logFront) * betaFraction(x, a, b) / a }
  return 1 - exp(logFront) * betaFraction(1 - x, b, a) / b
}

/// Lentz's evaluation of the continued fraction of the incomplete beta function.
private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
  let tiny = 1e-300
  func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
  var c = 1.0
  var d = 1 / away(1 - (a + b) * x / (a + 1))
  var result = d
  for m in 1...500 {
    let n = Double(m)
    let even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    result *= d * c
    let odd = -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    result *= d * c
    if abs(d * c - 1) < 1e-15 { break }
  }
  return result
}
