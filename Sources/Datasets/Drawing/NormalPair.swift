import Determinism

extension RandomStream {
  /// Two independent normally distributed numbers from one step of Marsaglia's polar method.
  ///
  /// `normal()` throws the second away; an image needs thousands.
  mutating func normalPair() -> (Double, Double) {
    while true {
      let x = uniform(-1, 1)
      let y = uniform(-1, 1)
      let s = x * x + y * y
      if s > 0 && s < 1 {
        let factor = (-2 * portableLog(s) / s).squareRoot()
        return (x * factor, y * factor)
      }
    }
  }
}
