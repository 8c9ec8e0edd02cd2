// Runs a program as a child with a time bound; for tests that need fresh processes (mpirun, the command).

import Foundation

/// How a child process ended and what it wrote.
public struct ProcessResult: Sendable {
    /// The exit status; 128 + the signal's number where a signal ended it, as shells report it.
    public let status: Int32
    /// Whether it had to be killed at the end of its time.
    public let timedOut: Bool
    public let standardOutput: String
    public let standardError: String
}

/// Runs `path` to its end, or for at most `timeoutSeconds`: then it gets SIGTERM, and SIGKILL three seconds later.
///
/// Only the child itself is signalled, by its process id; `mpirun` passes its own end on to its ranks. Output goes
/// through files, so that no pipe can fill up and no grandchild can hold one open.
///
/// - Parameter environment: variables added to this process's own.
public func runProcess(
    _ path: String, _ arguments: [String], environment: [String: String] = [:], timeoutSeconds: Double
) throws -> ProcessResult {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let outputs = ["out", "err"].map { folder.appending(path: $0) }
    for output in outputs { try Data().write(to: output) }

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let child = try spawn(path, arguments, variables, standardOutput: outputs[0].path, standardError: outputs[1].path)
    var status = waitStatus(of: child, seconds: timeoutSeconds)
    let timedOut = status == nil
    if timedOut {
        kill(child, SIGTERM)
        status = waitStatus(of: child, seconds: 3)
    }
    if status == nil {
        kill(child, SIGKILL)
        status = waitStatus(of: child, seconds: .infinity)
    }
    let ended = status ?? 0
    let signal = ended & 0x7f
    return ProcessResult(
        status: signal == 0 ? (ended >> 8) & 0xff : 128 + signal,
        timedOut: timedOut,
        standardOutput: String(decoding: try Data(contentsOf: outputs[0]), as: UTF8.self),
        standardError: String(decoding: try Data(contentsOf: outputs[1]), as: UTF8.self))
}

/// Starts a child with no signal blocked or ignored. Foundation's `Process` would hand down the mask of the calling
/// thread, and test threads block SIGTERM.
private func spawn(
    _ path: String, _ arguments: [String], _ variables: [String: String], standardOutput: String, standardError: String
) throws -> pid_t {
    var files = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&files)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&files)
        posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&files, 1, standardOutput, O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&files, 2, standardError, O_WRONLY, 0)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let words = ([path] + arguments).map { strdup($0) } + [nil]
    let settings = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { (words + settings).forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, path, &files, &attributes, words, settings)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    return child
}

/// The child's wait status, or nil where it still runs after `seconds`.
private func waitStatus(of child: pid_t, seconds: Double) -> Int32? {
    let deadline = Date(timeIntervalSinceNow: seconds)
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
        guard Date() < deadline else { return nil }
        usleep(5000)
    }
    return status
}

/// Runs a program of this package under `mpirun` on this machine, on more ranks than cores where need be.
public func runUnderMPI(
    ranks: Int, _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    timeoutSeconds: Int
) throws -> ProcessResult {
    // Containers run as root, which mpirun refuses unless told twice.
    let asRoot = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    let launch = ["--oversubscribe", "--timeout", "\(timeoutSeconds)", "-n", "\(ranks)", try builtProduct(program)]
    return try runProcess(
        "/usr/bin/env", ["mpirun"] + launch + arguments, environment: environment.merging(asRoot) { $1 },
        // mpirun's own bound ends the job cleanly; this one is for a stuck mpirun.
        timeoutSeconds: Double(timeoutSeconds + 10))
}

/// The path of an executable of this package: SwiftPM builds it into the folder of the test bundle.
public func builtProduct(_ name: String) throws -> String {
    // The runner that loads the tests may live in the toolchain; then an argument names the test bundle.
    let folders =
        [Bundle.main.bundleURL] + CommandLine.arguments.map { URL(filePath: $0).deletingLastPathComponent() }
    for folder in folders {
        let candidate = folder.appending(path: name).path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    throw MissingProduct(name: name, folders: folders.map(\.path))
}

/// A program that was not built, or not where it was looked for.
struct MissingProduct: Error, CustomStringConvertible {
    let name: String
    let folders: [String]

    var description: String { "no executable '\(name)' in \(folders): build it first, with swift build" }
}
