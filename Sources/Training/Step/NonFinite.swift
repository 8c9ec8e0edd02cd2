// NaN and infinity: what was not finite in a step, in words, and what the training loop does about it. That something was
// not, the reducer finds out.

import Autograd
import Collectives
import Datasets
import Streams
import Synchronization

/// What a run does about a loss or a gradient that is NaN or infinite. On one host nothing of such a step is applied.
public enum NonFinitePolicy: String, Sendable, CaseIterable {
    /// It ends on all ranks with an error; the checkpoints are from before. Between hosts, where the loss is finite and
    /// gradients are not clipped by their norm, those parts of the gradients that are finite may be applied by then.
    case stop
    /// It goes on with the next step; the lost one counts as a step all the same. Between hosts no parameter is updated
    /// before all gradients are known, so that less of the exchange overlaps with the backward pass.
    case skip
}

extension TrainingStep {
    /// What was not finite in the last step, which was given `input`: `shard 2: the gradient of dense.kernel is NaN` for
    /// this rank's shards, or without a shard, what this rank has of the sums.
    func findNonFinite(_ input: StepInput) -> [String] {
        let sums = reducer.ownTotals.flatMap { describe($0.buffer, within: $0.range) }
        // Where parts of the step were applied, its shards would not be the same again.
        guard leavesNoTrace else { return sums }
        let found = Mutex<[Int: String]>([:])
        team.run { thread in
            for task in reducer.tasks(ofThread: thread) {
                let loss = compute(task, thread, input, [], isRepeated: true)
                let gradients = reducer.gradients(ofThread: thread, task)
                let what =
                    (loss.isFinite ? [] : ["the loss is \(loss.isNaN ? "NaN" : "infinite")"])
                    + describe(gradients, within: 0..<gradients.count)
                if !what.isEmpty { found.withLock { $0[task.shard] = listed(what) } }
            }
        }
        let shards = found.withLock { $0 }.sorted { $0.key < $1.key }.map { "shard \($0.key): \($0.value)" }
        return shards.isEmpty ? sums : shards
    }

    private func describe(_ buffer: FlatBuffer, within range: Range<Int>) -> [String] {
        reducer.parameters.parameters.compactMap { parameter in
            let what = parameter.role == .trainable ? "gradient" : "batch statistic"
            return buffer.nonFiniteWord(parameter.range.clamped(to: range)).map {
                "the \(what) of \(parameter.path) is \($0)"
            }
        }
    }
}

/// The first few of what was found.
private func listed(_ texts: [String], separator: String = ", ") -> String {
    let more = texts.count > 3 ? "\(separator)and \(texts.count - 2) more" : ""
    return texts.prefix(texts.count > 3 ? 2 : 3).joined(separator: separator) + more
}

extension FlatBuffer {
    /// `NaN` or `infinite`; nil where all of `range` is finite.
    fileprivate func nonFiniteWord(_ range: Range<Int>) -> String? {
        if isFinite(range) { return nil }
        return self[range].contains { $0.isNaN } ? "NaN" : "infinite"
    }
}

extension TrainingLoop {
    /// After a step with a loss or gradient that is not finite: every rank throws, goes on without that step, or ends the
    /// run if `TerminateOnNaN` wants it. Collective.
    ///
    /// - Returns: whether the run ends.
    func judge(_ batch: ArraySlice<Int>, _ denominator: Double, step number: Int) throws -> Bool {
        let own = step.findNonFinite(StepInput(batch, setup.data, number - 1, denominator))
        let texts = try gatherTexts(own.joined(separator: "\n"), world.communicator)
        var found: [String] = []
        for text in texts.flatMap({ $0.split(separator: "\n") }).map(String.init) where !found.contains(text) {
            found.append(text)
        }
        let shards = found.filter { $0.hasPrefix("shard ") }
        let what =
            found.isEmpty
            ? "the sum of the losses is not finite"
            : shards.isEmpty ? listed(found) : listed(shards, separator: "; ")
        let text = "step \(number) (epoch \(cursor.epoch + 1)): \(what)"
        if setup.terminatesOnNaN {
            terminate(text)
            return true
        }
        if options.onNonFinite == .skip {
            if world.rank == 0 { world.tell("warning: \(text); no update is made") }
            return false
        }
        // Whoever catches the error may go on, on any layout.
        if step.leavesNoTrace { try gatherState() }
        let rest =
            step.leavesNoTrace ? "The model has the weights of the step before" : "Other parts of it were applied"
        throw TrainingError(
            "\(text). \(rest), and the earlier checkpoints are kept. Try a smaller `learningRate`, `clipNorm: 1`, or "
                + "`onNonFinite: .skip`", .diverged(step: number))
    }

    private func terminate(_ reason: String) {
        context.stopTraining = true
        context.stopReason = reason + "; training ends here. Try a smaller `learningRate` or `clipNorm: 1`"
    }

    /// Whether all weights are finite. A finite gradient may have moved them out of range. All ranks have the same ones,
    /// and throw alike, unless `TerminateOnNaN` ends the run.
    func weightsAreFinite() throws -> Bool {
        let parameters = step.reducer.parameters
        guard !parameters.values.isFinite(parameters.all) else { return true }
        let spoilt = parameters.parameters.lazy.compactMap { parameter in
            parameters.values.nonFiniteWord(parameter.range).map { "\(parameter.path) is \($0)" }
        }.first
        let text =
            "after step \(step.state.step) (epoch \(cursor.epoch + 1)) the parameter \(spoilt ?? "buffer is spoilt")"
        if setup.terminatesOnNaN {
            terminate(text)
            return false
        }
        throw TrainingError(
            text + ", so no checkpoint is written; the earlier ones are kept. Try a smaller `learningRate` or "
                + "`clipNorm: 1`", .diverged(step: step.state.step))
    }

    /// Steps of the present epoch whose update was skipped, from the samples that did not count.
    var skippedSteps: Int {
        let missing = min(cursor.batchInEpoch * setup.batchSize, setup.data.count) - cursor.sums.samples
        return (missing + setup.batchSize - 1) / setup.batchSize
    }
}
