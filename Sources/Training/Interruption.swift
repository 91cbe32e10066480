import Determinism
import Foundation
import Synchronization

/// The user's wish to stop, seen between two steps.
public enum Interruption {
  private static let requested = Atomic<Bool>(false)

  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Stops all runs at their next step; each saves its state first.
  public static func request() { requested.store(true, ordering: .relaxed) }

  /// Asks for a stop on SIGINT, SIGTERM and SIGHUP (unless that is ignored, as under nohup); a second signal ends the process
  /// at once. Who started the program may have blocked them: dispatch does on its threads. A file that grows beyond a limit
  /// (SIGXFSZ) is a failure to write like others.
  public static func catchSignals() {
    signal(SIGXFSZ, SIG_IGN)
    var hangUp = sigaction()
    sigaction(SIGHUP, nil, &hangUp)
    let isIgnored =
      unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    var caught = sigset_t()
    sigemptyset(&caught)
    for number in [SIGINT, SIGTERM] + (isIgnored ? [] : [SIGHUP]) {
      sigaddset(&caught, number)
      signal(number) { number in
        if Interruption.isRequested { _exit(128 + number) }
        Interruption.request()
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &caught, nil)
  }

  /// - Throws: `Failure(.interrupted)` once a stop has been requested.
  package static func check() throws {
    if isRequested { throw Failure(.interrupted, "stopped; the same command continues where it was") }
  }
}
