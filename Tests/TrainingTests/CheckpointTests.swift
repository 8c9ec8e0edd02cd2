// A checkpoint gives back the same bits, notices every damage, and refuses another model before it copies anything.

import Autograd
import Foundation
import Optimizers
import Testing
import Training

@Suite struct CheckpointTests {
    static let files = ["model.safetensors", "optimizer.safetensors", "state.json"]

    @Test func roundTripKeepsEveryBit() throws {
        try withFolder { folder in
            let saved = try SmallModel()
            let written = try saved.write(step: 42, in: folder + "/run")
            #expect(written.path == folder + "/run/checkpoints/epoch=1-step=42")
            #expect(try names(in: written.path) == CheckpointTests.files)
            #expect(try names(in: folder + "/run/checkpoints") == ["epoch=1-step=42"])

            let opened = try Checkpoint.open(written.path)
            #expect(opened.state == written.state)
            var expected = sampleState(step: 42)
            expected.fingerprint = saved.parameters.fingerprint
            expected.files = opened.state.files
            #expect(opened.state == expected)
            #expect(try opened.weightsFingerprint() == saved.parameters.fingerprint)

            let restored = try SmallModel(seed: 2)
            #expect(restored.bits != saved.bits)
            try opened.restore(parameters: restored.parameters, optimizer: restored.optimizer)
            #expect(restored.bits == saved.bits)
            #expect(restored.optimizer.step == 42)

            let weightsOnly = try SmallModel(seed: 3)
            let moments = weightsOnly.optimizer.buffers.map { $0[weightsOnly.parameters.trainable].map(\.bitPattern) }
            try opened.restore(parameters: weightsOnly.parameters, optimizer: nil)
            #expect(weightsOnly.parameters.fingerprint == saved.parameters.fingerprint)
            #expect(
                weightsOnly.optimizer.buffers.map { $0[weightsOnly.parameters.trainable].map(\.bitPattern) } == moments)
        }
    }

    @Test func notANumberSurvivesInTheState() throws {
        var state = sampleState(step: 1)
        state.epochLossSum = .nan
        let read = try CheckpointState(json: state.json(), file: "state.json")
        #expect(read.epochLossSum.isNaN)
        #expect(read.metrics["val_loss"] == .infinity)
        #expect(read.callbacks == ["stop": ["wait": 2, "best": -.infinity]])
    }

    /// The first format had no count of skipped steps, and a row for every epoch.
    @Test func theFirstFormatIsRead() throws {
        var state = sampleState(step: 1)
        state.formatVersion = 1
        state.skippedSteps = nil
        let json = String(decoding: try state.json(), as: UTF8.self)
        let body = try #require(json.firstRange(of: "\",\n")).lowerBound
        let former = "\",\n  \"best\" : 0.5,\n  \"history\" : [ { \"loss\" : 0.5 } ]," + json[body...].dropFirst(2)
        let read = try CheckpointState(json: CheckpointState.sealed(Data(former.utf8)), file: "state.json")
        #expect(read == state)
    }

    /// Results of equal numbers have equal bits; before there were numbers nobody knows.
    @Test func theArithmeticIsRecorded() throws {
        var state = sampleState(step: 1)
        #expect(state.arithmetic != nil && state.otherArithmetic == nil)
        for other in [nil, 999] {
            state.arithmetic = other
            let read = try CheckpointState(json: state.json(), file: "state.json")
            #expect(read.arithmetic == other)
            #expect(read.otherArithmetic?.contains(other.map { "arithmetic \($0)" } ?? "without a number") == true)
        }
    }

    @Test func anotherFormatVersionIsNamed() throws {
        var state = sampleState(step: 1)
        state.formatVersion = 7
        let json = try state.json()
        let found = message { _ = try CheckpointState(json: json, file: "x/state.json") }
        #expect(found == "x/state.json has format version 7; this version of Lockstep reads 1 to 3")
    }

    @Test(arguments: files) func truncationIsAlwaysNoticed(file: String) throws {
        try withFolder { folder in
            let model = try SmallModel()
            let checkpoint = try model.write(step: 1, in: folder)
            let url = URL(filePath: checkpoint.path + "/" + file)
            let whole = try Data(contentsOf: url)
            for length in 0..<whole.count {
                try whole.prefix(length).write(to: url)
                try expectDamaged(checkpoint, "\(file) cut to \(length) of \(whole.count) bytes")
            }
            try (whole + [0]).write(to: url)
            try expectDamaged(checkpoint, "\(file) with a byte more")
            try FileManager.default.removeItem(at: url)
            try expectDamaged(checkpoint, "\(file) missing")
            try whole.write(to: url)
            #expect(try Checkpoint.open(checkpoint.path).state == checkpoint.state)
        }
    }

    @Test(arguments: files) func flippedBitsAreAlwaysNoticed(file: String) throws {
        try withFolder { folder in
            let model = try SmallModel()
            let checkpoint = try model.write(step: 1, in: folder)
            let url = URL(filePath: checkpoint.path + "/" + file)
            let whole = try Data(contentsOf: url)
            var random = SplitMix(state: 7)
            for _ in 0..<1000 {
                var damaged = whole
                let position = Int.random(in: 0..<whole.count, using: &random)
                let bit = UInt8.random(in: 0..<8, using: &random)
                damaged[position] ^= 1 << bit
                try damaged.write(to: url)
                try expectDamaged(checkpoint, "\(file) with bit \(bit) of byte \(position) flipped")
            }
        }
    }

    /// Opening refuses, with the path; so does restoring one that was opened before, and it copies nothing.
    private func expectDamaged(_ checkpoint: Checkpoint, _ what: String) throws {
        let found = message { _ = try Checkpoint.open(checkpoint.path) }
        #expect(found?.contains(checkpoint.path) == true, "\(what): \(found ?? "was opened")")
        #expect(throws: CheckpointError.self, "\(what)") { _ = try checkpoint.weightsFingerprint() }
        let run = URL(filePath: checkpoint.path).deletingLastPathComponent().path + "/.."
        let none = message { _ = try Checkpoint.newest(in: run) }
        #expect(none?.contains("holds no complete checkpoint") == true, "\(what): \(none ?? "found one")")
    }

    @Test func damageAfterOpeningIsNoticedBeforeAnythingIsCopied() throws {
        try withFolder { folder in
            let checkpoint = try SmallModel().write(step: 1, in: folder)
            for file in CheckpointTests.files.dropLast() {
                let url = URL(filePath: checkpoint.path + "/" + file)
                let whole = try Data(contentsOf: url)
                var damaged = whole
                damaged[whole.count - 1] ^= 1
                try damaged.write(to: url)
                let model = try SmallModel(seed: 5)
                let before = model.bits
                #expect(throws: CheckpointError.self) {
                    try checkpoint.restore(parameters: model.parameters, optimizer: model.optimizer)
                }
                #expect(model.bits == before)
                try whole.write(to: url)
            }
        }
    }

    @Test func anotherModelIsRefusedWithBothShapes() throws {
        try withFolder { folder in
            let checkpoint = try SmallModel(units: 5).write(step: 1, in: folder)
            let path = checkpoint.path
            let other = "checkpoint \(path) is of another"
            let wide = try SmallModel(units: 7)
            let before = wide.bits
            let shapes = refusal(of: checkpoint, wide)
            #expect(shapes == "\(other) model: dense.kernel has shape [3, 5], the model wants [3, 7]")
            #expect(wide.bits == before)

            let renamed = try SmallModel(names: ["dense.kernel", "dense_1.bias", "norm.mean"])
            let names = refusal(of: checkpoint, renamed)
            #expect(names == "\(other) model: it lacks dense_1.bias; it has dense.bias, unknown to the model")

            let small = try SmallModel(optimizer: .sgd(learningRate: 0.1, momentum: 0.9))
            let weights = small.bits
            let moments = refusal(of: checkpoint, small)
            #expect(
                moments?.hasPrefix("\(other) optimizer: it lacks dense.kernel.velocity, dense.bias.velocity; ") == true)
            #expect(small.bits == weights)
        }
    }

    private func refusal(of checkpoint: Checkpoint, _ model: SmallModel) -> String? {
        message { try checkpoint.restore(parameters: model.parameters, optimizer: model.optimizer) }
    }

    @Test func aFailedWriteLeavesNothing() throws {
        try withFolder { folder in
            try Data().write(to: URL(filePath: folder + "/checkpoints"))
            let found = message { _ = try SmallModel().write(step: 1, in: folder) }
            #expect(found?.contains(folder + "/checkpoints") == true)
            #expect(try names(in: folder) == ["checkpoints"])
        }
    }
}
