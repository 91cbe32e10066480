/// Stops the program with `message` when a programmer's assumption does not hold.
///
/// Unlike `precondition`, the message survives in release builds. The world's mistakes (files, flags)
/// are thrown, never trapped.
@inlinable
public func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { fatalError(message(), file: file, line: line) }
}
