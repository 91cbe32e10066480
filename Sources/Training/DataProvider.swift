import Datasets
import Determinism
import Fusion

/// Where runs get their examples. The method is asked for because its encoders decide the size of images and the words
/// of texts.
public protocol DataProvider: Sendable {
  /// The examples to train on.
  func training(_ choice: DataChoice, for method: Method) throws -> any BatchSource
  /// The examples to judge by, split by split.
  func judged(_ choice: DataChoice, for method: Method) throws -> [any BatchSource]
  /// How many examples a split has.
  func count(_ choice: DataChoice, of split: Split) throws -> Int
  /// What is to be predicted.
  func task(_ choice: DataChoice) throws -> DatasetTask
  /// The examples that runs on this dataset are judged by, as they are before a network sees them.
  /// - Parameter pictures: how many of them have their image, the first ones, where images have to be decoded.
  func examples(_ choice: DataChoice, pictures: Int) throws -> [Example]
  /// The first examples of a split, pictures in their own size; of published clips the first frame, and no sound.
  func firstExamples(_ choice: DataChoice, of split: Split, count: Int) throws -> [Example]
  /// A digest that changes when any split would.
  func probe(_ choice: DataChoice) throws -> String
}
