// How far a run has come: what a checkpoint takes down, so that a resumed run goes on as if it had never stopped.

import Checkpoints

/// The place of a run and the sums up to it. The step itself is counted by the optimizer's state.
struct RunCursor: Sendable {
    /// Where this run began; with an earlier `fit` of the model not at 0.
    var firstStep = 0
    /// The epoch under way, from 0.
    var epoch = 0
    var batchInEpoch = 0
    /// Sums over the unfinished epoch.
    var sums: EpochSums
    /// Those of the last finished epoch, be it of an earlier process.
    var lastMetrics: [String: Double] = [:]
    /// Steps of finished epochs whose update was skipped.
    var skippedBefore = 0

    init(metricCount: Int) { sums = EpochSums(metricCount: metricCount) }

    mutating func endEpoch() {
        epoch += 1
        batchInEpoch = 0
        sums = EpochSums(metricCount: sums.metrics.count)
    }
}

extension RunCursor {
    /// Goes on from a checkpoint.
    init(_ state: CheckpointState, metricCount: Int) {
        self.init(metricCount: metricCount)
        (firstStep, epoch, batchInEpoch) = (state.firstStep ?? 0, state.epoch, state.batchInEpoch)
        (sums.loss, sums.samples) = (state.epochLossSum, state.epochSamples)
        sums.denominator = state.epochDenominator ?? Double(state.epochSamples)
        // Earlier versions had hits alone.
        let saved = state.epochMetricSums ?? [state.epochHits ?? 0, Double(state.epochSamples)]
        if saved.count == metricCount { sums.metrics = saved }
        (lastMetrics, skippedBefore) = (state.metrics, state.skippedSteps ?? 0)
    }
}
