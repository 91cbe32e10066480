import Determinism

/// A row-major, contiguous array of `Float`, with the operation it came from when a gradient is needed.
///
/// Tensors are values: no operation changes its arguments. A tensor made from frozen tensors alone has no
/// history, so frozen paths build no graph and keep nothing for backward.
///
/// Letters in shapes: B batch, N tokens, C channels (width), H heads, D head width, P prompts, k experts,
/// l prompt length.
public struct Tensor {
  /// Sizes of the axes, outermost first. A scalar has none.
  public let shape: [Int]
  let storage: Storage
  let offset: Int
  let node: Node?

  init(storage: Storage, offset: Int = 0, shape: [Int], node: Node? = nil) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.node = node
  }

  /// A tensor of these values, in row-major order.
  public init(_ values: [Float], _ shape: [Int]) {
    require(
      values.count == shape.product,
      "Tensor: expected \(shape.product) values for \(shape), found \(values.count)")
    let storage = Storage(count: values.count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { storage.pointer.update(from: base, count: source.count) }
    }
    self.init(storage: storage, shape: shape)
  }

  /// A scalar.
  public init(_ value: Float) { self.init([value], []) }

  /// Uninitialised; for results of kernels.
  static func empty(_ shape: [Int]) -> Tensor {
    Tensor(storage: Storage(count: shape.product), shape: shape)
  }

  /// Undefined values, in memory that is not touched: for models that are only counted.
  public static func undefined(_ shape: [Int]) -> Tensor { empty(shape) }

  public static func full(_ shape: [Int], _ value: Float) -> Tensor {
    let tensor = empty(shape)
    tensor.mutablePointer.update(repeating: value, count: tensor.count)
    return tensor
  }

  public static func zeros(_ shape: [Int]) -> Tensor { full(shape, 0) }

  /// Number of elements.
  public var count: Int { shape.product }
  public var rank: Int { shape.count }
  /// Whether a gradient can reach something through this tensor.
  public var requiresGradient: Bool { node != nil }

  /// All elements in row-major order.
  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// The only element.
  public var item: Float {
    require(count == 1, "item: expected one element, found shape \(shape)")
    return pointer[0]
  }

  /// Calls `body` with the elements in row-major order, valid during the call.
  public func withElements<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: storage.pointer + offset, count: count))
  }

  /// The same values without history.
  public var detached: Tensor { Tensor(storage: storage, offset: offset, shape: shape) }

  /// Valid while a variable holds this tensor. Bind temporaries to a `let` before taking it.
  var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer + offset) }
  /// For results under construction only.
  var mutablePointer: UnsafeMutablePointer<Float> { storage.pointer + offset }

  /// The size of the last axis.
  public var lastAxis: Int {
    require(!shape.isEmpty, "a scalar has no last axis")
    return shape[shape.count - 1]
  }

  /// Elements per entry of the last axis: the number of rows.
  var rows: Int { lastAxis == 0 ? 0 : count / lastAxis }

  public var shape2: (Int, Int) {
    require(rank == 2, "expected 2 axes, found shape \(shape)")
    return (shape[0], shape[1])
  }
  public var shape3: (Int, Int, Int) {
    require(rank == 3, "expected 3 axes, found shape \(shape)")
    return (shape[0], shape[1], shape[2])
  }
  public var shape4: (Int, Int, Int, Int) {
    require(rank == 4, "expected 4 axes, found shape \(shape)")
    return (shape[0], shape[1], shape[2], shape[3])
  }
}

extension Array where Element == Int {
  /// The number of elements of this shape.
  public var product: Int { reduce(1, *) }
}

extension Tensor: CustomStringConvertible {
  public var description: String {
    let shown = withElements { $0.prefix(6).map { "\($0)" } }.joined(separator: ", ")
    return "Tensor\(shape)(\(shown)\(count > 6 ? ", …" : ""))"
  }
}
