import Determinism

/// Brings answers into the form in which VQA compares them.
///
/// After VQA's evaluation code with the list of marks that the answer vocabularies of later work use: marks removed or
/// replaced by spaces, lower case, numbers up to ten as digits, articles removed, apostrophes put back.
public enum VQAAnswer {
  private static let marks = Set(";/[]\"{}()=+\\_-><@`,?!".unicodeScalars)
  private static let numbers = [
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10",
  ]
  private static let articles: Set<String> = ["a", "an", "the"]

  /// Words with apostrophes; the same letters without them are no other word.
  private static let contractions = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've \
    he's how'd how'll how's i'd've i'm i've isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've \
    needn't not've o'clock oughtn't shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's \
    someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've there're \
    there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've \
    when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't \
    wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've
    """.split(separator: " ").map(String.init)

  private static let apostrophes = Dictionary(
    uniqueKeysWithValues: contractions.map { ($0.filter { $0 != "'" }, $0) })

  public static func normalized(_ answer: String) -> String {
    let words = withoutMarks(answer).lowercased().split { $0.isWhitespace }.map(String.init)
    return words.compactMap { word -> String? in
      let word = numbers[word] ?? word
      guard !articles.contains(word) else { return nil }
      return apostrophes[word.filter { $0 != "'" }] ?? word
    }.joined(separator: " ")
  }

  /// A mark beside a space, or in an answer with a comma between digits, goes; another becomes a space. Full stops go
  /// unless a digit follows.
  private static func withoutMarks(_ answer: String) -> String {
    let scalars = Array(answer.unicodeScalars)
    func isDigit(_ i: Int) -> Bool { scalars.indices.contains(i) && "0"..."9" ~= scalars[i] }
    let hasNumberComma = scalars.indices.contains {
      scalars[$0] == "," && isDigit($0 - 1) && isDigit($0 + 1)
    }
    var removed: Set<Unicode.Scalar> = []
    for (i, scalar) in scalars.enumerated() where marks.contains(scalar) {
      let neighbours = [i - 1, i + 1].filter(scalars.indices.contains).map { scalars[$0] }
      if hasNumberComma || neighbours.contains(" ") { removed.insert(scalar) }
    }
    var result = String.UnicodeScalarView()
    for (i, scalar) in scalars.enumerated() {
      if scalar == ".", !isDigit(i + 1) { continue }
      if removed.contains(scalar) { continue }
      result.append(marks.contains(scalar) ? " " : scalar)
    }
    return String(result)
  }
}
