import Determinism
import Foundation

/// The checkout the program works in: the folder that holds `Experiments` and `Golden`.
struct Project {
  let root: String

  /// The nearest folder above the current one that is a checkout.
  static func find() throws -> Project {
    let start = FileManager.default.currentDirectoryPath
    var folder = start
    while true {
      let manager = FileManager.default
      if manager.fileExists(atPath: folder + "/Experiments") && manager.fileExists(atPath: folder + "/Golden") {
        return Project(root: folder)
      }
      let parent = (folder as NSString).deletingLastPathComponent
      guard parent != folder else { break }
      folder = parent
    }
    throw Failure(
      .missingInput,
      "\(start): neither this folder nor one above it holds Experiments and Golden; run mope inside the project")
  }

  var experiments: String { root + "/Experiments" }
  var golden: String { root + "/Golden" }
  var encoders: String { golden + "/encoders" }
  var shippedRuns: String { golden + "/runs" }
  var behaviour: String { golden + "/behaviour.json" }
  var reports: String { root + "/Reports" }
  var store: String { root + "/.mope" }
}
