// One incarnation's processes: mpirun, and the ranks below it. The launcher starts one, waits for its end, passes
// notices on, and makes sure that nothing of it is left.

import CProcess
import Foundation
import Lockstep

/// A running mpirun. Start it on the main thread: it ends when the thread that started it does.
struct Job {
    let process: pid_t

    /// What `lockstep launch` must call once, before it starts a job: ranks that lose their mpirun become its children,
    /// so that it can wait for them, and be sure.
    static func adoptOrphans() { _ = lockstep_adopt_orphans() }

    /// - Throws: `TrainingError` where the program is not there or can't be started.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
        process = try Job.spawn(program, arguments, environment: environment)
    }

    /// Starts a program of PATH, or of a path, as a child.
    static func spawn(_ program: String, _ arguments: [String], environment: [String: String]) throws -> pid_t {
        let path = try Job.find(program, in: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        let result = lockstep_spawn(path, words, variables, SIGTERM)
        guard result > 0 else { throw TrainingError("can't start \(path): \(String(cString: strerror(-result)))") }
        return result
    }

    private static func find(_ program: String, in path: String) throws -> String {
        if program.contains("/") { return program }
        for folder in path.split(separator: ":") {
            let candidate = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw TrainingError("there is no \(program) on PATH (\(path)); install Open MPI, or add its folder")
    }

    /// The wait status of mpirun once it and everything below it on this machine have ended.
    ///
    /// The first of SIGTERM, SIGINT, SIGUSR1 and SIGHUP is a notice: the ranks save and stop. A SIGINT after that kills.
    /// - Parameters:
    ///   - tick: called about once a second.
    ///   - noticed: called with the notice's name and with that of a kill.
    func wait(_ inbox: SignalInbox, tick: () -> Void, noticed: (Notice) -> Void) -> Int32 {
        var status: Int32?
        var isStopping = false
        while status == nil {
            tick()
            switch inbox.next(withinSeconds: 1) {  // a child's end is noticed without its signal, too
            case SIGCHLD, nil:
                // Again, since ranks that were not yet there missed it; but an mpirun at its end would die of it.
                if isStopping, !Job.children(of: process).isEmpty { kill(process, SIGUSR1) }
            case SIGINT where isStopping:
                noticed(.kill)
                return killAll()
            case let signal?:
                if !isStopping { noticed(.stop(signal: signal)) }
                isStopping = true
                kill(process, SIGUSR1)  // mpirun passes on this one, and nobody dies of it
            }
            status = reap().own
        }
        // Ranks that have lost their mpirun end by themselves after about a second.
        let deadline = Date(timeIntervalSinceNow: 5)
        while !reap().noneLeft {
            if Date() > deadline { _ = killAll() } else { _ = inbox.next(withinSeconds: 0.05) }
        }
        return status ?? 0
    }

    enum Notice: Equatable {
        case stop(signal: Int32)
        case kill
    }

    /// Takes note of children that have ended.
    ///
    /// - Returns: mpirun's wait status if it is among them, and whether no child is left.
    private func reap() -> (own: Int32?, noneLeft: Bool) {
        var own: Int32?
        while true {
            var status: Int32 = 0
            let child = waitpid(-1, &status, WNOHANG)
            if child == process { own = status }
            if child <= 0 { return (own, child < 0 && errno == ECHILD) }
        }
    }

    /// SIGKILL to mpirun, then to the ranks, which it leaves to this process.
    private func killAll() -> Int32 {
        var own: Int32 = SIGKILL
        while true {
            for child in Job.children(of: getpid()) { kill(child, SIGKILL) }
            let (status, noneLeft) = reap()
            own = status ?? own
            if noneLeft { return own }
            usleep(10_000)
        }
    }

    /// The living processes whose parent is this one, by the third and fourth field of /proc/PID/stat.
    private static func children(of parent: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
            let text = String(decoding: stat, as: UTF8.self)
            guard let name = text.lastIndex(of: ")") else { return false }  // the name may hold spaces
            let fields = text[name...].split(separator: " ")
            return fields.count > 2 && fields[1] != "Z" && pid_t(fields[2]) == parent
        }
    }
}
