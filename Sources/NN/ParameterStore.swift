import Autograd
import Determinism

/// All parameters and buffers of one model, in the order they were made.
///
/// Layers ask a `Scope` for their parameters; the store initialises or loads them, and remembers them. After
/// construction `validate()` reports everything that does not fit at once.
public final class ParameterStore {
  public private(set) var parameters: [Parameter] = []
  public private(set) var buffers: [Buffer] = []
  private let random: RandomStream
  private var names: Set<String> = []
  private var problems: [String] = []
  private var checkpoints: [CheckpointReader] = []

  /// - Parameter random: initial values come from this stream and the parameter's path, so that adding a layer
  ///   changes no other layer's start.
  public init(random: RandomStream) { self.random = random }

  /// The scope of the whole model.
  public var root: Scope { Scope(store: self, path: "", checkpoint: nil, isFrozen: false) }

  public var trainable: [Parameter] { parameters.filter(\.isTrainable) }
  public var trainableCount: Int { trainable.reduce(0) { $0 + $1.count } }
  public var count: Int { parameters.reduce(0) { $0 + $1.count } }

  /// Whoever builds a model calls this once it is complete.
  /// - Throws: `Failure(.badInput)` with all tensors that are missing from, mis-shaped in, or left over in the
  ///   checkpoints.
  public func validate() throws {
    for reader in checkpoints {
      for name in reader.leftOver {
        problems.append("\(reader.checkpoint.source): \(name): unexpected tensor, no layer took it")
      }
    }
    guard problems.isEmpty else {
      let shown = problems.prefix(20).joined(separator: "\n  ")
      let rest = problems.count > 20 ? "\n  … and \(problems.count - 20) more" : ""
      throw Failure(
        .badInput,
        "the checkpoint does not fit the model (\(problems.count) problems):\n  \(shown)\(rest)")
    }
  }

  fileprivate func register(
    _ name: String, parts: [String], keys: [String], _ shape: [Int], _ initializer: Initializer,
    isTrainable: Bool, isUndefined: Bool, from reader: CheckpointReader?
  ) -> Parameter {
    claim(name)
    let value =
      reader.map { load(keys, shape, from: $0) }
      ?? (isUndefined ? .undefined(shape) : initializer.values(shape, random.stream(name)))
    let parameter = Parameter(name: name, parts: parts, value: value, isTrainable: isTrainable)
    parameters.append(parameter)
    return parameter
  }

  fileprivate func register(
    buffer name: String, key: String, _ start: Tensor, from reader: CheckpointReader?
  ) -> Buffer {
    claim(name)
    let value = reader.map { load([key], start.shape, from: $0) } ?? start
    let buffer = Buffer(name: name, value: value)
    buffers.append(buffer)
    return buffer
  }

  fileprivate func open(_ checkpoint: Checkpoint, ignoring: @escaping (String) -> Bool)
    -> CheckpointReader
  {
    let reader = CheckpointReader(checkpoint, ignoring: ignoring)
    checkpoints.append(reader)
    return reader
  }

  /// Replaces all trainable parameters and all buffers by tensors of the same names, as `snapshot` gave them.
  /// - Throws: `Failure(.badInput)` if one is missing, mis-shaped or left over; then nothing has changed.
  public func restore(_ saved: [(name: String, tensor: Tensor)], source: String) throws {
    var byName: [String: Tensor] = [:]
    for (name, tensor) in saved { byName[name] = tensor }
    func found(_ name: String, _ shape: [Int]) throws -> Tensor {
      guard let tensor = byName.removeValue(forKey: name) else {
        throw Failure(.badInput, "\(source): \(name): missing, expected \(shape)")
      }
      guard tensor.shape == shape else {
        throw Failure(.badInput, "\(source): \(name): expected \(shape), found \(tensor.shape)")
      }
      return tensor
    }
    let values = try trainable.map { ($0, try found($0.name, $0.shape)) }
    let states = try buffers.map { ($0, try found($0.name, $0.value.shape)) }
    if let extra = byName.keys.min() {
      throw Failure(
        .badInput, "\(source): \(extra): unexpected tensor; was another model saved here?")
    }
    for (parameter, tensor) in values { parameter.value.overwrite(with: tensor) }
    for (buffer, tensor) in states { buffer.update(tensor) }
  }

  /// Copies of all trainable parameters and all buffers, in their order.
  public func snapshot() -> [(name: String, tensor: Tensor)] {
    trainable.map { ($0.name, $0.value.copied) } + buffers.map { ($0.name, $0.value.copied) }
  }

  private func claim(_ name: String) {
    require(names.insert(name).inserted, "two parameters are named \(name)")
  }

  private func load(_ keys: [String], _ shape: [Int], from reader: CheckpointReader) -> Tensor {
    var rows = shape
    if keys.count > 1 { rows[0] /= keys.count }
    var found: [Tensor] = []
    for key in keys {
      let place = "\(reader.checkpoint.source): \(key)"
      do {
        guard let tensor = try reader.take(key) else {
          problems.append("\(place): missing, expected \(rows)")
          continue
        }
        if tensor.shape != rows {
          problems.append("\(place): expected \(rows), found \(tensor.shape)")
        } else if !tensor.withElements({ $0.allSatisfy(\.isFinite) }) {
          problems.append("\(place): holds values that are not finite")
        } else {
          found.append(tensor)
        }
      } catch { problems.append("\(error)") }
    }
    guard found.count == keys.count else { return .zeros(shape) }  // validate() will throw
    return found.count == 1 ? found[0] : concatenated(found, axis: 0)
  }
}

