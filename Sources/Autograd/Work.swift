import Synchronization

/// Counts the floating-point operations of products, for benchmarks: 2·m·n·k for a product of matrices, as if every
/// element were needed.
public enum Work {
  private static let total = Atomic<Int>(0)

  /// Operations since the program started.
  public static var operations: Int { total.load(ordering: .relaxed) }

  static func add(_ operations: Int) { total.wrappingAdd(operations, ordering: .relaxed) }
}
