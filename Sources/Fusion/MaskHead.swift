/// Which decoder makes a mask of a main encoder's maps; the tier says how large it is.
public enum MaskHead: String, Codable, Hashable, Sendable {
  /// The one that explains the papers' parameter counts.
  case uperNet
  /// SETR-PUP, which the papers' text names.
  case progressive
}
