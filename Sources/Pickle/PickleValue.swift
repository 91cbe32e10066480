/// A value of a pickle file: data only.
public indirect enum PickleValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  /// A text; byte strings of Python 2 are read as UTF-8, or as Latin-1 if they are not.
  case text(String)
  case bytes([UInt8])
  /// A list, tuple, set or frozen set.
  case list([PickleValue])
  /// A dictionary, or an `OrderedDict`, in the order of the file.
  case dictionary([Pair])
  /// The numbers of tensors, of which the pickle has the place; of `torch.save` alone.
  case storage(PickledStorage)
  /// A tensor of `torch.save`.
  case tensor(PickledTensor)

  public struct Pair: Sendable, Equatable {
    public let key: PickleValue
    public let value: PickleValue
  }
}

/// Where the numbers of a tensor are: a file of its own in the archive.
public struct PickledStorage: Sendable, Equatable {
  /// PyTorch's name, such as "FloatStorage".
  public let type: String
  /// The name of the file.
  public let key: String
  /// How many numbers it has.
  public let count: Int
}

/// A view of a storage.
public struct PickledTensor: Sendable, Equatable {
  public let storage: PickledStorage
  /// The first number.
  public let offset: Int
  public let shape: [Int]
  /// Numbers from one place of an axis to the next.
  public let strides: [Int]
}
