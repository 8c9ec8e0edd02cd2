// The arguments and the environment that mpirun gets: what scripts/train and a person at the shell have to know.

import Foundation
import Lockstep

/// How to start `lockstep train` on some ranks of this machine or of the hosts in a hostfile.
struct JobCommand {
    /// Threads of each rank, nil for as many as it may use.
    var threads: Int?
    /// Of the user, for mpirun; they come after ours.
    var mpirunOptions: [String]
    /// This process's own.
    var environment: [String: String]

    /// mpirun's arguments, for `arguments` of `lockstep`.
    func arguments(ranks: Int, hosts: Hosts?, program: String, _ arguments: [String]) -> [String] {
        var options = ["-n", "\(ranks)"]
        if let hosts { options += ["--host", hosts.argument] }
        // A batch system or the user's own hosts say themselves how many slots there are.
        let isLocal = environment["SLURM_JOB_ID"] == nil && !mpirunOptions.contains { $0.contains("host") }
        // Other hosts are taken to be like this one.
        let ranksOfAHost = min(ranks, hosts?.slots.map(\.count).max() ?? ranks)
        let isCrowded = isLocal && ranksOfAHost * (threads ?? 1) > JobCommand.physicalCores
        if isCrowded && hosts == nil { options.append("--oversubscribe") }
        // Ranks that wait shall leave the core to others; mpirun knows it by itself where it counts too few slots.
        if isCrowded && hosts != nil { options += ["--mca", "mpi_yield_when_idle", "1"] }
        // The ranks divide the cores among all their threads themselves; bound to one core, a rank has no other.
        options += ["--bind-to", "none"]
        for name in variables.keys.sorted() where name.hasPrefix("LOCKSTEP_") { options += ["-x", name] }
        return options + mpirunOptions + [program] + arguments
    }

    /// mpirun's environment.
    var variables: [String: String] {
        var variables = environment
        variables[ExitStatus.launchedVariable] = "1"
        if getuid() == 0 {  // mpirun refuses to run as root otherwise
            for name in ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] { variables[name] = "1" }
        }
        if let terminalColumns, variables["LOCKSTEP_TERMINAL"] == nil {
            variables["LOCKSTEP_TERMINAL"] = "\(terminalColumns)"
        }
        return variables
    }

    /// Asks hosts as mpirun will.
    var probe: HostProbe { HostProbe(mpirunOptions: mpirunOptions, environment: environment) }

    /// Where mpirun keeps its session folder.
    var temporaryFolder: String { environment["TMPDIR"] ?? "/tmp" }

    /// The ranks write into a pipe of mpirun's, and can't see that a terminal is at its end.
    private var terminalColumns: Int? { Terminal.ownColumns }

    /// mpirun counts a slot for each core that this process may use, not for each of its hardware threads.
    private static var physicalCores: Int {
        Set((0..<availableCores()).map(CoreSet.physicalCore)).count
    }
}
