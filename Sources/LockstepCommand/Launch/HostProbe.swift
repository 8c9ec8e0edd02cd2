// Whether hosts answer: asked before a restart, so that a host which is gone doesn't make mpirun fail again and again.

import Foundation

/// Asks hosts in the way in which mpirun will start its daemons there.
package struct HostProbe {
    /// How long the hosts may take, all of them together.
    package var seconds = 10.0
    /// A program that takes a host and a command, and its first arguments.
    package let agent: [String]
    let environment: [String: String]

    private static let ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]

    /// - Parameter mpirunOptions: may name another agent than ssh, as may the environment (`plm_rsh_agent`).
    package init(mpirunOptions: [String], environment: [String: String]) {
        let option = mpirunOptions.firstIndex(of: "plm_rsh_agent").map { mpirunOptions.dropFirst($0 + 1).first ?? "" }
        let named = option ?? environment["OMPI_MCA_plm_rsh_agent"] ?? ""
        // Several alternatives are separated by colons.
        let words = named.prefix { $0 != ":" }.split(separator: " ").map(String.init)
        agent = words.isEmpty ? HostProbe.ssh : words
        self.environment = environment
    }

    /// The names among `hosts` that don't answer. This machine is not asked.
    package func silent(among hosts: [String]) -> [String] {
        let others = hosts.filter { !HostProbe.isThisMachine($0) }
        guard !others.isEmpty, let relay = try? OutputRelay() else { return [] }
        defer { relay.drain() }
        var waiting: [pid_t: String] = [:]
        var silent: [String] = []
        for host in others {
            let child = try? Job.spawn(agent[0], agent.dropFirst() + [host, "true"], environment: environment, relay)
            if let child { waiting[child] = host } else { silent.append(host) }
        }
        relay.allChildrenStarted()
        let deadline = Date(timeIntervalSinceNow: seconds)
        while !waiting.isEmpty {
            for (child, host) in waiting {
                if Date() > deadline { kill(-child, SIGKILL) }  // with what it has started
                var status: Int32 = 0
                let ended = waitpid(child, &status, WNOHANG)
                if ended == 0 { continue }
                waiting[child] = nil
                if ended < 0 || status != 0 { silent.append(host) }
            }
            usleep(10_000)
        }
        return silent.sorted()
    }

    /// Whether mpirun would start ranks of this host without asking an agent. It compares names up to the first dot.
    private static func isThisMachine(_ host: String) -> Bool {
        func short(_ name: String) -> Substring { name.prefix { $0 != "." } }
        return ["localhost", "127.0.0.1"].contains(host)
            || !host.allSatisfy { $0.isNumber || $0 == "." } && short(host) == short(ProcessInfo.processInfo.hostName)
    }
}
