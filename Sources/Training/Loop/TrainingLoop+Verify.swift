// The comparison of replicas while a run goes on: all ranks must have the same weights and be at the same place.

import Autograd
import Collectives
import DataParallel

/// The ranks of a run have come apart, which no correct run does.
package struct ReplicaDivergence: Error, CustomStringConvertible, Sendable {
    package let description: String
}

extension TrainingLoop {
    /// Compares a hash of the weights and the place in the data between ranks; where they differ, every parameter's.
    /// Collective.
    ///
    /// - Throws: `ReplicaDivergence` on every rank, with the ranks and the first parameter that differs.
    func verifyReplicas() throws {
        if world.size == 1 { return }
        let former = status.enter(.waiting)
        defer { status.enter(former) }
        let parameters = step.reducer.parameters
        let weights = parameters.fingerprint
        let own = Digest(
            high: weights.high, low: weights.low, step: step.state.step, epoch: cursor.epoch, batch: cursor.batchInEpoch
        )
        guard Set(try world.communicator.allGather(own)).count > 1 else { return }
        let place = [("step", own.step), ("epoch", own.epoch), ("batches of the epoch", own.batch)]
        let values = parameters.parameters.map {
            (key: $0.path, value: parameters.values.fingerprint($0.range).description)
        }
        let differences = try ReplicaAgreement(place.map { (key: $0.0, value: "\($0.1)") } + values)
            .differences(world.communicator)
        let first = differences.first.map { line in
            differences.filter { $0.prefix { $0 != ":" } == line.prefix { $0 != ":" } }
        }
        let keys = Set(differences.map { $0.prefix { $0 != ":" } }).count
        throw ReplicaDivergence(
            description:
                "the replicas differ after step \(own.step) (epoch \(own.epoch + 1)), which points to a defective "
                + "memory, network or processor, or to a mistake in the program; the checkpoints are from before. The "
                + "first of \(keys) that differ:\n" + (first ?? ["  (padding)"]).joined(separator: "\n"))
    }
}

/// What is compared.
private struct Digest: BitwiseCopyable, Hashable {
    let high: UInt64
    let low: UInt64
    let step: Int
    let epoch: Int
    let batch: Int
}
