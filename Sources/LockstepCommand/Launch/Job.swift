// One incarnation's processes: mpirun, and the ranks below it. The launcher starts one, waits for its end, passes
// notices on, and makes sure that nothing of it is left.

import CProcess
import Foundation
import Lockstep

/// A running mpirun. Start it on the main thread: it ends when the thread that started it does.
struct Job {
    let process: pid_t
    private let relay: OutputRelay
    /// What the kernel calls the ranks: the name of their program, of which it keeps 15 bytes.
    private let rankName: String

    /// What `lockstep launch` must call once, before it starts a job: ranks that lose their mpirun become its children,
    /// so that it can wait for them, and be sure.
    static func adoptOrphans() { _ = lockstep_adopt_orphans() }

    /// - Parameter ranks: the program that it starts as ranks.
    /// - Throws: `TrainingError` where `program` is not there or can't be started.
    init(_ program: String, _ arguments: [String], ranks: String, environment: [String: String]) throws {
        rankName = String(ranks.split(separator: "/").last?.prefix(15) ?? "")
        let relay = try OutputRelay()
        defer { relay.allChildrenStarted() }
        self.relay = relay
        process = try Job.spawn(program, arguments, environment: environment, relay)
    }

    /// Starts a program of PATH, or of a path, as a child that writes into `relay`.
    static func spawn(
        _ program: String, _ arguments: [String], environment: [String: String], _ relay: OutputRelay
    ) throws -> pid_t {
        let path = try Job.find(program, in: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        let result = lockstep_spawn(path, words, variables, relay.output, relay.error, SIGTERM)
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

    /// The wait status of mpirun once it and everything below it on this machine have ended, and what they wrote is
    /// passed on.
    ///
    /// The first of SIGTERM, SIGINT, SIGUSR1 and SIGHUP is a notice: the ranks save and stop. A SIGINT after that kills.
    /// - Parameters:
    ///   - tick: called about once a second.
    ///   - stuck: called before an mpirun that does not end with its ranks is killed.
    ///   - noticed: called with the notice's name and with that of a kill.
    func wait(
        _ inbox: SignalInbox, tick: () -> Void, stuck: () -> Void, noticed: (Notice) -> Void
    ) -> Int32 {
        defer { relay.drain() }
        var status: Int32?
        var isStopping = false
        var parent = StuckParent()
        while status == nil {
            tick()
            if parent.isStuck(children(of: process), at: monotonicSeconds()) {
                stuck()
                return killAll()
            }
            switch inbox.next(withinSeconds: 1) {  // a child's end is noticed without its signal, too
            case SIGCHLD, nil:
                // Again, since ranks that were not yet there missed it; but an mpirun at its end would die of it.
                if isStopping, !children(of: process).living.isEmpty { kill(process, SIGUSR1) }
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
            for child in children(of: getpid()).living { kill(child, SIGKILL) }
            let (status, noneLeft) = reap()
            own = status ?? own
            if noneLeft { return own }
            usleep(10_000)
        }
    }

    private func children(of parent: pid_t) -> Children {
        var found = Children()
        for child in Job.candidates(parent) {
            // `PID (NAME) STATE PARENT ...`; the name may hold spaces and brackets.
            let stat = Job.contents("/proc/\(child)/stat")
            guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")") else { continue }
            let fields = stat[close...].split(separator: " ")
            guard fields.count > 2, pid_t(fields[2]) == parent else { continue }
            if fields[1] == "Z" {
                found.ended += 1
            } else {
                found.living.append(child)
                if stat[open..<close].dropFirst() == rankName { found.livingRanks += 1 }
            }
        }
        return found
    }

    /// The processes that may be children of `parent`: by /proc/PID/task/TID/children, or all where a kernel lacks it.
    private static func candidates(_ parent: pid_t) -> [pid_t] {
        let manager = FileManager.default
        if !manager.fileExists(atPath: "/proc/self/task/\(getpid())/children") {
            return ((try? manager.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        }
        return ((try? manager.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []).flatMap { task in
            contents("/proc/\(parent)/task/\(task)/children").split(separator: " ").compactMap { pid_t($0) }
        }
    }

    private static func contents(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }
}

/// The children of a process.
struct Children {
    var living: [pid_t] = []
    /// Those among the living that run this program.
    var livingRanks = 0
    /// Those that have ended, of which their parent has not yet taken note.
    var ended = 0
}

/// Tells an mpirun that does not end with its ranks from one that works. Open MPI 4's can lock itself up when a
/// rank is killed while it connects (in pmix_rte_finalize), and would wait for ever.
struct StuckParent {
    /// An mpirun that works takes note within a few milliseconds, and ends a second later.
    static let patienceSeconds = 10.0

    private var hadRanks = false
    private var since: Double?

    /// - Parameter children: what it has now, at `seconds` of a clock.
    mutating func isStuck(_ children: Children, at seconds: Double) -> Bool {
        hadRanks = hadRanks || children.livingRanks > 0
        guard children.ended > 0 || hadRanks && children.livingRanks == 0 else {
            since = nil
            return false
        }
        let first = since ?? seconds
        since = first
        return seconds - first >= StuckParent.patienceSeconds
    }
}
