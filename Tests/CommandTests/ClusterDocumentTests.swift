// What docs/clusters.md and the templates of scripts/cluster say about flags is true.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct ClusterDocumentTests {
        /// Of mpirun, srun, sbatch, podman and apt, not ours.
        private static let foreign: Set = [
            "--allow-run-as-root", "--bind-to", "--cpus-per-task", "--exclusive", "--job-name", "--kill-on-bad-exit",
            "--map-by", "--mca", "--mpi", "--nodes", "--ntasks", "--ntasks-per-node", "--no-install-recommends",
            "--open-mode", "--output", "--requeue", "--shm-size", "--signal", "--time", "--create-home", "--uid",
            "--foreground", "--preserve-status",
        ]

        @Test func everyFlagExists() throws {
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let templates = try FileManager.default.contentsOfDirectory(atPath: root + "/scripts/cluster")
            #expect(templates.count >= 4)
            var known = Self.foreign
            for command in ["train", "launch", "doctor", "plan"] {
                let help = try lockstep([command, "--help"])
                known.formUnion(help.standardOutput.matches(of: /--[a-z][a-z-]+/).map { String($0.output) })
            }
            for file in ["docs/clusters.md"] + templates.map({ "scripts/cluster/" + $0 }) {
                let text = try read(root + "/" + file)
                for match in text.matches(of: /(?:^|[ `"(=])(--[a-z][a-z-]+)/) {
                    #expect(known.contains(String(match.output.1)), "\(file): \(match.output.1) is no flag")
                }
            }
        }
    }
}
