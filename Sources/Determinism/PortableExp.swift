/// e to the power `x`, to about one unit in the last place, from correctly rounded operations only.
///
/// `x = n·log 2 + r` with |r| ≤ ½ log 2; `eʳ` is its power series to the 13th power, whose remainder is below 1e-17.
/// Below −745 it is 0, above 709.78 infinite; NaN stays NaN.
public func portableExp(_ x: Double) -> Double {
  guard !x.isNaN else { return x }
  if x < -745.2 { return 0 }
  if x > 709.782_712_893_384 { return .infinity }
  let n = (x * 1.442_695_040_888_963_4).rounded(.toNearestOrEven)
  // log 2 in two parts: n times the first, which ends in zeros, is exact.
  let r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33
  var sum = 1.0
  for k in stride(from: 13.0, through: 1, by: -1) { sum = 1 + r / k * sum }
  let power = Int(n)
  // In two steps, so that results below the normal range are rounded once.
  let half = power / 2
  return sum * Double(sign: .plus, exponent: half, significand: 1)
    * Double(sign: .plus, exponent: power - half, significand: 1)
}
