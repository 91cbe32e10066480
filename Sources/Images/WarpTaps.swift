/// The weights of the pixels around a place, for every 32nd of a pixel down and across: OpenCV's tables
/// (`imgwarp.cpp`, `initInterTab2D`).
struct WarpTaps: Sendable {
  static let parts = 32
  /// Pixels in each direction: 1, 2 or 4.
  let size: Int
  /// `[32 down, 32 across, size, size]`; sums to 1.
  let exact: [Float]
  /// The same in 1/32768; sums to exactly that.
  let fixed: [Int32]

  /// The tables of an interpolation, made once.
  static func of(_ interpolation: WarpInterpolation) -> WarpTaps {
    switch interpolation {
    case .nearest: nearest
    case .bilinear: bilinear
    case .cubic: cubic
    }
  }

  /// Where the weights of a place begin.
  func weights(_ across: Int, _ down: Int) -> Int { (down * Self.parts + across) * size * size }

  private static let nearest = WarpTaps(size: 1) { _ in [1] }
  private static let bilinear = WarpTaps(size: 2) { part in [1 - part, part] }
  private static let cubic = WarpTaps(size: 4) { part in
    let a: Float = -0.75
    let outer = ((a * (part + 1) - 5 * a) * (part + 1) + 8 * a) * (part + 1) - 4 * a
    let left = ((a + 2) * part - (a + 3)) * part * part + 1
    let right = ((a + 2) * (1 - part) - (a + 3)) * (1 - part) * (1 - part) + 1
    return [outer, left, right, 1 - outer - left - right]
  }

  private init(size: Int, line: (Float) -> [Float]) {
    let lines = (0..<Self.parts).map { line(Float($0) * (1 / Float(Self.parts))) }
    var exact = [Float]()
    var fixed = [Int32]()
    for down in lines {
      for across in lines {
        let weights = down.flatMap { vertical in across.map { vertical * $0 } }
        exact += weights
        fixed += Self.rounded(weights, size: size)
      }
    }
    self.size = size
    self.exact = exact
    self.fixed = fixed
  }

  /// Weights in 1/32768. What rounding adds or takes is made good at the largest or smallest of the four taps at
  /// and below the middle, as in OpenCV.
  private static func rounded(_ weights: [Float], size: Int) -> [Int32] {
    var result = weights.map {
      Int32(max(-32768, min(32767, ($0 * 32768).rounded(.toNearestOrEven))))
    }
    let excess = result.reduce(0, +) - 32768
    guard excess != 0 else { return result }
    let middle = size / 2
    let candidates = (middle..<min(middle + 2, size)).flatMap { j in
      (middle..<min(middle + 2, size)).map { j * size + $0 }
    }
    var (smallest, largest) = (candidates[0], candidates[0])
    for i in candidates {
      if result[i] < result[smallest] {
        smallest = i
      } else if result[i] > result[largest] {
        largest = i
      }
    }
    result[excess < 0 ? largest : smallest] -= excess
    return result
  }
}
