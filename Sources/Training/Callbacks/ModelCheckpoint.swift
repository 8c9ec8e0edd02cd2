// Weights saved after epochs, under names made of the epoch and its metrics.

import Checkpoints
import Foundation
import Streams

/// Saves the weights to a safetensors file after epochs, or only after the best ones.
///
/// In the path, `{epoch}` (counted from 1) and the names of metrics in braces become their values, in Python's format
/// where one is given, as in Keras: `ck/weights.{epoch:02d}-{val_loss:.2f}.safetensors`. Folders are made.
public final class ModelCheckpoint: Callback {
    private let path: String
    private var monitor: Monitor
    private let saveBestOnly: Bool
    private var best: Double?

    public init(
        _ path: String, monitor: String = "val_loss", saveBestOnly: Bool = false, mode: MonitorMode = .auto
    ) {
        self.path = expandingHome(path)
        self.monitor = Monitor(metric: monitor, minimumDelta: 0, mode: mode)
        self.saveBestOnly = saveBestOnly
    }

    public var state: [String: Double] {
        get { ["best": best ?? .nan] }
        set { best = newValue["best"].flatMap { $0.isNaN ? nil : $0 } }
    }

    public func trainBegin(_ context: TrainingContext) throws {
        if saveBestOnly { try monitor.check(context, for: name) }
        let numbers = Dictionary(uniqueKeysWithValues: context.metricNames.map { ($0, 0.5) })
        let trial = try filled(epoch: 1, numbers)
        guard context.isRankZero else { return }
        // Folders that are named by epochs are made as these come.
        let named = path.prefix { $0 != "{" }
        let fixed = named.count == path.count ? trial : String(named) + "-"
        try DurableFile.makeWritableFolder(DurableFile.split(fixed).folder)
    }

    public func epochEnd(_ context: TrainingContext) throws {
        if saveBestOnly {
            let value = monitor.value(context)
            guard monitor.improves(value, on: best) else { return }
            best = value
        }
        guard context.isRankZero else { return }
        let file = try filled(epoch: context.epoch + 1, context.metrics)
        try DurableFile.makeFolder(DurableFile.split(file).folder)
        try context.saveWeights(file)
    }

    private func filled(epoch: Int, _ metrics: [String: Double]) throws(TrainingError) -> String {
        do throws(FormatError) {
            return try formatted(path, whole: ["epoch": epoch], numbers: metrics)
        } catch {
            throw TrainingError("\(name): \(path): \(error.description)")
        }
    }
}
