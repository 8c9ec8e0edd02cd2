// A process that is killed in any stage of a save leaves whole checkpoints only, and the run goes on to the same bits.

import Checkpoints
import Foundation
import TestSupport
import Testing
import Training

extension CommandTests {
    struct KilledSaveTests {
        static let settings = [
            "--model", "mnist-mlp", "--limit-train-batches", "3", "--epochs", "9", "--shards", "2", "--batch-size",
            "50",
        ]

        @Test func goesOnToTheSameBits() throws {
            try withTemporaryFolder { folder in
                let expected = try train(KilledSaveTests.settings, run: folder + "/whole")
                let records = try deterministicMetrics(folder + "/whole")
                // `replace` is reached only where a checkpoint of the same name is there, `load` before all saves.
                for point in FaultPlan.Point.allCases where point != .replace && point != .load {
                    let run = folder + "/" + point.rawValue
                    // The seventh save is the second one that removes an old checkpoint.
                    let result = try lockstep(
                        ["train", "--run", run, "--threads", "1"] + KilledSaveTests.settings,
                        environment: ["LOCKSTEP_FAULT": "\(point.rawValue)@\(point == .pruneHalf ? 2 : 7):kill"])
                    #expect(result.status == 128 + SIGKILL, "\(point): \(result.status) \(result.standardError)")
                    #expect(try Checkpoint.newest(in: run).skipped.isEmpty, "\(point)")
                    #expect(try train(["--resume", "auto"], run: run) == expected, "\(point)")
                    #expect(try deterministicMetrics(run) == records, "\(point)")
                    let left = try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")
                    #expect(left.count == 7 && left.allSatisfy { !$0.hasPrefix(".") }, "\(point): \(left)")
                }
            }
        }

        /// A finished run whose last checkpoint is written again.
        @Test func replacementKeepsTheFormerOne() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let expected = try train(KilledSaveTests.settings, run: run)
                let newest = run + "/checkpoints/epoch=9-step=27"
                let result = try lockstep(
                    ["train", "--run", run, "--threads", "1", "--resume", run + "/checkpoints/epoch=8-step=24"],
                    environment: ["LOCKSTEP_FAULT": "replace:kill"])
                #expect(result.status == 128 + SIGKILL, "\(result.status) \(result.standardError)")
                #expect(!FileManager.default.fileExists(atPath: newest))
                #expect(try Checkpoint.open(run).path == newest)
                #expect(try train(["--resume", "auto"], run: run) == expected)
            }
        }

        @Test func unknownFaultsAreRefused() throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(
                    ["train", "--run", folder + "/run"], environment: ["LOCKSTEP_FAULT": "modle:kill"])
                #expect(result.status == 1)
                #expect(result.standardError.contains("LOCKSTEP_FAULT 'modle:kill': unknown point"))
            }
        }

        @Test func aFaultHappensOnceInItsFolder() throws {
            try withTemporaryFolder { folder in
                let variables = ["LOCKSTEP_FAULT": "step@4/rank=1:exit=7", "LOCKSTEP_FAULT_ONCE_IN": folder]
                let arguments = ["train", "--run", folder + "/run", "--resume", "auto"] + KilledSaveTests.settings
                let first = try lockstep(ranks: 2, arguments, environment: variables)
                #expect(first.status != 0 && first.standardError.contains("fault: step@4/rank=1:exit=7"))
                #expect(try Checkpoint.newest(in: folder + "/run").checkpoint?.state.step == 3)
                let second = try lockstep(ranks: 2, arguments, environment: variables)
                #expect(second.status == 0 && !second.standardError.contains("fault:"), "\(second.standardError)")
            }
        }
    }
}
