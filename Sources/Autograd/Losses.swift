import Determinism
import Foundation

/// Mean cross-entropy of softmax scores (PyTorch `F.cross_entropy`). `[B, classes]` → scalar
public func crossEntropy(_ logits: Tensor, _ labels: [Int32]) -> Tensor {
  let (b, classes) = logits.shape2
  require(labels.count == b, "crossEntropy: \(labels.count) labels for \(b) rows")
  let probabilities = softmax(logits.detached)
  var total = 0.0
  for (i, label) in labels.enumerated() {
    require(label >= 0 && Int(label) < classes, "crossEntropy: label \(label) of \(classes) classes")
    let row = logits.pointer + i * classes
    let largest = Double(UnsafeBufferPointer(start: row, count: classes).max() ?? 0)
    var sum = 0.0
    for j in 0..<classes { sum += exp(Double(row[j]) - largest) }
    total += log(sum) + largest - Double(row[Int(label)])
  }
  return Tensor(Float(total / Double(b))).derived(from: [logits]) { gradient, _ in
    let dx = scaled(probabilities, gradient.item / Float(b))
    for (i, label) in labels.enumerated() {
      dx.mutablePointer[i * classes + Int(label)] -= gradient.item / Float(b)
    }
    return [dx]
  }
}

/// Mean over all elements of the cross-entropy of independent sigmoids
/// (PyTorch `F.binary_cross_entropy_with_logits`).
/// - Parameter targets: 0 … 1, of the shape of `logits`.
public func binaryCrossEntropy(_ logits: Tensor, _ targets: Tensor) -> Tensor {
  require(
    logits.shape == targets.shape,
    "binaryCrossEntropy: logits \(logits.shape), targets \(targets.shape)")
  let n = logits.count
  let (x, y) = (logits.pointer, targets.pointer)
  let slope = Tensor.empty(logits.shape)  // σ(x) − y
  var total = 0.0
  for i in 0..<n {
    let value = Double(x[i])
    let small = exp(-abs(value))
    total += max(value, 0) - value * Double(y[i]) + log1p(small)
    let sigmoid = value >= 0 ? 1 / (1 + small) : small / (1 + small)
    slope.mutablePointer[i] = Float(sigmoid - Double(y[i]))
  }
  return Tensor(Float(total / Double(n))).derived(from: [logits]) { gradient, _ in
    [scaled(slope, gradient.item / Float(n))]
  }
}
