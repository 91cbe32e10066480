// swift-tools-version: 6.1
// Targets and their arrows: README, "Map". System libraries are found with pkg-config.
import PackageDescription

func systemLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Not optimised, in release builds too: notebooks and commands spend their time in other targets, and people's waiting for
/// these two to be compiled.
let quickToBuild: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

let package = Package(
  name: "mope",
  products: [.executable(name: "mope", targets: ["mope"])],
  dependencies: [
    // One version, said here: a lock file would name a commit, which mirrors do not share.
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    systemLibrary("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    systemLibrary("CCairo", pkgConfig: "cairo", apt: "libcairo2-dev"),
    systemLibrary("CCMark", pkgConfig: "libcmark", apt: "libcmark-dev"),
    systemLibrary("CDigest", pkgConfig: "libmd", apt: "libmd-dev"),
    systemLibrary("CJPEG", pkgConfig: "libjpeg", apt: "libjpeg-dev"),
    systemLibrary("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),

    .target(name: "CKernels"),
    .target(name: "CNotebooks"),
    .target(name: "CImageCodecs", dependencies: ["CJPEG", "CPNG"]),
    .target(name: "Determinism", dependencies: ["CDigest"]),
    .target(name: "Images", dependencies: ["Determinism"]),
    .target(name: "ImageFiles", dependencies: ["Images", "CImageCodecs", "Determinism"]),
    .target(name: "Theory", dependencies: ["Determinism"]),
    .target(name: "Autograd", dependencies: ["COpenBLAS", "CKernels", "Determinism"]),
    .target(name: "Pickle", dependencies: ["Determinism"]),
    .target(name: "NN", dependencies: ["Autograd", "Pickle", "Determinism"]),
    .target(name: "Encoders", dependencies: ["Autograd", "NN", "Determinism"]),
    .target(
      name: "Fusion", dependencies: ["Autograd", "NN", "Encoders", "Determinism"], exclude: ["METHOD.md"]),
    .target(name: "Metrics", dependencies: ["Determinism"]),
    .target(name: "Text", dependencies: ["Determinism"]),
    .target(name: "Datasets", dependencies: ["Autograd", "NN", "Metrics", "Text", "Images", "CCairo", "Determinism"]),
    .target(
      name: "Published",
      dependencies: ["Datasets", "Images", "Text", "Encoders", "NN", "Pickle", "Determinism"]),
    .target(
      name: "Training",
      dependencies: ["Autograd", "NN", "Encoders", "Fusion", "Datasets", "Metrics", "Determinism"]),
    .target(
      name: "Pretraining",
      dependencies: ["Autograd", "NN", "Encoders", "Datasets", "Metrics", "Training", "Determinism"]),
    .target(
      name: "Cost",
      dependencies: ["Autograd", "NN", "Encoders", "Fusion", "Datasets", "Training", "Determinism"]),
    .target(
      name: "PaperTier",
      dependencies: [
        "Published", "Images", "ImageFiles", "Cost", "Training", "Datasets", "Text", "Encoders", "Fusion", "NN",
        "Autograd", "Determinism",
      ]),
    .target(name: "Reporting", dependencies: ["Images", "CCairo", "CCMark", "Determinism"]),
    .target(
      name: "Laboratory",
      dependencies: [
        "CNotebooks", "Encoders", "Fusion", "Datasets", "Images", "Metrics", "Training", "Pretraining", "Reporting",
        "Determinism",
      ]),
    .target(
      name: "Experiments",
      dependencies: [
        "Autograd", "NN", "Encoders", "Fusion", "Datasets", "Metrics", "Training", "Pretraining", "Reporting",
        "Laboratory", "Theory", "Determinism",
      ],
      path: "Experiments", swiftSettings: quickToBuild),
    .executableTarget(
      name: "mope",
      dependencies: [
        "Autograd", "NN", "Encoders", "Fusion", "Datasets", "Training", "Pretraining", "Cost", "Reporting",
        "Laboratory", "Experiments", "Published", "PaperTier", "Images", "ImageFiles", "Text", "Determinism",
        "CKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: quickToBuild),

    .target(
      name: "TestSupport", dependencies: ["Encoders", "NN", "Autograd", "Determinism"],
      path: "Tests/Support"),
    .testTarget(name: "DeterminismTests", dependencies: ["Determinism"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "ImageFiles", "NN", "Determinism", "TestSupport"]),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics", "Determinism"]),
    .testTarget(name: "TextTests", dependencies: ["Text", "Determinism"]),
    .testTarget(name: "TheoryTests", dependencies: ["Theory", "Determinism"]),
    .testTarget(name: "AutogradTests", dependencies: ["Autograd", "CKernels", "Determinism"]),
    .testTarget(
      name: "NNTests", dependencies: ["NN", "Autograd", "Determinism", "TestSupport"]),
    .testTarget(
      name: "EncodersTests",
      dependencies: ["Encoders", "NN", "Autograd", "Determinism", "TestSupport"]),
    .testTarget(
      name: "FusionTests",
      dependencies: ["Fusion", "Encoders", "NN", "Autograd", "Determinism", "TestSupport"]),
    .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "Images", "NN", "Autograd", "Determinism"]),
    .testTarget(
      name: "PublishedTests",
      dependencies: [
        "Published", "Datasets", "Encoders", "NN", "Pickle", "Autograd", "Determinism", "TestSupport",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Fusion", "Encoders", "Datasets", "NN", "Autograd", "Determinism",
        "TestSupport",
      ]),
    .testTarget(
      name: "PretrainingTests",
      dependencies: ["Pretraining", "NN", "Autograd", "Determinism"]),
    .testTarget(
      name: "PaperTierTests",
      dependencies: [
        "PaperTier", "Published", "Cost", "Training", "Fusion", "Encoders", "Datasets", "NN", "Autograd",
        "Determinism", "TestSupport",
      ]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting", "Images", "Determinism"]),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "Determinism", "Text", "Pickle", "NN", "Encoders", "Images", "ImageFiles", "Published", "Reporting", "Training",
        "TestSupport",
      ]),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "Experiments", "Laboratory", "Reporting", "Training", "Fusion", "Encoders", "Datasets", "Images",
        "NN", "Autograd", "Determinism", "TestSupport",
      ]),
    .testTarget(
      name: "MopeTests", dependencies: ["mope", "NN", "Autograd", "Determinism", "TestSupport"]),
  ])
