// `lockstep evaluate`.

import ArgumentParser
import Foundation
import Lockstep
import Streams

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loss and metrics of a run's weights on test data, each sample once.",
        discussion: """
            Of classes it shows, per class, how many of those found are right (precision)
            and how many of those there are were found (recall); --output DIR writes this
            table and the confusion matrix as CSV.
            """)

    @Argument(
        help: ArgumentHelp("A run folder (its last checkpoint) or a checkpoint folder.", valueName: "run"),
        completion: .directory)
    var path: String
    @Option(help: "Other data, as in training; the run's own test or validation part unless given.")
    var data: String?
    @Option(help: "Metrics in place of the run's, such as accuracy,f1,auc.")
    var metrics: String?
    @Option(
        help: "Write confusion.csv and classes.csv into this folder.", completion: .directory, transform: expandingHome)
    var output: String?
    @Flag(help: "The result as JSON.")
    var json = false
    @Option(
        help: "Read files from a copy that each host keeps in this folder, as in training.",
        transform: expandingHome)
    var stage: String?
    @Option(help: "Threads of each rank (default: one per core).")
    var threads: Int?
    @Option(help: "Seconds without progress of a rank that end the job, after a warning at a fifth of it; 0 for never.")
    var stallTimeout = 300.0

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, got \(threads)") }
    }

    func run() throws {
        withWorld { world in
            let faults = try FaultPlan(world)
            try world.watched(stallSeconds: stallTimeout) { world, status in
                let checkpoint = try Checkpoint.open(path)
                var settings = try checkpoint.resolvedSettings()
                if let metrics {
                    settings.set(\.training.metrics, try ListText.split(metrics).map { try Metric.named($0).name })
                }
                if stage != nil { settings.set(\.data.stage, stage) }
                let (resolved, known) = (settings, try checkpoint.knownPreparation())
                let source = try DataSource(data ?? settings.data.data)
                let test = try status.during(.loading) {
                    faults.reach(.load)
                    return try checkpoint.evaluationData(data, resolved) { source in
                        let staged = try source.staged(in: stage, world, status)
                        try resolved.decodePictures(staged, known, world, status, testOnly: data != nil)
                        return staged
                    }
                }
                faults.reach(.evaluate)
                let model = try checkpoint.model(settings, for: test)
                let result = try model.evaluate(
                    test, reduction: settings.training.lossReduction, threads: threads,
                    classes: !(test is TokenDataset), on: world,
                    status: status)
                if world.rank == 0 { try tell(result, test, source) }
            }
        }
    }

    private func tell(_ result: Evaluation, _ test: any Dataset, _ source: DataSource) throws {
        let classes = result.confusion
        let names = test.target.classNames.isEmpty ? nil : test.target.classNames
        if let output, let classes {
            try DurableFile.makeFolder(output)
            try DurableFile.replace("\(output)/confusion.csv", Data(classes.csv(names: names).utf8))
            try DurableFile.replace("\(output)/classes.csv", Data(classes.classCSV(names: names).utf8))
        }
        if json {
            let pairs = result.all.map { "\"\($0.name)\":" + ($0.value.isFinite ? "\($0.value)" : "\"\($0.value)\"") }
            print("{\"samples\":\(test.count),\(pairs.joined(separator: ","))}")
            return
        }
        print(
            "\(test.count) samples of \(source)" + result.all.map { " - \($0.name): \($0.value)" }.joined())
        if let naive = test.naiveForecast { print(naive) }
        if let classes { print("\n\(classes.classText(names: names))\n\(classes.text(names: names))") }
    }
}
