// What an epoch costs does not depend on how many there were before.

import Checkpoints
import Datasets
import Foundation
import Layers
import Testing
import Training

@Suite struct LongRunTests {
    private func fit(_ run: String, epochs: Int, _ resume: Resume = .never) throws -> History {
        let data = SyntheticDigits.load(trainCount: 16, testCount: 8)
        let model = Sequential([Flatten(), Dense(10, activation: .softmax)])
            .compile(optimizer: .sgd(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.threads) = (epochs, 16, 1, 1)
        options.verbosity = .silent
        var settings = RunSettings(folder: run, configuration: "", modelName: "long")
        settings.checkpoints.keepLast = 99
        settings.resume = resume
        return try model.fit(
            data.train, validationData: data.test, options: options, settings: settings)
    }

    /// The rows of the earlier epochs are in the metrics files, and nowhere else.
    @Test func aCheckpointDoesNotGrowWithTheEpochs() throws {
        try withFolder { run in
            #expect(try fit(run, epochs: 20).epochs.count == 20)
            let resumed = try fit(run, epochs: 30, .automatic)
            #expect(resumed.epochs.count == 10)
            #expect(try contents(run + "/metrics.csv").split(separator: "\n").count == 31)
            let last = try Checkpoint.open(run + "/checkpoints/last").state
            #expect(last.metrics == resumed.epochs.last)
            let sizes = try [2, 10, 30].map { epoch in
                try Data(contentsOf: URL(filePath: "\(run)/checkpoints/epoch=\(epoch)-step=\(epoch)/state.json")).count
            }
            // Numbers have more or fewer digits.
            #expect(sizes.max()! - sizes.min()! < 40, "\(sizes)")

            // A run that has nothing left to do sums up the epochs of before.
            #expect(try fit(run, epochs: 30, .automatic).epochs.isEmpty)
            #expect(try contents(run + "/summary.txt").contains("val_loss: \(last.metrics["val_loss"]!)"))
        }
    }
}