/// A source of named tensors, such as a safetensors file or folder.
public protocol Checkpoint {
  /// What to call it in messages.
  var source: String { get }
  /// All names, sorted.
  var names: [String] { get }
  /// The tensor of this name, or nil if there is none.
  func tensor(_ name: String) throws -> Tensor?
}

/// A checkpoint and what has been taken from it.
final class CheckpointReader {
  let checkpoint: Checkpoint
  private let ignoring: (String) -> Bool
  private var taken: Set<String> = []

  init(_ checkpoint: Checkpoint, ignoring: @escaping (String) -> Bool) {
    self.checkpoint = checkpoint
    self.ignoring = ignoring
  }

  func take(_ name: String) throws -> Tensor? {
    taken.insert(name)
    return try checkpoint.tensor(name)
  }

  var leftOver: [String] { checkpoint.names.filter { !taken.contains($0) && !ignoring($0) } }
}

/// A place in a model, and where its parameters come from.
///
///     let dense = Linear(768, 3072, scope / "intermediate" / "dense")
public struct Scope {
  let store: ParameterStore
  public let path: String
  private(set) var checkpoint: (reader: CheckpointReader, depth: Int)?
  public private(set) var isFrozen: Bool
  var trainsBiasesOnly = false
  var isUndefined = false

  public static func / (scope: Scope, name: String) -> Scope {
    let path = scope.path.isEmpty ? name : "\(scope.path).\(name)"
    return Scope(
      store: scope.store, path: path, checkpoint: scope.checkpoint, isFrozen: scope.isFrozen,
      trainsBiasesOnly: scope.trainsBiasesOnly, isUndefined: scope.isUndefined)
  }

  public static func / (scope: Scope, index: Int) -> Scope { scope / "\(index)" }

  /// Everything below is untrainable.
  public var frozen: Scope {
    var scope = self
    scope.isFrozen = true
    return scope
  }

  /// Below, only parameters called "bias" train (Ben Zaken et al. 2022, BitFit).
  public var trainingBiasesOnly: Scope {
    var scope = self
    scope.trainsBiasesOnly = true
    return scope
  }

  /// What `make` builds, with weights as after initialisation, for models that are only timed: matrices normal with
  /// deviation 0.02, norms 1, biases 0. One table of normal numbers serves for all: drawing a hundred million takes longer
  /// than timing them.
  public func untrained<Model>(_ make: (Scope) throws -> Model) rethrows -> Model {
    let first = store.parameters.count
    let model = try make(undefined)
    var stream = RandomStream(seed: 1)
    let table = (0..<8191).map { _ in 0.02 * Float(stream.normal()) }  // a prime: rows differ
    for parameter in store.parameters[first...] {
      if parameter.shape.count == 1 {
        parameter.value.overwrite(with: .full(parameter.shape, parameter.name.hasSuffix("bias") ? 0 : 1))
      } else {
        parameter.value.overwrite(byRepeating: table)
      }
    }
    return model
  }

  /// Parameters below that no checkpoint gives have undefined values: to count those of a large model without
  /// waiting for, or having the memory of, its initial values.
  public var undefined: Scope {
    var scope = self
    scope.isUndefined = true
    return scope
  }

  /// Everything below is taken from `source`, whose names start here.
  /// - Parameter ignoring: names that may be left over.
  public func loading(
    _ source: Checkpoint, ignoring: @escaping (String) -> Bool = { _ in false }
  ) -> Scope {
    var scope = self
    let depth = path.isEmpty ? 0 : path.split(separator: ".").count
    scope.checkpoint = (store.open(source, ignoring: ignoring), depth)
    return scope
  }

  /// A parameter of this name, loaded or initialised.
  /// - Parameter trainable: with false it is frozen wherever the scope is.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer, trainable: Bool = true
  ) -> Parameter {
    parameter(name, stacking: [name], shape, initializer, trainable: trainable)
  }

  /// A parameter that checkpoints hold as several tensors, stacked here along the first axis: one product then
  /// serves for queries, keys and values.
  /// - Parameter parts: the names in checkpoints, relative to this scope.
  public func parameter(
    _ name: String, stacking parts: [String], _ shape: [Int], _ initializer: Initializer,
    trainable: Bool = true
  ) -> Parameter {
    let isBias = name == "bias" || name.hasSuffix(".bias")
    return store.register(
      (self / name).path, parts: parts.map { (self / $0).path }, keys: parts.map(key), shape,
      initializer, isTrainable: trainable && !isFrozen && (isBias || !trainsBiasesOnly),
      isUndefined: isUndefined, from: checkpoint?.reader)
  }

  /// Saved state that is not trained.
  public func buffer(_ name: String, _ start: Tensor) -> Buffer {
    store.register(buffer: (self / name).path, key: key(name), start, from: checkpoint?.reader)
  }

  /// The name in the checkpoint: the path from where it was opened.
  private func key(_ name: String) -> String {
    let components = (self / name).path.split(separator: ".")
    return components.dropFirst(checkpoint?.depth ?? 0).joined(separator: ".")
  }
}
