import Datasets
import Determinism
import Images

/// VQAv2: a question about a photo of COCO and the answers of ten people.
///
/// Layout: `vqa-v2/v2_OpenEnded_mscoco_{train,val}2014_questions.json`, `vqa-v2/v2_mscoco_{train,val}2014_annotations.json`
/// and COCO's images; the test split (`…_test2015_questions.json`), which has no answers, is read if it is there.
///
/// The labels are the most frequent answers of the training split (`multiple_choice_answer`, normalised); of equally
/// frequent ones the first in code-point order. Training questions of which no answer is a label are skipped; those of
/// validation stay and count as wrong.
public struct VQAReader: PublishedReader {
  /// How many answers are labels.
  public let vocabulary: Int
  /// Types of answers to keep ("yes/no", "number", "other"); nil keeps all.
  public let answerTypes: Set<String>?
  /// Validation questions to keep, from the first on; nil keeps all.
  public let validationLimit: Int?

  public init(vocabulary: Int = 3129, answerTypes: Set<String>? = nil, validationLimit: Int? = nil) {
    self.vocabulary = vocabulary
    self.answerTypes = answerTypes
    self.validationLimit = validationLimit
  }

  public var kind: PublishedKind { .vqaV2 }

  public var requirements: [Requirement] {
    func questions(_ name: String) -> [String] {
      ["vqa-v2/v2_OpenEnded_mscoco_\(name)_questions.json"]
    }
    func annotations(_ name: String) -> [String] { ["vqa-v2/v2_mscoco_\(name)_annotations.json"] }
    let site = "visualqa.org/download.html"
    return [
      Requirement("train2014 questions", questions("train2014"), from: site),
      Requirement("train2014 annotations", annotations("train2014"), from: site),
      Requirement("val2014 questions", questions("val2014"), from: site),
      Requirement("val2014 annotations", annotations("val2014"), from: site),
      .cocoImages("train2014"), .cocoImages("val2014"),
      Requirement("test2015 questions", questions("test2015"), optional: true, from: site),
      .cocoImages("test2015", optional: true),
    ]
  }

  private struct Question {
    let id: Int
    let image: Int
    let text: String
    let place: SourcePlace
  }

  private struct Annotation {
    let image: Int
    let questionType: String
    let answerType: String
    /// The answer that most people gave.
    let answer: Verbatim
    let votes: [Verbatim: Int]
  }

