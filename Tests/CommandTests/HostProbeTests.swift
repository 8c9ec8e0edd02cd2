// Which hosts are asked before a restart, how, and who counts as silent. Scripts play ssh.

import Foundation
import LockstepCommand
import TestSupport
import Testing

extension CommandTests {
    struct HostProbeTests {
        @Test(
            arguments: [
                ([], nil, "ssh -o BatchMode=yes -o ConnectTimeout=5"), ([], "rsh", "rsh"),
                ([], "/opt/agent -x : ssh", "/opt/agent -x"), (["--mca", "plm_rsh_agent", "other"], "rsh", "other"),
                (["-mca", "btl", "tcp", "--mca", "plm_rsh_agent", "one:two"], nil, "one"),
                // An option that was cut is mpirun's to refuse.
                (["--mca", "plm_rsh_agent"], nil, "ssh -o BatchMode=yes -o ConnectTimeout=5"),
                ([], "", "ssh -o BatchMode=yes -o ConnectTimeout=5"),
                ([], ":", "ssh -o BatchMode=yes -o ConnectTimeout=5"),
            ] as [([String], String?, String)])
        func asksAsMpirunWill(options: [String], variable: String?, agent: String) {
            let environment = variable.map { ["OMPI_MCA_plm_rsh_agent": $0] } ?? [:]
            let probe = HostProbe(mpirunOptions: options, environment: environment)
            #expect(probe.agent.joined(separator: " ") == agent)
        }

        /// Asks hosts by a script that finds its arguments in `$1`, ...
        private func silent(_ script: String, among hosts: [String], seconds: Double = 10) throws -> (
            silent: [String], asked: [String]
        ) {
            try withTemporaryFolder { folder in
                try write(
                    "#!/bin/sh\necho \"$*\" >>'\(folder)/asked'\ncd '\(folder)'\n\(script)\n", to: folder + "/agent")
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/agent")
                var probe = HostProbe(
                    mpirunOptions: ["--mca", "plm_rsh_agent", folder + "/agent"], environment: ["PATH": "/usr/bin:/bin"]
                )
                probe.seconds = seconds
                let silent = probe.silent(among: hosts)
                let asked = (try? read(folder + "/asked").split(separator: "\n").map(String.init)) ?? []
                if let sleeper = try? read(folder + "/sleeper").dropLast() {
                    // Where nobody takes note of its end, it is a zombie.
                    let state = try? read("/proc/\(sleeper)/stat")
                    #expect(state?.contains(") Z ") ?? true, "it was left behind")
                }
                return (silent, asked.sorted())
            }
        }

        @Test func whoDoesNotAnswerIsSilent() throws {
            let result = try silent(
                """
                case $1 in
                    near | also-near) exit 0 ;;
                    refuses) exit 255 ;;
                    dies) kill -9 $$ ;;
                    hangs) sleep 60 & echo $! >sleeper; wait ;;
                esac
                """, among: ["near", "refuses", "dies", "hangs", "also-near"], seconds: 2)
            #expect(result.silent == ["dies", "hangs", "refuses"])
            #expect(result.asked == ["also-near true", "dies true", "hangs true", "near true", "refuses true"])
        }

        @Test func thisMachineIsNotAsked() throws {
            let own = ProcessInfo.processInfo.hostName
            let short = String(own.prefix { $0 != "." })
            let here = ["localhost", "127.0.0.1", own, short, short + ".some.domain"]
            let result = try silent("exit 1", among: here + ["10.1.2.3", short + "x"])
            #expect(result.silent == ["10.1.2.3", short + "x"])
            #expect(result.asked == ["10.1.2.3 true", short + "x true"])
        }

        @Test func withoutAnAgentNobodyAnswers() {
            let probe = HostProbe(
                mpirunOptions: ["plm_rsh_agent", "no-such-agent"], environment: ["PATH": "/usr/bin:/bin"])
            #expect(probe.silent(among: ["near", "localhost"]) == ["near"])
            #expect(probe.silent(among: []).isEmpty)
        }
    }
}
