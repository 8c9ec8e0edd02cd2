// Whether hosts answer: asked before a restart, so that a host which is gone doesn't make mpirun fail again and again.

import Foundation

/// Asks hosts in the way in which mpirun will start its daemons there.
struct HostProbe {
    /// How long a host may take.
    static let seconds = 10.0

    /// A program that takes a host and a command, and its first arguments.
    let agent: [String]
    let environment: [String: String]

    /// - Parameter mpirunOptions: may name another agent than ssh, as may the environment (`plm_rsh_agent`).
    init(mpirunOptions: [String], environment: [String: String]) {
        let option = mpirunOptions.firstIndex(of: "plm_rsh_agent").map { mpirunOptions.dropFirst($0 + 1).first ?? "" }
        let named = option ?? environment["OMPI_MCA_plm_rsh_agent"]
        // Several alternatives are separated by colons.
        agent =
            named?.prefix { $0 != ":" }.split(separator: " ").map(String.init)
            ?? ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]
        self.environment = environment
    }

    /// The names among `hosts` that don't answer. This machine is not asked.
    func silent(among hosts: [String]) -> [String] {
        var waiting: [pid_t: String] = [:]
        var silent: [String] = []
        for host in hosts where !["localhost", "127.0.0.1", ProcessInfo.processInfo.hostName].contains(host) {
            let child = try? Job.spawn(agent[0], agent.dropFirst() + [host, "true"], environment: environment)
            if let child { waiting[child] = host } else { silent.append(host) }
        }
        let deadline = Date(timeIntervalSinceNow: HostProbe.seconds)
        while !waiting.isEmpty {
            for (child, host) in waiting {
                if Date() > deadline { kill(child, SIGKILL) }
                var status: Int32 = 0
                guard waitpid(child, &status, Date() > deadline ? 0 : WNOHANG) != 0 else { continue }
                waiting[child] = nil
                if status != 0 { silent.append(host) }
            }
            usleep(10_000)
        }
        return silent.sorted()
    }
}
