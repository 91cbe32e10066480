import Datasets
import Determinism

/// MUStARD: an utterance of a television show with its sound and video; sarcastic or not.
///
/// Layout: `mustard/data/sarcasm_data.json` (or `mustard/sarcasm_data.json`), `mustard/audio/<id>.wav`, and for the video
/// `mustard/frames/<id>/` with image files in the order of their names. Sound and frames are made from the published
/// clips; the authors cut faces out with OpenFace and separate the voice before. The text is "SPEAKER: utterance"; what
/// was said before is not used. Validation is the test split, as in the papers' code.
public struct MUStARDReader: PublishedReader {
  /// How the utterances are divided.
  public enum Division: Sendable, Hashable {
    /// Training is every show but "Friends", which is the test: no speaker is in both.
    case byShow
    /// Training is the first so many of the file (the papers' code: 334).
    case first(Int)
  }

  public static let labels = ["not sarcastic", "sarcastic"]
  /// Frames that a clip has at least once it is decoded: the last is repeated, black ones stand in for none.
  public static let leastFrames = 8

  public let division: Division

  public init(division: Division = .byShow) { self.division = division }

  public var kind: PublishedKind { .mustard }

  public var requirements: [Requirement] {
    let site = "github.com/soujanyaporia/MUStARD"
    return [
      Requirement(
        "utterances", ["mustard/data/sarcasm_data.json", "mustard/sarcasm_data.json"], from: site),
      Requirement(
        "sound", ["mustard/audio"], folder: true, media: true,
        from: "the clips of \(site): ffmpeg -i utterances_final/ID.mp4 -ac 1 -ar 16000 audio/ID.wav"
      ),
      Requirement(
        "frames", ["mustard/frames"], folder: true, media: true,
        from:
          "the clips of \(site): FeatureExtraction -f ID.mp4 -simalign (OpenFace), aligned faces into frames/ID"
      ),
    ]
  }

  public func read(_ dataFolder: String) throws -> PublishedDataset {
    let data = try DataFolder(dataFolder)
    let file = data.path(try resolve("utterances", in: data))
    let audio = try resolve("sound", in: data)
    let frames = try resolve("frames", in: data)
    var builder = try DatasetBuilder(kind, data)
    var frameless = 0
    for (index, (id, entry)) in try TextLines.json(file).members().enumerated() {
      guard !id.isEmpty, !id.contains("/") else {
        throw entry.failure("an utterance's id", found: "\"\(id)\"")
      }
      let show = try entry.required("show").string()
      let isTraining =
        switch division {
        case .byShow: show != "FRIENDS"
        case .first(let count): index < count
        }
      let folder = "\(frames)/\(id)"
      let images = data.names(in: folder).filter { name in
        [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
      }
      let speaker = try entry.required("speaker").string()
      try builder.add(
        PublishedRecord(
          id: id, texts: ["\(speaker): \(try entry.required("utterance").string())"],
          label: .class(try entry.required("sarcasm").bool() ? 1 : 0), audio: "\(audio)/\(id).wav",
          frames: images.map { "\(folder)/\($0)" }, attributes: [Attribute("show", show)]),
        to: isTraining ? .train : .test, at: SourcePlace(file, entry.path))
      if images.isEmpty { frameless += 1 }
    }
    if frameless > 0 {
      builder.note("\(frameless) clips have no frame; black ones stand in for them.")
    }
    builder.note("Validation is the test split.")
    builder.note(
      "Sounds are read as they are: the authors' code separates the voice from what else is heard, which ffmpeg's command does not."
    )
    return try builder.finished(
      .classification(labels: Self.labels), splits: [.train, .test], alias: (.validation, of: .test)
    )
  }
}

extension PublishedKind {
  public static let mustard = PublishedKind(
    "mustard", title: "MUStARD", reader: MUStARDReader(),
    sizes: PublishedSize.list("PromptFuse", (.train, 334), (.validation, 356), (.test, 356)),
    licence: "MIT for the annotations; the clips belong to the television shows' owners.",
    usual: UsualExamples(tokens: 24))
}
