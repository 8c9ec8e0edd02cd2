// One start of MPI is all that mpirun has for each of its processes: who needs none leaves it alone, and a second one
// gets words instead of Open MPI's.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct OneStartTests {
        /// Runs a bash script in the place of each rank, with `$lockstep` and `$run`.
        private func shell(ranks: Int, _ script: String, _ folder: String) throws -> ProcessResult {
            try runProcess(
                "/usr/bin/env",
                ["mpirun", "--oversubscribe", "--timeout", "60", "-n", "\(ranks)", "/bin/bash", "-c", script],
                environment: [
                    "lockstep": try builtProduct("lockstep"), "run": folder + "/run",
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                ], timeoutSeconds: 70)
        }

        private static let settings = "--model mnist-mlp --max-steps 8 --epochs 1 --shards 4 --verbose 0"

        @Test func whatNeedsNoOtherRankStartsNoMPI() throws {
            try withTemporaryFolder { folder in
                let settings = OneStartTests.settings.split(separator: " ").map(String.init)
                #expect(try lockstep(["train", "--run", folder + "/run"] + settings).status == 0)
                let expected = try #require(lockstep(["fingerprint", folder + "/run"]).lines.first)
                let result = try shell(
                    ranks: 2,
                    """
                    set -e
                    "$lockstep" summary mnist-mlp
                    "$lockstep" predict "$run" 3
                    "$lockstep" verify "$run"
                    "$lockstep" compare "$run" "$run"
                    "$lockstep" plan mnist-mlp --batch-size 64 --measured "$run"
                    "$lockstep" fingerprint "$run"
                    "$lockstep" train \(OneStartTests.settings) --run "$run-on-ranks"
                    "$lockstep" fingerprint "$run-on-ranks"
                    """, folder)
                #expect(result.status == 0, "\(result.standardOutput)\(result.standardError)")
                // Each process answers, as any program does that knows nothing of MPI.
                #expect(result.lines.filter { $0 == expected }.count == 4, "\(result.lines)")
                #expect(result.lines.filter { $0.contains("Total params:") }.count == 2, "\(result.lines)")
            }
        }

        @Test func anOnlyRankStartsNoMPI() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    ranks: 1,
                    """
                    set -e
                    "$lockstep" train \(OneStartTests.settings) --run "$run"
                    "$lockstep" evaluate "$run"
                    "$lockstep" replay "$run"
                    "$lockstep" doctor --no-measurements --run "$run"
                    """, folder)
                #expect(result.status == 0, "\(result.standardOutput)\(result.standardError)")
                #expect(result.standardOutput.contains("samples of digits - accuracy"))
                #expect(result.standardOutput.contains("step 8: confirmed"))
            }
        }

        @Test(arguments: ["evaluate \"$run\"", "train --resume auto --run \"$run\"", "replay \"$run\"", "doctor"])
        func aSecondStartIsRefusedInWords(second: String) throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    ranks: 2,
                    """
                    set -e
                    "$lockstep" train \(OneStartTests.settings) --run "$run"
                    "$lockstep" \(second)
                    """, folder)
                #expect(result.status == 1, "\(result.standardOutput)\(result.standardError)")
                #expect(
                    result.standardError.contains("MPI was already started in this rank's place, by process "),
                    "\(result.standardError)")
                #expect(result.standardError.contains("an mpirun or srun of its own"), "\(result.standardError)")
                #expect(!result.standardError.contains("MPI_ERRORS_ARE_FATAL"), "\(result.standardError)")
            }
        }
    }
}
