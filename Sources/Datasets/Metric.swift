/// A named number that says how good a model is, in percent.
public struct Metric: Codable, Hashable, Sendable {
  public enum Name: String, Codable, Hashable, Sendable {
    case accuracy
    /// Of the second of two classes.
    case f1
    case f1Macro
    case f1Micro
    /// The mean over the examples of intersection over union.
    case meanIoU
    /// Examples with an intersection over union above one half.
    case found
    /// Pairs of expressions for one image whose predicted masks have an intersection over union below one half.
    case apart
  }

  public let name: Name
  public let value: Double
  /// The split it was measured on, where a run is judged on several.
  public let split: Split?

  public init(_ name: Name, _ value: Double, on split: Split? = nil) {
    self.name = name
    self.value = value
    self.split = split
  }
}
