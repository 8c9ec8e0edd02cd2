// Running statistics: their formula, and that only they change.

import Autograd
import Optimizers
import Testing

@Suite struct StatisticsTests {
    /// A trainable parameter and two statistics, all values 1.
    private func makeBuffer() throws -> ParameterBuffer {
        let parameters = [
            Parameter("mean", initializer: .ones, role: .statistic(momentum: 0.75)),
            Parameter("kernel", initializer: .ones),
            Parameter("variance", initializer: .ones, role: .statistic(momentum: 0.5)),
        ]
        for parameter in parameters { try parameter.declare([5]) }
        return ParameterBuffer(parameters, seed: 0) { FlatBuffer(count: $0) }
    }

    private func makeObservations(_ buffer: ParameterBuffer) -> FlatBuffer {
        let observations = FlatBuffer(count: buffer.count)
        observations[0..<buffer.count].update(repeating: 9)
        return observations
    }

    @Test func statisticsFollowTheObservations() throws {
        let buffer = try makeBuffer()
        buffer.updateStatistics(buffer.all, observations: makeObservations(buffer))
        let values = buffer.parameters.map { Array(buffer.values[$0.range]) }
        #expect(buffer.parameters.map(\.name) == ["kernel", "mean", "variance"])
        // All exact in binary: 0.75 * 1 + 0.25 * 9 and 0.5 * 1 + 0.5 * 9.
        #expect(values == [1, 3, 5].map { Array(repeating: $0, count: 5) })
    }

    @Test func cuttingTheRangeChangesNothing() throws {
        let (untouched, whole) = (try makeBuffer(), try makeBuffer())
        whole.updateStatistics(whole.all, observations: makeObservations(whole))
        for cut in 0...whole.all.upperBound {
            let buffer = try makeBuffer()
            buffer.updateStatistics(0..<cut, observations: makeObservations(buffer))
            let rest = cut..<buffer.count
            #expect(buffer.values[rest].elementsEqual(untouched.values[rest]), "cut at \(cut)")
            buffer.updateStatistics(cut..<buffer.all.upperBound, observations: makeObservations(buffer))
            #expect(buffer.fingerprint == whole.fingerprint, "cut at \(cut)")
        }
    }
}
