// Runs MPISelfTest in fresh processes, as many ranks as the trainer is promised to work on.

import TestSupport
import Testing

@Suite(.serialized)
struct SelfTestTests {
    @Test(arguments: [1, 2, 3, 4, 8]) func passes(ranks: Int) throws {
        let result = try runUnderMPI(ranks: ranks, "MPISelfTest", timeoutSeconds: 60)
        #expect(result.status == 0, "\(result.standardError)")
        expectClosingLine(result.standardOutput, ranks: ranks)
    }

    @Test func passesWithoutALauncher() throws {
        let result = try runProcess(try builtProduct("MPISelfTest"), [], timeoutSeconds: 60)
        #expect(result.status == 0, "\(result.standardError)")
        expectClosingLine(result.standardOutput, ranks: 1)
    }

    /// What a failing check and a wrong launcher look like from outside.
    @Test func refusesAWorldThatIsNotThePromisedOne() throws {
        let step = ["SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "3"]
        let result = try runProcess(
            try builtProduct("MPISelfTest"), [], environment: step, timeoutSeconds: 60)
        #expect(result.status == 1)
        #expect(result.standardOutput.isEmpty)
        #expect(result.standardError.contains("[rank 0/1 "))
        #expect(result.standardError.contains("srun --mpi=pmix"))
    }

    /// One line, from rank 0 alone, with a plausible number of checks.
    private func expectClosingLine(_ output: String, ranks: Int) {
        let words = output.split(separator: " ")
        #expect(output.hasPrefix("MPISelfTest: \(ranks) ranks, "))
        #expect(output.hasSuffix(" passed, 0 failed\n"))
        #expect(output.split(separator: "\n").count == 1)
        #expect(words.count > 3 && Int(words[3]).map { $0 > 50 * ranks } == true, "\(output)")
    }
}