  public func read(_ dataFolder: String) throws -> PublishedDataset {
    let data = try DataFolder(dataFolder)
    var builder = try DatasetBuilder(kind, data)
    let training = try annotations("train2014", data)
    let labels = frequentAnswers(training)
    let indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { (Verbatim($1), $0) })
    try add("train2014", .train, training, indices, data, &builder)
    try add("val2014", .validation, try annotations("val2014", data), indices, data, &builder)
    var splits = [Split.train, .validation]
    if requirements.first(where: { $0.role == "test2015 questions" })?.found(in: data) != nil {
      let folder = try resolve("test2015 images", in: data)
      for question in try questions("test2015", data) {
        try builder.add(
          PublishedRecord(
            id: "\(question.id)", texts: [question.text],
            image: file(folder, "test2015", question.image),
            label: .unlabelled), to: .test, at: question.place)
      }
      splits.append(.test)
    } else {
      builder.note("No test questions; their answers are not published in any case.")
    }
    builder.note("\(labels.count) labels: the most frequent answers of the training split.")
    return try builder.finished(.answering(labels: labels), splits: splits)
  }

  private func add(
    _ part: String, _ split: Split, _ annotations: [Int: Annotation], _ indices: [Verbatim: Int],
    _ data: DataFolder,
    _ builder: inout DatasetBuilder
  ) throws {
    let folder = try resolve("\(part) images", in: data)
    var unanswered = annotations.count
    for question in try questions(part, data) {
      guard let annotation = annotations[question.id] else {
        throw question.place.bad(
          "expected answers to question \(question.id) in the \(part) annotations, found none; do the files belong together?"
        )
      }
      unanswered -= 1
      guard annotation.image == question.image else {
        throw question.place.bad(
          "expected image \(annotation.image), as in the annotations, found \(question.image)")
      }
      if let answerTypes, !answerTypes.contains(annotation.answerType) {
        builder.skip("\(question.id)", of: split, .otherAnswerType)
        continue
      }
      if split == .validation, let validationLimit, builder.count(.validation) >= validationLimit {
        builder.skip("\(question.id)", of: split, .beyondLimit)
        continue
      }
      let scores = annotation.votes.compactMap { answer, votes in
        indices[answer].map { AnswerScore(label: $0, votes: votes) }
      }.sorted { $0.label < $1.label }
      if split == .train, scores.isEmpty {
        builder.skip("\(question.id)", of: split, .noFrequentAnswer)
        continue
      }
      try builder.add(
        PublishedRecord(
          id: "\(question.id)", texts: [question.text], image: file(folder, part, question.image),
          label: .answers(scores),
          attributes: [
            Attribute("question type", annotation.questionType),
            Attribute("answer type", annotation.answerType),
          ]), to: split, at: question.place)
    }
    guard unanswered == 0 else {
      throw Failure(
        .badInput,
        "\(data.path(try resolve("\(part) annotations", in: data))): \(unanswered) annotations are of no question; do the "
          + "files belong together?")
    }
  }

  private func questions(_ part: String, _ data: DataFolder) throws -> [Question] {
    var questions: [Question] = []
    try JSONArrayFile(data.path(try resolve("\(part) questions", in: data))).forEach(
      in: "questions"
    ) { entry, place in
      questions.append(
        Question(
          id: try entry.required("question_id").integer(),
          image: try entry.required("image_id").integer(),
          text: try entry.required("question").string(), place: place))
    }
    return questions
  }

  private func annotations(_ part: String, _ data: DataFolder) throws -> [Int: Annotation] {
    var annotations: [Int: Annotation] = [:]
    try JSONArrayFile(data.path(try resolve("\(part) annotations", in: data))).forEach(
      in: "annotations"
    ) { entry, place in
      var votes: [Verbatim: Int] = [:]
      for answer in try entry.required("answers").elements() {
        votes[Verbatim(VQAAnswer.normalized(try answer.required("answer").string())), default: 0] += 1
      }
      let annotation = Annotation(
        image: try entry.required("image_id").integer(),
        questionType: try entry.required("question_type").string(),
        answerType: try entry.required("answer_type").string(),
        answer: Verbatim(VQAAnswer.normalized(try entry.required("multiple_choice_answer").string())),
        votes: votes)
      let id = try entry.required("question_id").integer()
      guard annotations.updateValue(annotation, forKey: id) == nil else {
        throw place.bad("the question id \(id) is already used; remove one of the two")
      }
    }
    return annotations
  }

  private func frequentAnswers(_ annotations: [Int: Annotation]) -> [String] {
    var counts: [Verbatim: Int] = [:]
    for annotation in annotations.values { counts[annotation.answer, default: 0] += 1 }
    let ordered = counts.sorted { a, b in
      a.value != b.value ? a.value > b.value : a.key < b.key
    }
    return ordered.prefix(vocabulary).map(\.key.text)
  }

  private func file(_ folder: String, _ part: String, _ image: Int) -> String {
    let digits = "\(image)"
    let zeros = String(repeating: "0", count: max(0, 12 - digits.count))
    return "\(folder)/COCO_\(part)_\(zeros)\(digits).jpg"
  }
}

extension PublishedKind {
  /// The test's answers are not published: the first 35 000 of 214 354 questions about the 40 504 images of validation stand
  /// for it, as in the authors' loader.
  public static let vqaV2 = PublishedKind(
    "vqa-v2", title: "VQAv2", reader: VQAReader(),
    sizes: PublishedSize.list("VQAv2", (.train, 443_757), (.validation, 214_354), (.test, 447_793)),
    licence: cocoLicence, preparation: .vqa, testStandsFor: (.validation, 35_000),
    usual: UsualExamples(tokens: 16, trainImages: 82_783, judgedImages: 35_000 * 40_504 / 214_354))
}
