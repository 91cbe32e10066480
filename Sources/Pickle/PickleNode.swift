/// A value under construction. Lists and dictionaries are filled after they are made, and may be shared by the memo.
final class PickleNode {
  enum Content {
    case value(PickleValue)
    case list([PickleNode])
    case dictionary([(key: PickleNode, value: PickleNode)])
    /// A name that pure data needs: an empty container that a call fills.
    case container(PickleContainer)
    /// A name that tensors need.
    case torch(String)
    case mark
  }

  var content: Content
  private var isBeingRead = false
  private static let deepestNesting = 100

  init(_ content: Content) { self.content = content }

  /// The finished value; nil for a value that contains itself, or that is no data.
  /// - Parameter budget: values that may still be made: shared lists in lists would otherwise multiply without end.
  func finished(_ budget: inout Int, depth: Int) -> PickleValue? {
    budget -= 1
    guard !isBeingRead, budget > 0, depth < Self.deepestNesting else { return nil }
    isBeingRead = true
    defer { isBeingRead = false }
    switch content {
    case .value(let value): return value
    case .list(let nodes):
      var values: [PickleValue] = []
      values.reserveCapacity(nodes.count)
      for node in nodes {
        guard let value = node.finished(&budget, depth: depth + 1) else { return nil }
        values.append(value)
      }
      return .list(values)
    case .dictionary(let pairs):
      var values: [PickleValue.Pair] = []
      values.reserveCapacity(pairs.count)
      for pair in pairs {
        guard let key = pair.key.finished(&budget, depth: depth + 1),
          let value = pair.value.finished(&budget, depth: depth + 1)
        else { return nil }
        values.append(.init(key: key, value: value))
      }
      return .dictionary(values)
    case .container, .torch, .mark: return nil
    }
  }
}

/// The only names of Python that may occur: they make empty containers, which the reader makes itself.
enum PickleContainer: String {
  case orderedDictionary = "collections.OrderedDict"
  case set = "builtins.set"
  case frozenSet = "builtins.frozenset"
  case python2Set = "__builtin__.set"
  case python2FrozenSet = "__builtin__.frozenset"
}
