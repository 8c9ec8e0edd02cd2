// Samples that are their own targets.

import Autograd
import Datasets
import Tensors
import Testing

@Suite struct InputsAsTargetsTests {
    @Test func targetsAreInputs() throws {
        let base = SyntheticDigits.load(trainCount: 7, testCount: 1).train
        let data = InputsAsTargets(base)
        #expect(data.count == 7 && data.target.shape == [28, 28, 1] && data.target.classCount == nil)
        let batch = try data.batch([5, 0, 3])
        #expect(batch.inputs.scalars == (try base.batch([5, 0, 3])).inputs.scalars)
        #expect(batch.targets.shape == [3, 28, 28, 1] && batch.targets.scalars == batch.inputs.scalars)
        #expect(data.fingerprint != base.fingerprint)
        #expect(
            data.fingerprint != InputsAsTargets(SyntheticDigits.load(trainCount: 6, testCount: 1).train).fingerprint)
    }

    @Test func weightsAndLengthsStay() throws {
        let base = try ArrayDataset(
            inputs: Tensor([1, 2, 3, 4, 5, 6, 7, 8]).reshaped([2, 4]),
            targets: Tensor([1, 0, 0, 1, 0, 0]).reshaped([2, 3]),
            weights: [0.5, 2], lengths: nil)
        let batch = try InputsAsTargets(base).batch([1, 0])
        #expect(batch.weights?.scalars == [2, 0.5])
        #expect(batch.targets.scalars == [5, 6, 7, 8, 1, 2, 3, 4])
        let sequences = try ArrayDataset(inputs: .zeros([2, 4, 1]), targets: .zeros([2]), lengths: [4, 1])
        #expect(InputsAsTargets(sequences).length(of: 1) == 1)
    }
}
