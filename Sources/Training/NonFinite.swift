// NaN and infinity: how a shard's are found and named. The training step looks, the training loop decides.

import Autograd
import CKernels
import DataParallel
import Synchronization

/// What a run does about a loss or a gradient that is NaN or infinite.
public enum NonFinitePolicy: String, Sendable, CaseIterable {
    /// It ends on all ranks with an error, and no checkpoint of the spoilt weights is written.
    case stop
    /// No rank applies that step's update; it counts as a step all the same. It costs a reduction of the gradient's
    /// norm per step.
    case skip
}

/// Looks at the shards of one rank.
final class NonFiniteWatch: Sendable {
    private let parameters: ParameterBuffer
    /// The gradients that are looked at in every step: those with one axis, biases and the like. They are few, and sums
    /// over the gradient of their layer's output, so that they tell of all others.
    private let samples: [Range<Int>]
    private let findings = Mutex<[String]>([])

    init(_ parameters: ParameterBuffer) {
        self.parameters = parameters
        samples = parameters.parameters.filter { $0.role == .trainable && $0.shape?.rank == 1 }.map(\.range)
    }

    /// A gradient that is not finite, if it is one of those that are looked at in every step.
    func name(_ parameter: Parameter, _ gradients: FlatBuffer) -> String? {
        parameter.role == .trainable && parameter.shape?.rank == 1 ? describe(parameter, gradients) : nil
    }

    /// All gradients of a shard that are not finite.
    func names(loss: Float, _ gradients: FlatBuffer) -> [String] {
        if loss.isFinite, samples.allSatisfy({ NonFiniteWatch.isFinite(gradients, $0) }) { return [] }
        return parameters.parameters.filter { $0.role == .trainable }.compactMap { describe($0, gradients) }
    }

    private func describe(_ parameter: Parameter, _ gradients: FlatBuffer) -> String? {
        NonFiniteWatch.word(gradients, parameter.range).map { "the gradient of \(parameter.path) is \($0)" }
    }

    /// Whether a shard's loss is finite, and no gradient of it is named; what is not is remembered.
    func isFinite(loss: Float, _ names: [String], shard: Int) -> Bool {
        if loss.isFinite && names.isEmpty { return true }
        let what = (loss.isFinite ? [] : ["the loss is \(loss.isNaN ? "NaN" : "infinite")"]) + names
        let more = what.count > 3 ? ", and of \(what.count - 2) more" : ""
        findings.withLock {
            $0.append("shard \(shard): " + what.prefix(what.count > 3 ? 2 : 3).joined(separator: ", ") + more)
        }
        return false
    }

    /// What was found since the last call.
    func take() -> [String] {
        findings.withLock { found in
            defer { found = [] }
            return found
        }
    }

    /// The first parameter with a value that is not finite, nil where all are.
    static func spoilt(_ parameters: ParameterBuffer) -> String? {
        if isFinite(parameters.values, parameters.all) { return nil }
        return parameters.parameters.lazy.compactMap { parameter in
            word(parameters.values, parameter.range).map { "\(parameter.path) is \($0)" }
        }.first
    }

    private static func isFinite(_ buffer: FlatBuffer, _ range: Range<Int>) -> Bool {
        lk_all_finite(buffer.pointer + range.lowerBound, Int64(range.count)) != 0
    }

    private static func word(_ buffer: FlatBuffer, _ range: Range<Int>) -> String? {
        if isFinite(buffer, range) { return nil }
        return buffer[range].contains { $0.isNaN } ? "NaN" : "infinite"
    }
}

extension TrainingLoop {
    /// After a step with a loss or gradient that is not finite: every rank throws, or goes on without that step.
    /// Collective.
    func judge(_ report: StepReport) throws {
        let texts = try gatherTexts(step.nonFinite.take().joined(separator: "\n"), world.communicator)
        let found = texts.flatMap { $0.split(separator: "\n") }.map(String.init)
        let place = "step \(step.state.step) (epoch \(epoch + 1)): "
        let what = found.isEmpty ? "the gradient's global norm is not finite" : found.joined(separator: "; ")
        if report.isSkipped {
            if world.rank == 0 { world.tell("warning: " + place + "no update, since " + what) }
            return
        }
        if callbacks.contains(where: { $0 is TerminateOnNaN }) { return }
        throw TrainingError(
            place + what + ". The earlier checkpoints are kept. Try a smaller --learning-rate, --clip-norm 1, or "
                + "--on-nan skip")
    }

    /// Refuses to save weights that are not finite. All ranks have the same ones, and throw alike.
    func requireFiniteWeights() throws {
        guard let spoilt = NonFiniteWatch.spoilt(step.reducer.parameters) else { return }
        throw TrainingError(
            "after step \(step.state.step) (epoch \(epoch + 1)) the parameter \(spoilt), so no checkpoint is written; the "
                + "earlier ones are kept. Try a smaller --learning-rate or --clip-norm 1")
    }

    /// Steps of the present epoch whose update was skipped, from the samples that did not count.
    var skippedSteps: Int {
        let missing = min(batchInEpoch * batchSize, data.count) - sums.samples
        return (missing + batchSize - 1) / batchSize
    }
}
