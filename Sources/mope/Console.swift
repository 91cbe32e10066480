import Determinism
import Foundation

/// Standard error and standard output, and what a terminal there can show.
enum Console {
  /// A message with the program's name in front, on standard error. Where it cannot be written nobody learns what went wrong, so
  /// the program ends.
  static func error(_ message: String) { complain("mope: \(message)") }

  /// A message that has its own beginning.
  static func complain(_ message: String) {
    if !write(message + "\n", to: STDERR_FILENO) { exit(Failure.Kind.io.rawValue) }
  }

  /// A line on standard error: everything that is not the answer. Work goes on without it.
  static func note(_ message: String) { show(message + "\n") }

  /// The same without an end of line, for what is drawn over.
  static func show(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// A line on standard output: the answer. The program ends where it cannot be given.
  static func answer(_ text: String) {
    guard !write(text + "\n", to: STDOUT_FILENO) else { return }
    let reason = String(cString: strerror(errno))
    error("standard output: cannot write: \(reason); is the disk full?")
    exit(Failure.Kind.io.rawValue)
  }

  /// Puts something in the place of standard streams that are closed, so that no file is opened in it and written to by chance.
  /// What stands there can only be read, so that an answer is missed.
  static func holdStandardStreams() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) == -1 { _ = open("/dev/null", O_RDONLY) }
  }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var copy = text
    return copy.withUTF8 { bytes in
      var offset = 0
      while offset < bytes.count {
        let written = Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if written < 0, errno == EINTR { continue }
        if written < 0, errno == EAGAIN {
          var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&place, 1, -1)
          continue
        }
        guard written > 0 else { return false }
        offset += written
      }
      return true
    }
  }

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
