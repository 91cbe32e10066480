import Foundation

/// The most memory this process has held at once, as the system counts it.
public enum PeakMemory {
  /// Since `reset`, or since the start where the system cannot reset it; nil where it does not tell.
  public static var megabytes: Double? {
    let line = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      .split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    guard let words = line?.split(whereSeparator: \.isWhitespace), words.count > 1,
      let kilobytes = Double(words[1])
    else { return nil }
    return kilobytes * 1.024e-3
  }

  /// Counts from what is held now on (Linux; elsewhere nothing).
  public static func reset() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    try? file.write(contentsOf: Data("5".utf8))
    try? file.close()
  }
}
