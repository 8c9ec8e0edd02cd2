// The commands that look into runs: verify, compare, replay.

import Checkpoints
import Foundation
import TestSupport
import Testing
import Training

extension CommandTests {
    struct ToolsTests {
        /// Three epochs of ten steps; checkpoints at 10, 20, 30, fingerprints at every fifth step.
        private static let settings = [
            "--model", "mnist-mlp", "--limit-train-batches", "10", "--epochs", "3", "--shards", "4",
            "--validation-split", "0.03",
        ]

        /// - Parameter fault: what goes wrong in it.
        private func makeRun(_ path: String, ranks: Int? = nil, _ more: [String] = [], fault: String = "") throws {
            let result = try lockstep(
                ranks: ranks,
                ["train", "--verbose", "0", "--threads", "1", "--run", path] + ToolsTests.settings
                    + (more.contains("--log-every-n-steps") ? [] : ["--log-every-n-steps", "5"]) + more,
                environment: ["LOCKSTEP_FAULT": fault])
            try #require(result.status == 0, "\(result.standardError)")
        }

        /// Runs a command and compares its status.
        private func expect(
            _ status: Int32, ranks: Int? = nil, _ arguments: [String], says words: [String],
            at location: SourceLocation = #_sourceLocation
        ) throws {
            let result = try lockstep(ranks: ranks, arguments)
            let text = result.standardOutput + result.standardError
            #expect(result.status == status, "\(text)", sourceLocation: location)
            for word in words { #expect(text.contains(word), "'\(word)' is not in: \(text)", sourceLocation: location) }
        }

        /// Names, sizes and contents of all files below a folder.
        private func everything(in folder: String) throws -> [String: Data?] {
            let names = FileManager.default.enumerator(atPath: folder)?.compactMap { "\($0)" } ?? []
            return Dictionary(
                uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: "\(folder)/\($0)")) })
        }

        // MARK: verify

        @Test func verifyNamesDamagedCheckpoints() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                try makeRun(run)
                try expect(
                    0, ["verify", run],
                    says: [
                        "ok       epoch=1-step=10", "ok       epoch=3-step=30", "ok       last -> epoch=3-step=30",
                        "best",
                    ])
                try expect(0, ["verify", run + "/checkpoints/epoch=2-step=20"], says: ["ok       epoch=2-step=20"])
                let weights = URL(filePath: run + "/checkpoints/epoch=2-step=20/optimizer.safetensors")
                var bytes = try Data(contentsOf: weights)
                bytes[bytes.count / 2] ^= 4
                try bytes.write(to: weights)
                try expect(
                    1, ["verify", run],
                    says: ["ok       epoch=1-step=10", "DAMAGED  epoch=2-step=20", "optimizer.safetensors is damaged"])
                try expect(1, ["verify", run + "/checkpoints/epoch=2-step=20"], says: ["DAMAGED", "is damaged"])
                try FileManager.default.removeItem(atPath: run + "/checkpoints/epoch=2-step=20")
                try FileManager.default.removeItem(atPath: run + "/checkpoints/epoch=3-step=30/state.json")
                try expect(
                    1, ["verify", run], says: ["ok       epoch=1-step=10", "DAMAGED  epoch=3-step=30", "DAMAGED  last"])
                try FileManager.default.removeItem(atPath: run + "/checkpoints/epoch=3-step=30")
                try expect(1, ["verify", run], says: ["DAMAGED  last -> epoch=3-step=30"])
                try expect(2, ["verify", folder], says: ["holds no checkpoint"])
            }
        }

        // MARK: compare

        @Test func compareFindsWhereRunsPart() throws {
            try withTemporaryFolder { folder in
                let (whole, same, broken) = (folder + "/whole", folder + "/same", folder + "/broken")
                try makeRun(whole)
                try makeRun(same, ranks: 2, ["--log-every-n-steps", "3", "--epochs", "2"])
                try expect(
                    0, ["compare", whole, same],
                    says: ["equal at all 3 common steps, up to step 20", "goes to step 30"])
                try makeRun(broken, fault: "step@17:flip-bit")
                try expect(
                    1, ["compare", whole, broken],
                    says: [
                        "they part after step 15, at step 20 or before",
                        "in the checkpoints of step 20: dense.kernel[0",
                        "values of model.safetensors differ",
                    ])
                // What is there in any order.
                try expect(1, ["compare", broken, same], says: ["they part after step 15, at step 20 or before"])
                try FileManager.default.removeItem(atPath: broken + "/checkpoints")
                try expect(1, ["compare", broken, same], says: ["no checkpoint of the same step"])
            }
        }

        @Test func compareTellsWhatCannotBeCompared() throws {
            try withTemporaryFolder { folder in
                let (run, other) = (folder + "/run", folder + "/other")
                try makeRun(run)
                try makeRun(other, ["--seed", "1", "--shards", "8", "--threads", "2"])
                try expect(
                    2, ["compare", run, other], says: ["can't be compared", "seed: 0 and 1", "shards: 4 and 8"])
                #expect(try !lockstep(["compare", run, other]).standardError.contains("threads"))
                try expect(2, ["compare", run, folder + "/none"], says: ["none is no run"])
                let rows = try read(run + "/metrics.csv").split(separator: "\n")
                try FileManager.default.copyItem(atPath: run, toPath: folder + "/short")
                try FileManager.default.removeItem(atPath: folder + "/short/checkpoints")
                try write(rows.prefix(2).joined(separator: "\n") + "\n", to: folder + "/short/metrics.csv")
                try FileManager.default.copyItem(atPath: folder + "/short", toPath: folder + "/late")
                try write("\(rows[0])\n\(rows[2])\n", to: folder + "/late/metrics.csv")
                try expect(
                    2, ["compare", folder + "/short", folder + "/late"], says: ["no step in common", "steps 10"])
            }
        }

        // MARK: replay

        @Test func replayConfirmsOnAnyLayout() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                try makeRun(run, ranks: 2)
                let before = try everything(in: run)
                let replay = ["replay", run, "--from-step", "12", "--to-step", "27"]
                let confirmed = [
                    "steps 11 to 25", "checkpoint epoch=1-step=10", "step 15: confirmed", "step 20: confirmed",
                    "step 25: confirmed",
                ]
                try expect(0, replay, says: confirmed)
                try expect(0, ranks: 3, replay + ["--threads", "1"], says: confirmed)
                try expect(
                    0, ["replay", run, "--threads", "2"],
                    says: ["from the seed", "step 5: confirmed", "step 30: confirmed"])
                try FileManager.default.removeItem(atPath: folder + "/run/checkpoints/epoch=1-step=10")
                try expect(0, replay, says: ["steps 1 to 25", "from the seed", "step 15: confirmed"])
                let after = try everything(in: run)
                #expect(after == before.filter { !$0.key.hasPrefix("checkpoints/epoch=1-step=10") })
            }
        }

        @Test func replayRefutesABrokenStep() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                try makeRun(run, fault: "step@17:flip-bit")
                for ranks in [nil, 2] {
                    try expect(
                        1, ranks: ranks, ["replay", run, "--from-step", "11"],
                        says: ["step 15: confirmed", "step 20: REFUTED"])
                    // What came of the broken weights is right again.
                    try expect(0, ranks: ranks, ["replay", run, "--from-step", "21"], says: ["step 30: confirmed"])
                }
            }
        }

        @Test func replayTellsWhatItCannotDo() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                try makeRun(run)
                for ranks in [nil, 2] {
                    try expect(
                        2, ranks: ranks, ["replay", run, "--from-step", "11", "--to-step", "13"],
                        says: ["records no fingerprint of a step from 11 to 13", "5, 10, 15"])
                    try expect(2, ranks: ranks, ["replay", folder + "/none"], says: ["none is no run"])
                    try expect(
                        2, ranks: ranks, ["replay", run, "--from-step", "31"],
                        says: ["there is nothing from step 31", "its last step is 30"])
                }
                try expect(64, ["replay", run, "--from-step", "11", "--to-step", "10"], says: ["--from-step"])
            }
        }

        /// A version whose results have other bits can't judge, but it can go on.
        @Test func anotherArithmeticIsTold() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                try makeRun(run)
                let file = run + "/checkpoints/epoch=3-step=30/state.json"
                var state = try CheckpointState(json: Data(contentsOf: URL(filePath: file)), file: file)
                state.arithmetic = 0
                try state.json().write(to: URL(filePath: file))
                try expect(2, ["replay", run], says: ["arithmetic 0", "epoch=3-step=30", "nothing can be confirmed"])
                try expect(
                    0, ["train", "--run", run, "--resume", "auto", "--epochs", "4", "--verbose", "2"],
                    says: ["going on from", "it was computed with arithmetic 0 (this program has"])
            }
        }
    }
}
