import Autograd
import Datasets
import Determinism
import Foundation
import NN

/// What is known of a finished run besides its arrays.
public struct RunRecord: Codable, Hashable, Sendable {
  public var key: RunKey
  public var metrics: [Metric]
  public var environment: Environment
  public var steps: Int
  public var trainSeconds: Double
  public var trainableParameters: Int
  public var totalParameters: Int
  /// SHA-256 of the training and judged splits.
  public var dataHashes: [String: String]
  public var finalLoss: Float
  /// Classes or labels; 0 for masks.
  public var outputs: Int
}

/// How routing developed while a model trained.
public struct RoutingTrace: Hashable, Sendable {
  /// Number of experts, k.
  public let experts: Int
  /// Number of routed blocks.
  public let blocks: Int
  /// The steps that were recorded, T.
  public internal(set) var steps: [Int32] = []
  /// Mean entropy of the raw softmax in bits, `[T, blocks]`.
  public internal(set) var entropy: [Float] = []
  /// Mean routing score of each expert of the last block over the batch, `[T, k]`.
  public internal(set) var importance: [Float] = []

  public init(experts: Int, blocks: Int) {
    self.experts = experts
    self.blocks = blocks
  }
}

/// A finished run with its arrays.
public struct FinishedRun: Sendable {
  public let record: RunRecord
  public let predictions: Predictions
  public let trace: RoutingTrace?
  /// The expert with the largest score for each judged sample, per routed block; empty for methods without experts, and
  /// for runs that shipped before this was kept.
  public let assignments: [[Int32]]
  /// Where its trained tensors are, if they were kept.
  public let tensorsPath: String?
  /// Where the features of the judged samples are, if they were kept.
  public var featuresPath: String?

  public var run: TrainingRun { record.key.run }

  /// Whether every score and decision is that of another.
  public func hasResults(of other: FinishedRun) -> Bool {
    record.metrics == other.record.metrics && predictions == other.predictions
      && assignments == other.assignments
  }

  /// What the head read of each judged sample, `[N][width]`, in 256 levels a column; nil if it was not kept.
  /// - Throws: `Failure(.badInput)` if the file is damaged.
  public func features() throws -> [[Float]]? {
    try featuresPath.map { try FeatureCodes(path: $0).rows }
  }

  /// The value of a metric.
  /// - Returns: nil if the task does not have it.
  public func metric(_ name: Metric.Name) -> Double? { metric(name, on: nil) }

  /// The value of a metric on one of several splits.
  public func metric(_ name: Metric.Name, on split: Split?) -> Double? {
    record.metrics.first { $0.name == name && $0.split == split }?.value
  }
}
