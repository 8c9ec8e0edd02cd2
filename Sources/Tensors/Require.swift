// The check behind every programmer error. `precondition` drops its message in release builds; users need it.

/// Stops the process with `message` when `condition` is false, in every build.
@inlinable
package func require(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { fatalError(message(), file: file, line: line) }
}
