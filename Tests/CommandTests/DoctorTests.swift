// `lockstep doctor` finds each trap that can be set on one machine, and says what to do; scripts/test-cluster sets those
// that need several hosts.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct DoctorTests {
        /// A trap: what sets it, and what the report must say.
        struct Trap: Sendable, CustomTestStringConvertible {
            let check: String
            var ranks: Int?
            var options: [String] = []
            /// Put before the command, e.g. `taskset -c 0`.
            var wrapper: [String] = []
            var environment: [String: String] = [:]
            let words: String
            let advice: String
            var level = "failure"

            var testDescription: String { "\(check) \(options)" }
        }

        static let traps = [
            Trap(
                check: "launch", environment: ["SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "4"],
                words: "world of 1", advice: "srun --mpi=pmix"),
            Trap(check: "slots", options: ["--ranks", "4096"], words: "4096 ranks on", advice: "--ranks"),
            Trap(check: "world", ranks: 2, options: ["--ranks", "4"], words: "--ranks says 4", advice: "mpirun -n 4"),
            Trap(
                check: "binding", ranks: 2, wrapper: ["taskset", "-c", "0"], words: "ranks 0 and 1 share core 0",
                advice: "--bind-to core"),
            Trap(
                check: "cores", ranks: 2, options: ["--threads", "512"], words: "2 ranks x 512 threads",
                advice: "--threads"),
            Trap(
                check: "/dev/shm", ranks: 2,
                wrapper: [
                    "unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=300k tmpfs /dev/shm && exec \"$@\"", "sh",
                ],
                words: "messages instead", advice: "--shm-size", level: "warning"),
            Trap(
                check: "run folder", options: ["--run", "/proc/run"], words: "/proc can't be written to",
                advice: "--run"),
            Trap(
                check: "data", ranks: 2, options: ["--data", "mnist:/nowhere"], words: "/nowhere", advice: "every host"),
        ]

        @Test(arguments: traps) func isFound(trap: Trap) throws {
            if trap.wrapper.first == "unshare",
                try runProcess("/usr/bin/env", ["unshare", "--mount", "true"], timeoutSeconds: 10).status != 0
            {
                print("skipped: mount namespaces are not permitted here")
                return
            }
            let doctor = [try builtProduct("lockstep"), "doctor", "--no-measurements", "--json"] + trap.options
            let job = trap.ranks.map { ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\($0)"] } ?? []
            let result = try runProcess(
                "/usr/bin/env", trap.wrapper + job + doctor,
                environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
                    .merging(trap.environment) { $1 }, timeoutSeconds: 60)
            let findings = try report(result)
            let found = try #require(findings.first { $0["check"] == trap.check }, "\(findings)")
            #expect(found["level"] == trap.level && found["text"]?.contains(trap.words) == true, "\(found)")
            if trap.check != "launch" { #expect(found["advice"]?.contains(trap.advice) == true, "\(found)") }
            if trap.check == "launch" { #expect(found["text"]?.contains(trap.advice) == true, "\(found)") }
            #expect(result.status == (trap.level == "failure" ? 1 : 0))
        }

        @Test(arguments: [nil, 2]) func findsNothingWrongHere(ranks: Int?) throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(
                    ranks: ranks, ["doctor", "--threads", "1", "--json", "--run", folder + "/run"])
                let findings = try report(result)
                #expect(findings.count >= 5)
                #expect(
                    !findings.contains {
                        ["launch", "world", "run folder", "data"].contains($0["check"]) && $0["level"] != "ok"
                    }, "\(findings)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            }
        }

        /// The findings of a report in JSON.
        private func report(_ result: ProcessResult) throws -> [[String: String]] {
            let start = try #require(result.standardOutput.firstIndex(of: "{"), "\(result)")
            let end = try #require(result.standardOutput.lastIndex(of: "}"))
            let json = try JSONSerialization.jsonObject(with: Data(result.standardOutput[start...end].utf8))
            return try #require((json as? [String: Any])?["findings"] as? [[String: String]])
        }
    }
}
