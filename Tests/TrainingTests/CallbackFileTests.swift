// The files that callbacks write: names made of metrics, and tables that go on.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct CallbackFileTests {
    private let data = SyntheticDigits.load(trainCount: 60, testCount: 20)

    private func model() -> Model {
        Sequential([Flatten(), Dense(10, activation: .softmax)])
            .compile(loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    }

    @discardableResult
    private func fit(
        _ callbacks: [any Callback], _ model: Model? = nil, epochs: Int = 2, validates: Bool = true,
        run: (folder: String, resume: Resume)? = nil
    ) throws -> History {
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.verbosity) = (epochs, 30, 2, .silent)
        var settings = run.map { RunSettings(folder: $0.folder, configuration: "", modelName: "test") }
        settings?.resume = run?.resume ?? .never
        return try (model ?? self.model()).fit(
            data.train, validationData: validates ? data.test : nil, callbacks: callbacks,
            options: options, settings: settings)
    }

    // MARK: ModelCheckpoint

    /// The right names are Python's `path.format(epoch=..., val_loss=..., ...)`.
    @Test func namesAreFormattedAsInPython() throws {
        let values = ["val_loss": 0.4567, "loss": 12345.678, "accuracy": 0.5]
        for (format, expected) in [
            ("w.{epoch:02d}-{val_loss:.2f}", "w.07-0.46"), ("{epoch}", "7"), ("{epoch:d}", "7"), ("{epoch:3d}", "  7"),
            ("{epoch:03}", "007"), ("{epoch:.1f}", "7.0"), ("{loss:.3e}", "1.235e+04"), ("{loss:g}", "12345.7"),
            ("{loss:.3g}", "1.23e+04"), ("{loss:f}", "12345.678000"), ("{accuracy}", "0.5"),
            ("{val_loss:08.3f}", "0000.457"), ("{{epoch}}-{epoch}", "{epoch}-7"), ("plain", "plain"),
        ] {
            #expect(try formatted(format, whole: ["epoch": 7], numbers: values) == expected, "\(format)")
        }
        #expect(try formatted("{x:06.1f}", whole: [:], numbers: ["x": -2.5]) == "-002.5")
    }

    @Test(arguments: [
        ("w-{val_los:.2f}", "{val_loss}"), ("w-{epoch:02d", "'{'"), ("w-epoch}", "'}'"),
        ("w-{val_loss:d}", "whole numbers"),
        ("w-{epoch:x}", "{epoch:x}"), ("w-{epoch:99999999999999999999d}", "expected a format"),
        ("w-{}", "unknown '{}'"),
        ("w-{val_loss:.2ff}", "expected a format"), ("w-{epoch!r}", "unknown '{epoch!r}'"),
    ])
    func badNamesAreRefusedBeforeTraining(path: String, words: String) throws {
        try withFolder { folder in
            var steps = 0
            let found = message {
                try fit([ModelCheckpoint(folder + "/ck/" + path), LambdaCallback(onStepEnd: { _ in steps += 1 })])
            }
            #expect(found?.contains(words) == true, "\(found ?? "went on")")
            #expect(steps == 0)
        }
    }

    @Test func foldersAreMadeAtTheStart() throws {
        try withFolder { folder in
            let model = model()
            var atTheStart: [String] = []
            let look = LambdaCallback(onEpochBegin: { context in
                if context.epoch == 0 { atTheStart = try names(in: folder + "/ck") }
            })
            let history = try fit(
                [
                    ModelCheckpoint(folder + "/ck/a/w.{epoch:02d}-{val_loss:.2f}.safetensors"),
                    ModelCheckpoint(folder + "/ck/b/{epoch}/w.safetensors"), look,
                ], model)
            #expect(atTheStart == ["a", "b"])
            let files = history["val_loss"].enumerated().map { epoch, loss in
                "w.0\(epoch + 1)-\(String(format: "%.2f", loss)).safetensors"
            }
            #expect(try names(in: folder + "/ck/a") == files)
            let last = self.model()
            try last.load(folder + "/ck/b/2/w.safetensors", input: data.train.sampleShape)
            #expect(last.fingerprint == model.fingerprint)

            // A file where a folder should be: found before the first step.
            try "".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
            var steps = 0
            let counter = LambdaCallback(onStepEnd: { _ in steps += 1 })
            for callback in [ModelCheckpoint(folder + "/file/w"), CSVLogger(folder + "/file/log.csv")] as [any Callback]
            {
                let found = message { try fit([callback, counter]) }
                #expect(found?.contains("\(folder)/file") == true, "\(found ?? "went on")")
            }
            #expect(steps == 0)
        }
    }

    // MARK: Monitors

    @Test func whatIsNotMeasuredIsNotMonitored() throws {
        var steps = 0
        let counter = LambdaCallback(onStepEnd: { _ in steps += 1 })
        let cases: [(any Callback, String)] = [
            (
                EarlyStopping(monitor: "val_acc"),
                "EarlyStopping monitors 'val_acc', but this run has only loss, accuracy"
            ),
            (ReduceLROnPlateau(), "ReduceLROnPlateau monitors 'val_loss'"),
            (ModelCheckpoint("w", saveBestOnly: true), "ModelCheckpoint monitors 'val_loss'"),
            (EarlyStopping(monitor: "learning_rate"), "say by mode"),
        ]
        for (callback, words) in cases {
            let found = message { try fit([callback, counter], validates: false) }
            #expect(found?.contains(words) == true, "\(found ?? "went on")")
        }
        #expect(steps == 0)
        // With a mode, or without a need for it, they run.
        try fit([EarlyStopping(monitor: "learning_rate", mode: .min), counter], validates: false)
        #expect(steps == 4)
    }

    // MARK: CSVLogger

    private func table(_ file: String) throws -> [[Substring]] {
        try contents(file).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
    }

    @Test func everyFitWritesItsOwnTableOrGoesOn() throws {
        try withFolder { folder in
            let file = folder + "/made/log.csv"
            let logger = CSVLogger(file)
            let model = model()
            for epochs in [3, 2] { try fit([logger], model, epochs: epochs) }
            #expect(try table(file).map(\.[0]) == ["epoch", "0", "1"])
            let appending = CSVLogger(file, append: true)
            // Without validation there is less to log, and later there is more again.
            try fit([appending], model, epochs: 1, validates: false)
            try fit([appending], model, epochs: 2)
            let rows = try table(file)
            #expect(rows[0] == ["epoch", "accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"])
            #expect(rows.map(\.[0]) == ["epoch", "0", "1", "2", "3", "4"])
            #expect(rows.allSatisfy { $0.count == 6 })
            #expect(rows[3][4...] == ["", ""] && rows[4][5] != "")
        }
    }

    /// A metric that comes later gets a column; the rows before it have none.
    @Test func laterMetricsGetAColumn() throws {
        try withFolder { folder in
            let file = folder + "/log.csv"
            try fit([CSVLogger(file, append: true)], epochs: 2, validates: false)
            let before = try table(file)
            try fit([CSVLogger(file, append: true)], epochs: 1)
            let rows = try table(file)
            #expect(rows[0] == before[0] + ["val_accuracy", "val_loss"])
            #expect(rows[1] == before[1] + ["", ""] && rows[2] == before[2] + ["", ""])
            #expect(rows[3].count == 6 && !rows[3].contains(""))
        }
    }

    /// A run that goes on has the rows that it had at the checkpoint, under one header.
    @Test(arguments: [false, true]) func aResumedRunKeepsItsRows(append: Bool) throws {
        try withFolder { folder in
            let (file, whole) = (folder + "/log.csv", folder + "/whole.csv")
            for path in [file, whole] where append { try fit([CSVLogger(path)], epochs: 2) }
            try fit([CSVLogger(whole, append: append)], epochs: 4)
            try fit([CSVLogger(file, append: append)], epochs: 2, run: (folder + "/run", .never))
            // A row of an epoch that was lost, and one that was cut.
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("\(append ? 4 : 2),9,9,9,9,9\n9,9".utf8))
            try handle.close()
            try fit([CSVLogger(file, append: append)], epochs: 4, run: (folder + "/run", .automatic))
            #expect(try contents(file) == contents(whole))
            #expect(try table(file).count == (append ? 7 : 5))
        }
    }

    /// What is there and is no such table is left alone; what Excel has saved is one.
    @Test func tablesOfOthers() throws {
        try withFolder { folder in
            let file = folder + "/log.csv"
            for foreign in ["a,b\n1,2\n", "epoch,loss\nmany,2\n", "epoch,loss\n1,2,3\n2,3\n", "epoch\n-1\n"] {
                try foreign.write(toFile: file, atomically: true, encoding: .utf8)
                #expect(throws: TrainingError.self, "\(foreign)") { try fit([CSVLogger(file, append: true)]) }
                #expect(try contents(file) == foreign)
            }
            try "\u{feff}epoch,loss,\"note, \"\"mine\"\"\"\r\n0,2.5,\"two\r\nlines\"\r\n".write(
                toFile: file, atomically: true, encoding: .utf8)
            try fit([CSVLogger(file, append: true)], epochs: 1, validates: false)
            let text = try contents(file)
            #expect(
                text.hasPrefix("epoch,loss,\"note, \"\"mine\"\"\",accuracy,learning_rate\n0,2.5,\"two\r\nlines\",,\n1,")
            )
            // A run that fails before its first row leaves the former table.
            #expect(throws: TrainingError.self) { try fit([CSVLogger(file), EarlyStopping(monitor: "x")]) }
            #expect(try contents(file) == text)
        }
    }
}
