import Determinism

/// One operation of a graph: which tensors it needs gradients for, and how to compute them.
///
/// A graph belongs to one thread. `gradient` and `pending` are used during one backward pass only.
final class Node {
  let inputs: [Node]
  /// The function that made this node, for profiles.
  let operation: StaticString
  /// Gradient of the output → gradients of `inputs`, in order. Released when it has run.
  private(set) var backward: ((Tensor) -> [Tensor?])?
  fileprivate var gradient: Tensor?
  fileprivate var pending = 0

  /// A leaf: a tensor whose gradient is wanted.
  init() {
    inputs = []
    operation = ""
    backward = nil
  }

  init(
    _ inputs: [Node], _ operation: StaticString, _ backward: @escaping (Tensor) -> [Tensor?]
  ) {
    self.inputs = inputs
    self.operation = operation
    self.backward = backward
  }

  var isLeaf: Bool { inputs.isEmpty }

  fileprivate func release() { backward = nil }
}

extension Tensor {
  /// The same values as a leaf: `Gradients` will hold its gradient.
  public var variable: Tensor {
    Tensor(storage: storage, offset: offset, shape: shape, node: Node())
  }

  /// This value as the result of an operation on `inputs`.
  ///
  /// `backward` gets the gradient of the result and gives one gradient per input; it is asked only for
  /// inputs that require one (`needs[i]`), and it is not kept when none does. Every operation ends with this call.
  /// - Parameter operation: what a profile calls it.
  func derived(
    from inputs: [Tensor], operation: StaticString = #function,
    _ backward: @escaping (_ gradient: Tensor, _ needs: [Bool]) -> [Tensor?]
  ) -> Tensor {
    Profile.ended(operation)
    let needs = inputs.map(\.requiresGradient)
    guard needs.contains(true) else { return self }
    let nodes = inputs.compactMap(\.node)
    let node = Node(nodes, operation) { gradient in
      let all = backward(gradient, needs)
      return zip(all, needs).compactMap { $1 ? .some($0) : nil }
    }
    return Tensor(storage: storage, offset: offset, shape: shape, node: node)
  }

  /// Reverse-mode differentiation of this scalar.
  ///
  /// What an operation kept for backward is released as soon as it has been used, so memory falls during the
  /// pass, and a graph can be differentiated once.
  public func backward() -> Gradients {
    require(count == 1, "backward: expected a scalar, found shape \(shape)")
    return backward(.full(shape, 1))
  }

  /// Reverse-mode differentiation of `Σ self · cotangent`.
  public func backward(_ cotangent: Tensor) -> Gradients {
    require(cotangent.shape == shape, "backward: expected \(shape), found \(cotangent.shape)")
    guard let root = node else { return Gradients([:]) }
    countConsumers(of: root)
    root.gradient = cotangent
    var ready = [root]
    var leaves: [ObjectIdentifier: Tensor] = [:]
    Profile.turn(backward: true)
    defer { Profile.turn(backward: false) }
    while let node = ready.popLast() {
      let gradient = node.gradient
      node.gradient = nil
      if node.isLeaf {
        leaves[ObjectIdentifier(node)] = gradient
        continue
      }
      let inputGradients: [Tensor?]
      if let gradient {
        guard let backward = node.backward else {
          fatalError("backward: this graph has been differentiated before")
        }
        inputGradients = backward(gradient)
        Profile.ended(node.operation)
        node.release()
      } else {
        inputGradients = []
      }
      for (i, input) in node.inputs.enumerated() {
        if i < inputGradients.count, let addition = inputGradients[i] {
          if let sum = input.gradient {
            input.gradient = nil
            input.gradient = accumulated(sum, addition)
            Profile.ended("sum of gradients")
          } else {
            input.gradient = addition
          }
        }
        input.pending -= 1
        if input.pending == 0 { ready.append(input) }
      }
    }
    return Gradients(leaves)
  }

  /// Sets `pending` of every node below `root` to the number of its consumers. Iterative: graphs are deep.
  private func countConsumers(of root: Node) {
    var stack = [root]
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
    while let node = stack.popLast() {
      for input in node.inputs {
        input.pending += 1
        if seen.insert(ObjectIdentifier(input)).inserted { stack.append(input) }
      }
    }
  }
}

/// Gradients of the leaves a backward pass has reached.
public struct Gradients {
  private let byLeaf: [ObjectIdentifier: Tensor]

  init(_ byLeaf: [ObjectIdentifier: Tensor]) { self.byLeaf = byLeaf }

  /// The gradient of `leaf` (made by `variable`), or nil if the result does not depend on it.
  public subscript(_ leaf: Tensor) -> Tensor? {
    guard let node = leaf.node else { return nil }
    return byLeaf[ObjectIdentifier(node)]
  }

  /// The sums, leaf by leaf: the gradients of the sum of two results.
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    Gradients(a.byLeaf.merging(b.byLeaf) { accumulated($0, $1) })
  }
}
