import Foundation

/// Standard error and standard output, and what a terminal there can show.
enum Console {
  /// A message with the program's name in front, on standard error.
  static func error(_ message: String) { note("mope: \(message)") }

  /// A line on standard error: everything that is not the answer.
  static func note(_ message: String) { FileHandle.standardError.write(Data((message + "\n").utf8)) }

  /// A line on standard output: the answer.
  static func answer(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 && !isDumb }
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 && !isDumb }

  /// `NO_COLOR` (no-color.org) and a terminal without control sequences.
  static var forbidsColor: Bool { isDumb || !(getenv("NO_COLOR").map { String(cString: $0) } ?? "").isEmpty }

  private static var isDumb: Bool { getenv("TERM").map { String(cString: $0) } == "dumb" }

  /// Columns of the terminal on standard error, 80 if it does not say.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
