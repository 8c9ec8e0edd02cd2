// The checkpoints of a run: the newest whole one, links, replacement, removal, and what killed processes leave.

import Checkpoints
import Foundation
import Testing
import Training

@Suite struct RunCheckpointTests {
    @Test func newestSkipsDamagedOnesWithTheReason() throws {
        try withFolder { run in
            let model = try SmallModel()
            #expect(try Checkpoint.newest(in: run).checkpoint == nil)
            for step in [9, 10, 100] { _ = try model.write(step: step, in: run) }
            #expect(try Checkpoint.newest(in: run).checkpoint?.state.step == 100)
            #expect(try Checkpoint.newest(in: run).skipped.isEmpty)

            let damaged = run + "/checkpoints/epoch=1-step=100"
            try Data("half".utf8).write(to: URL(filePath: damaged + "/model.safetensors"))
            try FileManager.default.createDirectory(
                atPath: run + "/checkpoints/epoch=2-step=200", withIntermediateDirectories: true)
            let (checkpoint, skipped) = try Checkpoint.newest(in: run)
            #expect(checkpoint?.state.step == 10)
            #expect(skipped.map(\.path) == [run + "/checkpoints/epoch=2-step=200", damaged])
            #expect(skipped[0].why == run + "/checkpoints/epoch=2-step=200/state.json is missing")
            #expect(skipped[1].why.hasPrefix(damaged + "/model.safetensors is damaged: it has 4 bytes, expected "))
        }
    }

    @Test func aRunOpensAtItsNewest() throws {
        try withFolder { run in
            let model = try SmallModel()
            #expect(message { _ = try Checkpoint.open(run + "/none") }?.contains("no such folder") == true)
            #expect(message { _ = try Checkpoint.open(run) }?.contains("neither a checkpoint") == true)
            let first = try model.write(step: 1, in: run)
            let second = try model.write(step: 2, in: run)
            #expect(try Checkpoint.open(run).state.step == 2)
            try Checkpoint.link("last", to: first)
            #expect(try Checkpoint.open(run).path == second.path, "also after a crash between rename and link")
            #expect(try Checkpoint.open(run + "/checkpoints/last/").path == first.path)
            let link = run + "/checkpoints/last"
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "epoch=1-step=1")
            try FileManager.default.removeItem(atPath: second.path + "/state.json")
            let damaged = message { _ = try Checkpoint.open(run) }
            #expect(damaged?.contains("\(second.path)/state.json is missing") == true, "\(damaged ?? "was opened")")
            #expect(damaged?.contains("the newest whole checkpoint is \(first.path)") == true)
            try FileManager.default.removeItem(atPath: first.path + "/state.json")
            let found = message { _ = try Checkpoint.open(run) }
            #expect(found?.contains("holds no complete checkpoint\n  \(second.path)/state.json is missing") == true)
        }
    }

    @Test func linksAreReplaced() throws {
        try withFolder { run in
            let model = try SmallModel()
            for step in 1...3 {
                try Checkpoint.link("best", to: try model.write(step: step, in: run))
                #expect(try Checkpoint.open(run + "/checkpoints/best").state.step == step)
            }
            let expected = ["best", "epoch=1-step=1", "epoch=1-step=2", "epoch=1-step=3"]
            #expect(try names(in: run + "/checkpoints") == expected)
        }
    }

    @Test func theSamePlaceIsReplaced() throws {
        try withFolder { run in
            _ = try SmallModel(seed: 1).write(step: 1, in: run)
            let other = try SmallModel(seed: 2)
            let checkpoint = try other.write(step: 1, in: run)
            #expect(try Checkpoint.open(checkpoint.path).weightsFingerprint() == other.parameters.fingerprint)
            #expect(try names(in: run + "/checkpoints") == ["epoch=1-step=1"])
        }
    }

    @Test func pruneKeepsTheNewestAndTheLinked() throws {
        try withFolder { run in
            let model = try SmallModel()
            let all = try (1...6).map { try model.write(step: $0, in: run) }
            try Checkpoint.link("best", to: all[0])
            try Checkpoint.link("last", to: all[5])
            try FileManager.default.removeItem(atPath: all[4].path + "/model.safetensors")
            Checkpoint.prune(in: run, keepLast: 2, keep: ["epoch=1-step=2"])
            // Step 5 is damaged: it is left alone, and step 4 is the second newest.
            let expected = [1, 2, 4, 5, 6].map { "epoch=1-step=\($0)" }
            #expect(try names(in: run + "/checkpoints") == ["best"] + expected + ["last"])
            Checkpoint.prune(in: run, keepLast: 0, keep: [])
            let left = ["best", "epoch=1-step=1", "epoch=1-step=5", "epoch=1-step=6", "last"]
            #expect(try names(in: run + "/checkpoints") == left)
        }
    }

    /// However many saves follow, a checkpoint's state is read once; one that is gone is forgotten.
    @Test func knownCheckpointsAreNotReadAgain() throws {
        try withFolder { run in
            let (model, known) = (try SmallModel(), KnownCheckpoints())
            let all = try (1...4).map { try model.write(step: $0, in: run) }
            Checkpoint.prune(in: run, keepLast: 3, keep: [], known)
            for checkpoint in all.dropFirst() {
                try FileManager.default.removeItem(atPath: checkpoint.path + "/state.json")
            }
            Checkpoint.prune(in: run, keepLast: 1, keep: [], known)
            #expect(try names(in: run + "/checkpoints") == ["epoch=1-step=4"])
            try FileManager.default.removeItem(atPath: all[3].path)
            _ = try model.write(step: 5, in: run)
            Checkpoint.prune(in: run, keepLast: 1, keep: [], known)
            try FileManager.default.createDirectory(atPath: all[3].path, withIntermediateDirectories: true)
            Checkpoint.prune(in: run, keepLast: 0, keep: [], known)
            #expect(try names(in: run + "/checkpoints") == ["epoch=1-step=4"], "an empty folder is no checkpoint")
        }
    }

    @Test func leftoversOfDeadProcessesAreRemovedAtTheNextWrite() throws {
        try withFolder { run in
            let model = try SmallModel()
            let first = try model.write(step: 1, in: run)
            let own = TemporaryName.make(for: "epoch=1-step=2")
            let process = "\(ProcessInfo.processInfo.processIdentifier)"
            let dead = own.replacingOccurrences(of: process, with: "\(Int32.max - 1)")
            let alive = own.replacingOccurrences(of: ".\(process).", with: ".\(getppid()).")
            for name in [dead, alive] {
                let folder = run + "/checkpoints/" + name
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data("half".utf8).write(to: URL(filePath: folder + "/model.safetensors"))
            }
            #expect(try Checkpoint.open(run).path == first.path)
            _ = try model.write(step: 2, in: run)
            #expect(try names(in: run + "/checkpoints") == [alive, "epoch=1-step=1", "epoch=1-step=2"])
        }
    }

    @Test func aCheckpointWhoseReplacementDiedGetsItsNameBack() throws {
        try withFolder { run in
            let checkpoint = try SmallModel().write(step: 1, in: run)
            let hidden = run + "/checkpoints/" + TemporaryName.make(for: "former.epoch=1-step=1")
            try FileManager.default.moveItem(atPath: checkpoint.path, toPath: hidden)
            #expect(try Checkpoint.open(run).path == checkpoint.path)
            #expect(try names(in: run + "/checkpoints") == ["epoch=1-step=1"])
        }
    }
}
