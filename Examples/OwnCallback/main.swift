// A callback of one's own: it warms the learning rate up before steps, looks at every validation, ends the run by itself,
// and remembers all that when a run is interrupted and goes on. Interrupted or not, alone or under mpirun: the same bits.
//
//     OwnCallback FOLDER    where the runs are to be kept

import Lockstep

/// Ends the run when `patience` validations in a row, within epochs and at their ends, were no better than the best.
final class Patience: Callback {
    private let patience: Int
    private var best = Double.infinity
    private var waited = 0
    /// Validations so far.
    private(set) var seen = 0

    init(_ patience: Int) { self.patience = patience }

    /// Kept with every checkpoint. What is not in it is forgotten when a run goes on.
    var state: [String: Double] {
        get { ["best": best, "waited": Double(waited), "seen": Double(seen)] }
        set {
            best = newValue["best"] ?? .infinity
            waited = Int(newValue["waited"] ?? 0)
            seen = Int(newValue["seen"] ?? 0)
        }
    }

    /// A rate that follows from the step alone is the same on every rank, and after a restart.
    func stepBegin(_ context: TrainingContext) {
        context.learningRateScale = Double(min(context.step + 1, 20)) / 20
    }

    func validationEnd(_ context: TrainingContext) {
        guard let loss = context.metrics["val_loss"] else { return }
        seen += 1
        waited = loss < best ? 0 : waited + 1
        best = min(best, loss)
    }

    func epochEnd(_ context: TrainingContext) {
        guard waited >= patience else { return }
        context.stopTraining = true
        context.stopReason = "no better validation than \(best) in \(waited)"
    }
}

/// Trains in `folder`, going on where it was left; for at most `maxSteps` steps altogether.
func train(_ folder: String, maxSteps: Int? = nil, on world: World) throws -> (Model, Patience, String?) {
    let (train, test) = SyntheticDigits.load()
    let model = Sequential([Flatten(), Dense(32, activation: .relu), Dense(10, activation: .softmax)])
        .compile(optimizer: .adam(learningRate: 0.02), loss: .sparseCategoricalCrossentropy)
    var options = FitOptions()
    (options.epochs, options.batchSize, options.shards, options.verbosity) = (30, 100, 4, .silent)
    (options.maxSteps, options.validateEveryNSteps) = (maxSteps, 4)
    var settings = RunSettings(folder: folder)
    settings.resume = .automatic
    let patience = Patience(4)
    let history = try model.fit(
        train.prefix(1000), validationData: test.prefix(300), callbacks: [patience], options: options,
        settings: settings, on: world)
    return (model, patience, history.stopReason)
}

withWorld { world in
    guard CommandLine.arguments.count == 2 else { throw TrainingError("usage: OwnCallback FOLDER") }
    let folder = CommandLine.arguments[1]
    let whole = try train(folder + "/whole", on: world)
    // The first stop is within an epoch.
    for steps in [17, 40] { _ = try train(folder + "/parts", maxSteps: steps, on: world) }
    let parts = try train(folder + "/parts", on: world)
    guard let reason = whole.2, parts.2 == reason, whole.1.state == parts.1.state else {
        throw TrainingError("the runs differ: \(whole.1.state), \(parts.1.state), \(parts.2 ?? "no reason to stop")")
    }
    guard let fingerprint = whole.0.fingerprint, parts.0.fingerprint == fingerprint else {
        throw TrainingError("the runs end with other weights")
    }
    if world.rank == 0 { print("\(reason), after \(whole.1.seen) validations\nfingerprint \(fingerprint)") }
}
