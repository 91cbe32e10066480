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
  var sum = 1 / 6_227_020_800.0  // 1/13!
  sum = sum * r + 1 / 479_001_600
  sum = sum * r + 1 / 39_916_800
  sum = sum * r + 1 / 3_628_800
  sum = sum * r + 1 / 362_880
  sum = sum * r + 1 / 40_320
  sum = sum * r + 1 / 5_040
  sum = sum * r + 1 / 720
  sum = sum * r + 1 / 120
  sum = sum * r + 1 / 24
  sum = sum * r + 1 / 6
  sum = sum * r + 0.5
  sum = sum * r * r + r + 1
  let power = Int(n)
  // In two steps, so that results below the normal range are rounded once.
  let half = power / 2
  return sum * Double(sign: .plus, exponent: half, significand: 1)
    * Double(sign: .plus, exponent: power - half, significand: 1)
}
