import Determinism

/// The set-up of both theorems: random instances on one frozen layer, and a hidden prompt for each.
///
/// What is best for an instance is its map with its hidden prompt, so that every target can be reached.
public struct HiddenPrompts: Sendable {
  /// d = 16 and T = 8: two optimal prompts per instance and no more (`PromptedAttention.twin`).
  public static let width = 16
  public static let tokens = 8

  public let instances: [PromptedAttention]
  /// P*, one per instance, standard normal.
  public let hidden: [[Double]]

  /// - Parameter random: the first instances are the same for every `count` and for either choice of rows.
  public init(count: Int, rows: PromptedAttention.Rows, _ random: RandomStream) {
    let layer = AttentionLayer(width: Self.width, random.stream("layer"))
    instances = (0..<count).map { n in
      var random = random.stream("tokens").stream(n)
      return PromptedAttention(
        layer, tokens: (0..<Self.tokens).map { _ in random.normals(Self.width) }, rows: rows)
    }
    hidden = Self.prompts(count, random.stream("hidden"))
  }

  /// Standard normal prompts.
  public static func prompts(_ count: Int, _ random: RandomStream) -> [[Double]] {
    (0..<count).map { n in
      var random = random.stream(n)
      return random.normals(width)
    }
  }

  public var discrepancy: Discrepancy { Discrepancy(instances, hidden: hidden) }

  /// The first hidden prompt for all.
  public var equalDiscrepancy: Discrepancy {
    Discrepancy(instances, hidden: hidden.map { _ in hidden[0] })
  }

  /// Every prompt that is optimal for an instance with its whole map, by instance; nil if one cannot be computed.
  public var optimalPrompts: [[[Double]]]? {
    let found = zip(instances, hidden).compactMap { instance, prompt in
      instance.twin(of: prompt).map { [prompt, $0] }
    }
    return found.count == instances.count ? found : nil
  }

  /// One prompt with which the content rows of the first two instances are both exactly as they should be: 2T = d
  /// linear equations `uᵢ · P = uᵢ · P*` in d unknowns. Nil if they are dependent.
  public var promptForTwo: [Double]? {
    let rows = instances.prefix(2).flatMap { instance in
      (0..<Self.tokens).map { i in
        Array(instance.asKey.values[i * Self.width..<(i + 1) * Self.width])
      }
    }
    let right = zip(instances, hidden).prefix(2).flatMap { $0.asKey.times($1) }
    return rows.count == Self.width ? Matrix(rows).solution(right) : nil
  }
}
