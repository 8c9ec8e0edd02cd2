// When checkpoints are written, in the background or not, and which are kept.

import Checkpoints
import Foundation
import TestSupport
import Testing
import Training

extension CommandTests {
    struct CheckpointCadenceTests {
        static let model = ["--model", "mnist-mlp", "--shards", "2", "--batch-size", "50"]

        private func saved(_ run: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").filter { $0.hasPrefix("epoch=") }
        }

        @Test(
            arguments: [
                (
                    ["--checkpoint-every-n-steps", "3", "--checkpoint-every-n-epochs", "0"],
                    ["0-3", "1-6", "1-9", "2-10"]
                ),
                (["--checkpoint-every-n-steps", "5", "--checkpoint-every-n-epochs", "0"], ["1-5", "2-10"]),
                (["--checkpoint-every-n-steps", "4"], ["0-4", "1-5", "1-8", "2-10"]),
                (["--checkpoint-every-n-epochs", "2", "--epochs", "3"], ["2-10", "3-15"]),
                (["--checkpoint-every-n-epochs", "0"], ["2-10"]),
                (["--max-steps", "7"], ["1-5", "1-7"]),
            ])
        func savesWhenItSays(settings: [String], places: [String]) throws {
            try withTemporaryFolder { folder in
                let arguments = CheckpointCadenceTests.model + ["--limit-train-batches", "5", "--keep-last", "99"]
                _ = try train(ranks: 2, arguments + ["--epochs", "2"] + settings, run: folder + "/run")
                let expected = places.map { place in
                    let parts = place.split(separator: "-")
                    return "epoch=\(parts[0])-step=\(parts[1])"
                }
                #expect(try saved(folder + "/run").sorted() == expected.sorted())
                #expect(try Checkpoint.open(folder + "/run").name == expected.last)
                #expect(Checkpoint.all(in: folder + "/run").allSatisfy { (try? $0.result.get()) != nil })
            }
        }

        /// Rank 0's clock decides for all.
        @Test func savesByTheClock() throws {
            try withTemporaryFolder { folder in
                let settings = [
                    "--limit-train-batches", "9", "--epochs", "1", "--keep-last", "99", "--checkpoint-every-n-minutes",
                ]
                for (minutes, isDue) in [("0.025", true), ("60", false)] {
                    let run = "\(folder)/\(minutes)"
                    let arguments = CheckpointCadenceTests.model + settings + [minutes, "--threads", "1"]
                    let result = try lockstep(
                        ranks: 2, ["train", "--run", run] + arguments,
                        environment: ["LOCKSTEP_FAULT": "step@4:sleep=2"])
                    #expect(result.status == 0, "\(result.standardError)")
                    let places = try saved(run)
                    #expect(isDue ? places.contains("epoch=0-step=5") : places == ["epoch=1-step=9"], "\(places)")
                }
            }
        }

        /// While the writer sleeps, training goes on; a save point waits for it.
        @Test(arguments: [("async", nil), ("sync", 5)]) func writesInTheBackground(mode: String, step: Int?) throws {
            try withTemporaryFolder { folder in
                let settings =
                    CheckpointCadenceTests.model + [
                        "--limit-train-batches", "9", "--epochs", "2", "--checkpoint-every-n-steps", "5",
                        "--checkpoint-mode", mode, "--threads", "1",
                    ]
                let killed = try lockstep(
                    ["train", "--run", folder + "/killed"] + settings,
                    environment: ["LOCKSTEP_FAULT": "model-half:sleep=4,step@8:exit=9"])
                #expect(killed.status == 9, "\(killed.standardError)")
                #expect(try Checkpoint.newest(in: folder + "/killed").checkpoint?.state.step == step)
                let slow = try lockstep(
                    ["train", "--run", folder + "/slow"] + settings,
                    environment: ["LOCKSTEP_FAULT": "model-half:sleep=1,state-half@2:sleep=1"])
                #expect(slow.status == 0, "\(slow.standardError)")
                let places = [
                    "epoch=0-step=5", "epoch=1-step=10", "epoch=1-step=15", "epoch=1-step=9", "epoch=2-step=18",
                ]
                #expect(try saved(folder + "/slow").sorted() == places)
            }
        }

        @Test(arguments: ["val_loss", "val_accuracy", "loss", "accuracy"]) func keepsTheBest(metric: String) throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let settings = [
                    "--limit-train-batches", "4", "--epochs", "8", "--optimizer", "sgd", "--learning-rate", "2",
                    "--keep-last", "2", "--keep-best", "3", "--monitor", metric,
                ]
                _ = try train(CheckpointCadenceTests.model + settings, run: run)
                let values = try metrics(run).map { Double($0[metric] ?? "") ?? .nan }
                let sign = metric.hasSuffix("accuracy") ? -1.0 : 1.0
                let order = values.indices.sorted { (sign * values[$0], $0) < (sign * values[$1], $1) }
                func name(_ index: Int) -> String { "epoch=\(index + 1)-step=\(4 * (index + 1))" }
                let expected = Set(order.prefix(3).map(name) + [6, 7].map(name))
                #expect(Set(try saved(run)) == expected, "\(values)")
                #expect(try Checkpoint.open(run + "/checkpoints/best").name == name(order[0]), "\(values)")
            }
        }
    }
}
