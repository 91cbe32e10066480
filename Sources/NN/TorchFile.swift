import Autograd
import Determinism
import Foundation
import Pickle

/// A file of named tensors that other checkpoints than safetensors are read from.
public protocol TensorFile: Checkpoint {
  /// The shape of a tensor, or nil if there is none of this name.
  func shape(_ name: String) -> [Int]?
  /// Second names of tensors: the name that is not there, and the one that is.
  var aliases: [String: String] { get }
}

extension SafetensorsFile: TensorFile {
  /// A tensor that two layers share is stored once; the metadata has its other names.
  public var aliases: [String: String] {
    metadata.filter { alias, name in shape(name) != nil && shape(alias) == nil }
  }
}

/// A dictionary of tensors as `torch.save` writes it (since PyTorch 1.6): a zip of a pickle and the numbers of each tensor.
///
/// Nothing in the pickle is executed: see `PickleReader`.
public final class TorchFile: TensorFile {
  public let source: String
  public let names: [String]
  public let aliases: [String: String] = [:]
  private let data: Data
  private let archive: ZipArchive
  private let folder: String
  private let tensors: [String: PickledTensor]

  /// - Throws: `Failure(.missingInput)`; `Failure(.badInput)` for what is no such file, or whose tensors lie outside of it.
  public init(path: String) throws {
    source = path
    data = try InputFile.map(path)
    guard data.starts(with: Array("PK".utf8)) else {
      throw Failure(
        .badInput,
        "\(path): expected a zip archive of torch.save, found other bytes; a file of PyTorch before 1.6 is not read: load it "
          + "there and save it again, or save it as safetensors")
    }
    archive = try ZipArchive(data, source: path)
    guard let pickle = archive.names.first(where: { $0.hasSuffix("/data.pkl") }), let place = archive.place(pickle)
    else {
      throw Failure(
        .badInput, "\(path): expected a file data.pkl in the archive, found none; was it written by torch.save?")
    }
    folder = String(pickle.dropLast("/data.pkl".count))
    let bytes = [UInt8](data[data.startIndex + place.lowerBound..<data.startIndex + place.upperBound])
    guard case .dictionary(let pairs) = try PickleReader.parse(bytes, source: "\(path): \(pickle)", readsTensors: true)
    else {
      throw Failure(.badInput, "\(path): expected a dictionary of tensors, found another value")
    }
    var tensors: [String: PickledTensor] = [:]
    for pair in pairs {
      // Beside tensors a dictionary may hold numbers and texts of a training.
      guard case .text(let name) = pair.key, case .tensor(let tensor) = pair.value else { continue }
      try Self.check(tensor, name, in: archive.place("\(folder)/data/\(tensor.storage.key)"), path)
      guard tensors.updateValue(tensor, forKey: name) == nil else {
        throw Failure(.badInput, "\(path): \(name): the name occurs twice")
      }
    }
    if let order = archive.place("\(folder)/byteorder"),
      !data[data.startIndex + order.lowerBound..<data.startIndex + order.upperBound].elementsEqual("little".utf8)
    {
      throw Failure(
        .badInput, "\(path): expected numbers with their lowest byte first; save it again on a common machine")
    }
    self.tensors = tensors
    names = tensors.keys.sorted()
  }

  public func shape(_ name: String) -> [Int]? { tensors[name]?.shape }

  public func tensor(_ name: String) throws -> Tensor? {
    guard let tensor = tensors[name] else { return nil }
    guard let type = Self.types[tensor.storage.type], let place = archive.place("\(folder)/data/\(tensor.storage.key)")
    else {
      throw Failure(.badInput, "\(source): \(name): a \(tensor.storage.type) is not read")
    }
    let count = tensor.shape.product
    let values: [Float] = data.withUnsafeBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[place])
      guard !tensor.isContiguous else {
        let start = tensor.offset * type.bits / 8
        return type.floats(UnsafeRawBufferPointer(rebasing: bytes[start...]), count: count) ?? []
      }
      let stored = type.floats(bytes, count: tensor.storage.count) ?? []
      return (0..<count).map { stored[tensor.place($0)] }
    }
    return Tensor(values, tensor.shape)
  }

  private static let types: [String: ElementType] = [
    "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "LongStorage": .i64,
    "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
  ]

  /// A tensor must lie within its storage, and that within the archive.
  private static func check(_ tensor: PickledTensor, _ name: String, in place: Range<Int>?, _ path: String) throws {
    func bad(_ what: String) -> Failure { Failure(.badInput, "\(path): \(name): \(what); is the file complete?") }
    guard let place else { throw bad("its numbers, data/\(tensor.storage.key), are not in the archive") }
    if let type = types[tensor.storage.type] {
      let (bits, overflow) = tensor.storage.count.multipliedReportingOverflow(by: type.bits)
      guard !overflow, bits / 8 == place.count else {
        throw bad("\(tensor.storage.count) numbers of a \(tensor.storage.type) in \(place.count) bytes")
      }
    }
    var (last, count) = (tensor.offset, 1)
    for (extent, stride) in zip(tensor.shape, tensor.strides) {
      let (product, tooMany) = count.multipliedReportingOverflow(by: extent)
      let (reach, tooFar) = max(0, extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, beyond) = last.addingReportingOverflow(reach)
      guard !tooMany, !tooFar, !beyond else { throw bad("the size of \(tensor.shape) overflows") }
      (last, count) = (sum, product)
    }
    // A tensor may repeat its numbers, but not so that more are made than there are.
    guard count == 0 || last < tensor.storage.count, count <= tensor.storage.count else {
      throw bad("\(tensor.shape) lies outside of its \(tensor.storage.count) numbers")
    }
  }
}

extension PickledTensor {
  /// Whether the numbers follow one another, the last axis fastest.
  fileprivate var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }

  /// Where in the storage number `index` of the tensor is.
  fileprivate func place(_ index: Int) -> Int {
    var (rest, place) = (index, offset)
    for (extent, stride) in zip(shape, strides).reversed() {
      place += rest % extent * stride
      rest /= extent
    }
    return place
  }
}
