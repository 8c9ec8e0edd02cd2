// Which steps of a run to execute again, from where, and with which settings.

import Foundation
import Lockstep

/// Steps of a run that can be executed again.
struct ReplayPlan {
    /// The fingerprints to confirm, by step.
    let recorded: [Int: Fingerprint]
    private let run: RecordedRun
    /// nil for the seed.
    private let start: Checkpoint?
    private let data: String?
    private let last: Int

    /// - Throws: `TrainingError` where there is no way to the first step, or nothing recorded to compare with.
    init(_ run: RecordedRun, data: String?, from: Int, to: Int?) throws {
        self.run = run
        self.data = data
        let before = run.checkpoints.keys.filter { $0 <= from }.max()
        start = before.flatMap { run.checkpoints[$0] }
        let beginning = before ?? 0
        let end = to ?? run.lastStep
        recorded = run.fingerprints.filter { $0.key > beginning && $0.key >= from && $0.key <= end }
        guard from <= min(end, run.lastStep) else {
            throw TrainingError(
                "there is nothing from step \(from) to \(end) of \(run.path): its last step is \(run.lastStep)")
        }
        guard let last = recorded.keys.max() else {
            throw TrainingError(
                "\(run.path) records no fingerprint of a step from \(max(from, beginning + 1)) to \(end): it has "
                    + "those of \(run.stepsText); --log-every-n-steps writes more of them")
        }
        self.last = last
        for checkpoint in run.checkpoints.values.sorted(by: { $0.state.step < $1.state.step }) {
            guard let other = checkpoint.state.otherArithmetic else { continue }
            throw TrainingError(
                "\(run.path) was computed with \(other), see \(checkpoint.name): the same steps have other bits here, so "
                    + "nothing can be confirmed or refuted; replay it with the version that trained it")
        }
        if start == nil, let weights = run.settings["resume-weights"] {
            throw TrainingError(
                "\(run.path) has no checkpoint at or before step \(from), and it did not begin with the seed but with "
                    + "the weights of \(weights); its checkpoints are of \(run.checkpointsText)")
        }
    }

    var headline: String {
        "executes steps \((start?.state.step ?? 0) + 1) to \(last) of \(run.path) again, from "
            + (start.map { "checkpoint \($0.name)" } ?? "the seed")
    }

    /// Trains; every rank calls it.
    func execute(_ check: any Callback, threads: Int?, _ world: World) throws {
        let configuration = start?.state.configuration ?? run.configuration
        let own = try ConfigurationFile(text: configuration, file: run.path).arguments
        let train = try Train.parse([]).onTop(
            of: own.filter { !$0.hasPrefix("--threads=") },
            ["--verbose", "0", "--max-steps", "\(last)", "--threads", threads.map { "\($0)" } ?? "auto"]
                + (data.map { ["--data", $0] } ?? []))
        let (samples, options, optimizer) = try train.parts(world)
        let anyCheckpoint = start ?? run.checkpoints.values.first
        let model = try anyCheckpoint.map { try ModelDescription(of: $0) } ?? ModelDescription(train.model)
        // A run of its own, which nobody needs any more.
        let folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-replay-\(getpid())").path
        defer { if world.rank == 0 { try? FileManager.default.removeItem(atPath: folder) } }
        var settings = RunSettings(folder: folder, configuration: configuration, modelName: try model.encoded())
        settings.resume = start.map { .from($0.path) } ?? .never
        try model.makeModel().compile(
            optimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy]
        ).fit(Samples(samples), callbacks: [check], options: options, settings: settings, on: world)
    }
}
