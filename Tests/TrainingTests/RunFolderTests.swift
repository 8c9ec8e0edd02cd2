// The files of a run: their exact contents, what a resumed run makes of them, and the refusals.

import Autograd
import Foundation
import Testing
import Training

@Suite struct RunFolderTests {
    static let header =
        "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,samples_per_second,data_seconds,forward_seconds,"
        + "backward_seconds,communication_seconds,update_seconds,fingerprint\n"

    private func row(step: Int) -> MetricsRow {
        MetricsRow(epoch: 1, step: step, metrics: ["loss": 0.1 + 0.2], learningRate: 1e-5)
    }

    @Test func rowsAreWrittenInFull() throws {
        try withFolder { folder in
            let run = try RunFolder.create(folder + "/a/b", configuration: "seed: 1\n", resuming: false)
            #expect(try contents(run.path + "/config.yaml") == "seed: 1\n")
            let fingerprint = Fingerprint("0123456789abcdef0123456789abcdef")
            var seconds = PhaseSeconds()
            (seconds.forward, seconds.backward, seconds.communication, seconds.update) = (1, 2, 3, 4)
            try run.append(row(step: 10))
            try run.append(
                MetricsRow(
                    epoch: 2, step: 20,
                    metrics: ["loss": .nan, "accuracy": 1, "val_loss": .infinity, "val_accuracy": 1 / 3],
                    learningRate: 0.001, samplesPerSecond: 12345.5, seconds: seconds, fingerprint: fingerprint))
            #expect(
                try contents(run.path + "/metrics.csv") == RunFolderTests.header
                    + "1,10,0.30000000000000004,,,,1e-05,,,,,,,\n"
                    + "2,20,nan,1.0,inf,0.3333333333333333,0.001,12345.5,0.0,1.0,2.0,3.0,4.0,"
                    + "0123456789abcdef0123456789abcdef\n")
            #expect(
                try contents(run.path + "/metrics.jsonl")
                    == #"{"epoch":1,"step":10,"loss":0.30000000000000004,"learning_rate":1e-05}"# + "\n"
                    + #"{"epoch":2,"step":20,"loss":"nan","accuracy":1.0,"val_loss":"inf","#
                    + #""val_accuracy":0.3333333333333333,"learning_rate":0.001,"samples_per_second":12345.5,"#
                    + #""data_seconds":0.0,"forward_seconds":1.0,"backward_seconds":2.0,"#
                    + #""communication_seconds":3.0,"update_seconds":4.0,"#
                    + #""fingerprint":"0123456789abcdef0123456789abcdef"}"# + "\n")
            try run.writeSummary("done\n")
            #expect(try contents(run.path + "/summary.txt") == "done\n")
            #expect(
                try names(in: run.path) == [
                    "config.yaml", "incarnation", "metrics.csv", "metrics.jsonl", "summary.txt",
                ])
        }
    }

    @Test func aResumedRunReadsLikeAnUninterruptedOne() throws {
        try withFolder { folder in
            let whole = try RunFolder.create(folder + "/whole", configuration: "", resuming: false)
            for step in [5, 10, 15, 20] { try whole.append(row(step: step)) }

            let cut = try RunFolder.create(folder + "/cut", configuration: "", resuming: false)
            try cut.truncateMetrics(afterStep: 0)
            for step in [5, 10, 15] { try cut.append(row(step: step)) }
            for name in ["metrics.csv", "metrics.jsonl"] {
                let file = try #require(FileHandle(forWritingAtPath: cut.path + "/" + name))
                try file.seekToEnd()
                // A line that a killed process did not finish, though it could pass for one.
                try file.write(contentsOf: Data((name.hasSuffix("csv") ? "1,9,,,,,1,,,,,,,01" : "{\"step\":9}").utf8))
                try file.close()
            }
            let resumed = try RunFolder.create(folder + "/cut", configuration: "resumed", resuming: true)
            #expect(try contents(folder + "/cut/config.yaml") == "resumed")
            try resumed.truncateMetrics(afterStep: 10)
            for step in [15, 20] { try resumed.append(row(step: step)) }
            for name in ["metrics.csv", "metrics.jsonl"] {
                #expect(try contents("\(folder)/cut/\(name)") == contents("\(folder)/whole/\(name)"))
            }
        }
    }

    @Test func anotherRunIsRefused() throws {
        try withFolder { folder in
            let path = folder + "/run"
            _ = try RunFolder.create(path, configuration: "first", resuming: false)
            let found = message { _ = try RunFolder.create(path, configuration: "second", resuming: false) }
            #expect(
                found == "\(path) already holds a run (config.yaml); continue it with `resume: .automatic`, or choose "
                    + "another folder with `folder`")
            #expect(try contents(path + "/config.yaml") == "first")
            try FileManager.default.createDirectory(
                atPath: folder + "/b/checkpoints", withIntermediateDirectories: true)
            let other = message { _ = try RunFolder.create(folder + "/b", configuration: "", resuming: false) }
            #expect(other?.contains("already holds a run (checkpoints)") == true)
            let file = message { _ = try RunFolder.create(path + "/config.yaml", configuration: "", resuming: false) }
            #expect(file?.contains("cannot make the folder \(path)/config.yaml") == true)
            let unwritable = message { _ = try RunFolder.create("/proc/run", configuration: "", resuming: false) }
            #expect(unwritable?.hasPrefix("cannot make the folder /proc/run: ") == true)
        }
    }

    @Test func aFullDiskIsNamed() throws {
        try withFolder { folder in
            let run = try RunFolder.create(folder, configuration: "", resuming: false)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/metrics.csv", withDestinationPath: "/dev/full")
            let found = message { try run.append(row(step: 1)) }
            #expect(
                found == "cannot write \(folder)/metrics.csv: No space left on device; free some space, or choose "
                    + "another folder")
        }
    }

    @Test func defaultPathsAreNew() throws {
        try withFolder { folder in
            let date = Date(timeIntervalSince1970: 1_769_869_501)
            let utc = try #require(TimeZone(identifier: "UTC"))
            func path(_ model: String, _ data: String, in parent: String = "runs") -> String {
                RunFolder.defaultPath(model: model, data: data, date: date, timeZone: utc, parent: parent)
            }
            #expect(path("mnist-cnn", "digits") == "runs/mnist-cnn-digits-20260131-142501")
            #expect(path("models/my net.yaml", "/data/train/") == "runs/my-net-train-20260131-142501")
            let base = path("m", "d", in: folder + "/made")
            #expect(try RunFolder.makeNew(base) == base)
            #expect(try RunFolder.makeNew(base) == base + "-2")
            let run = try RunFolder.create(base, configuration: "", resuming: false, takesNextName: true)
            #expect(run.path == base + "-3")
            let nowhere = message { _ = try RunFolder.makeNew("/proc/m") }
            #expect(nowhere?.hasPrefix("cannot make the folder /proc/m: ") == true)
        }
    }
}
